"""JPEG files with nothing special about them: the pixels that Pillow gives, or none."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from kuzushiji_submit.core.page.plain_jpeg import read_plain_jpeg
from kuzushiji_submit.core.page.read import MAX_PIXELS

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def photo(height: int, width: int, seed: int = 0) -> Image.Image:
    """Smooth colors with noise on them, as pages have."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (4, 3, 3), dtype=np.uint8)).resize((width, height))
    noise = random.integers(-20, 20, (height, width, 3))
    return Image.fromarray((np.asarray(coarse).astype(int) + noise).clip(0, 255).astype(np.uint8))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    quality=st.integers(1, 100),
    subsampling=st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]),
    progressive=st.booleans(),
    seed=st.integers(0, 99),
)
def test_to_the_bit_what_pillow_gives(tmp_path_factory, height, width, quality, subsampling, progressive, seed):
    path = tmp_path_factory.getbasetemp() / "plain.jpg"
    photo(height, width, seed).save(path, quality=quality, subsampling=subsampling, progressive=progressive)
    with Image.open(path) as image:
        expected = np.asarray(image)
    read = read_plain_jpeg(path, MAX_PIXELS)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, expected)


def exif(orientation: int) -> Image.Exif:
    """EXIF data with nothing but an orientation."""
    data = Image.Exif()
    data[0x0112] = orientation
    return data


@pytest.mark.parametrize(
    ("kind", "mode", "options", "plain"),
    [
        ("JPEG", "RGB", {}, True),
        ("JPEG", "RGB", {"exif": exif(1)}, True),
        ("JPEG", "RGB", {"exif": exif(6)}, False),
        ("JPEG", "RGB", {"icc_profile": SRGB}, False),
        ("JPEG", "RGB", {"comment": "written by a scanner"}, True),
        ("JPEG", "L", {}, False),
        ("JPEG", "CMYK", {}, False),
        ("PNG", "RGB", {}, False),
        ("TIFF", "RGB", {"compression": "jpeg"}, False),
        ("MPO", "RGB", {"save_all": True, "append_images": [photo(9, 9, 1)]}, False),
    ],
)
def test_what_has_more_to_it_is_left_to_pillow(tmp_path, kind, mode, options, plain):
    path = tmp_path / "page"
    photo(40, 30).convert(mode).save(path, kind, **options)
    assert (read_plain_jpeg(path, MAX_PIXELS) is not None) is plain


def encoded() -> bytes:
    """A whole file."""
    stream = io.BytesIO()
    photo(64, 48).save(stream, "JPEG")
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", encoded()[:-2], encoded()[: len(encoded()) // 2], encoded() + b"\0" * 7],
    ids=["empty", "one byte", "without its end", "half of it", "more behind its end"],
)
def test_what_may_be_damaged_is_left_to_pillow(tmp_path, content):
    path = tmp_path / "page.jpg"
    path.write_bytes(content)
    assert read_plain_jpeg(path, MAX_PIXELS) is None


def test_what_is_too_large_is_left_to_pillow(tmp_path):
    photo(40, 30).save(tmp_path / "page.jpg")
    assert read_plain_jpeg(tmp_path / "page.jpg", 1200) is not None
    assert read_plain_jpeg(tmp_path / "page.jpg", 1199) is None


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_plain_jpeg(tmp_path / "none.jpg", MAX_PIXELS)
