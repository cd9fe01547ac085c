"""Page images of every format and depth, whole and damaged."""

import contextlib
import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page import read
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.read import page_size_hw, read_image, read_page

# A step wedge: what is dark stays dark and what is light stays light, whatever the file's depth.
WEDGE = np.tile(np.linspace(0, 255, 40).round().astype(np.uint8), (30, 1))
COLORS = np.stack([WEDGE, 255 - WEDGE, np.full_like(WEDGE, 90)], axis=2)


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 255, (40, 30, 3), dtype=np.uint8)


def assert_gray(page, expected, within=1):
    assert (page.shape, page.dtype) == ((*expected.shape, 3), np.uint8)
    assert np.abs(page.astype(int) - expected.astype(int)[..., None]).max() <= within


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1", "CMYK"])
def test_every_mode_becomes_rgb(tmp_path, photo, mode):
    path = tmp_path / ("page.tiff" if mode == "CMYK" else "page.png")
    Image.fromarray(photo).convert(mode).save(path)
    page = read_page(path)
    assert (page.shape, page.dtype) == ((40, 30, 3), np.uint8)


def test_channels_are_red_green_blue(tmp_path):
    path = tmp_path / "red.png"
    Image.new("RGB", (2, 2), (250, 10, 20)).save(path)
    assert read_page(path)[0, 0].tolist() == [250, 10, 20]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "PPM", "WEBP", "JPEG2000", "SGI", "PCX", "TGA", "QOI", "GIF"])
@pytest.mark.parametrize("name", ["page", "page.jpg", "page.Txt"])
def test_lossless_formats_under_any_name(tmp_path, kind, name):
    if kind == "QOI" and "QOI" not in Image.SAVE:
        pytest.skip("this Pillow does not write QOI")
    image = Image.fromarray(WEDGE if kind == "GIF" else COLORS)
    options = {"WEBP": {"lossless": True}, "JPEG2000": {"irreversible": False}}.get(kind, {})
    image.save(tmp_path / name, kind, **options)
    found = read_image(tmp_path / name)
    assert np.array_equal(found.pixels, np.asarray(image.convert("RGB")))
    assert found.notes == ()


@pytest.mark.parametrize("top", [1023, 4095, 16383, 65535])
@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_gray_of_more_than_eight_bits(tmp_path, top, suffix):
    samples = np.rint(WEDGE / 255.0 * top).astype(np.uint16)
    path = tmp_path / f"page.{suffix}"
    assert cv2.imwrite(str(path), samples)
    found = read_image(path)
    assert_gray(found.pixels, WEDGE)
    assert any("scaled to 8 bits" in note for note in found.notes)


@pytest.mark.parametrize("top", [4095, 65535])
@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("channels", [3, 4])
def test_color_of_sixteen_bits(tmp_path, top, suffix, channels):
    samples = np.rint(COLORS / 255.0 * top).astype(np.uint16)
    if channels == 4:
        samples = np.dstack([samples, np.full(WEDGE.shape, top, np.uint16)])
    path = tmp_path / f"page.{suffix}"
    assert cv2.imwrite(str(path), samples[..., [2, 1, 0, 3][:channels]])
    found = read_image(path)
    assert np.abs(found.pixels.astype(int) - COLORS).max() <= 1
    assert found.notes == ("16-bit samples scaled to 8 bits",)


@pytest.mark.parametrize("samples", [WEDGE / np.float32(255), WEDGE.astype(np.float32) * 257])
def test_floats(tmp_path, samples):
    Image.fromarray(samples.astype(np.float32)).save(tmp_path / "gray.tif")
    found = read_image(tmp_path / "gray.tif")
    assert_gray(found.pixels, WEDGE)
    assert found.notes == ("floating-point samples scaled to 8 bits",)
    color = np.repeat(samples[..., None], 3, axis=2).astype(np.float32)
    assert cv2.imwrite(str(tmp_path / "color.tif"), color)
    assert_gray(read_page(tmp_path / "color.tif"), WEDGE)


def test_radiance(tmp_path):
    assert cv2.imwrite(str(tmp_path / "page.hdr"), np.full((30, 40, 3), 0.5, np.float32))
    assert_gray(read_page(tmp_path / "page.hdr"), np.full((30, 40), 128), within=2)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "packbits", "group4"])
def test_compressions_of_tiff(tmp_path, compression):
    image = Image.fromarray(WEDGE).convert("1") if compression == "group4" else Image.fromarray(WEDGE)
    image.save(tmp_path / "page.tif", compression=compression)
    assert_gray(read_page(tmp_path / "page.tif"), np.asarray(image.convert("L")), within=0)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_white_is_zero(tmp_path, kind):
    samples = 255 - WEDGE if kind == np.uint8 else (65535 - WEDGE.astype(np.uint16) * 257)
    Image.fromarray(255 - samples if kind == np.uint8 else samples).save(tmp_path / "page.tif", tiffinfo={262: 0})
    assert_gray(read_page(tmp_path / "page.tif"), WEDGE)


@pytest.mark.parametrize(("mode", "suffix"), [("RGBA", "png"), ("LA", "png"), ("RGBA", "tif"), ("RGBA", "webp")])
def test_transparency_is_laid_on_white(tmp_path, mode, suffix):
    alpha = np.zeros((10, 10), np.uint8)
    alpha[2:5, 2:5] = 255
    ink = Image.merge("RGBA", [*(Image.new("L", (10, 10), 0),) * 3, Image.fromarray(alpha)])
    ink.convert(mode).save(tmp_path / f"page.{suffix}", **({"lossless": True} if suffix == "webp" else {}))
    found = read_image(tmp_path / f"page.{suffix}")
    assert np.array_equal(found.pixels, np.repeat(255 - alpha[..., None], 3, axis=2))
    assert found.notes == ("transparency laid on white",)


def test_transparent_colors_of_png(tmp_path):
    palette = Image.fromarray((WEDGE > 128).astype(np.uint8), "L").convert("P")
    palette.putpalette([0, 0, 0, 10, 10, 10])
    palette.save(tmp_path / "palette.png", transparency=0)
    assert read_page(tmp_path / "palette.png")[0, [0, -1], 0].tolist() == [255, 10]
    Image.fromarray(WEDGE).save(tmp_path / "gray.png", transparency=0)
    assert read_page(tmp_path / "gray.png")[0, :2, 0].tolist() == [255, WEDGE[0, 1]]


def test_sixteen_bits_of_gray_with_alpha(tmp_path):
    """Of 4,095 for white, which Pillow's own reduction to 8 bits would leave black."""
    samples = np.dstack([np.rint(WEDGE / 255.0 * 4095), np.full(WEDGE.shape, 4095)]).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", WEDGE.shape[1], WEDGE.shape[0], 16, 4, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    content = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    (tmp_path / "page.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    assert_gray(read_page(tmp_path / "page.png"), WEDGE)


def test_color_spaces_become_srgb(tmp_path):
    lab = ImageCms.profileToProfile(
        Image.fromarray(COLORS), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    lab.save(tmp_path / "lab.tif")
    found = read_image(tmp_path / "lab.tif")
    assert np.abs(found.pixels.astype(int) - COLORS).mean() < 8
    assert "CIELAB" in found.notes[0]
    Image.fromarray(COLORS).convert("CMYK").save(tmp_path / "cmyk.tif")
    found = read_image(tmp_path / "cmyk.tif")
    assert np.abs(found.pixels.astype(int) - COLORS).max() <= 2
    assert found.notes == ("CMYK converted to sRGB",)


@pytest.mark.parametrize(
    "profile", [b"", b"no profile", ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()]
)
def test_profiles_that_change_nothing(tmp_path, profile):
    Image.fromarray(COLORS).save(tmp_path / "page.png", icc_profile=profile)
    found = read_image(tmp_path / "page.png")
    assert np.array_equal(found.pixels, COLORS)
    assert found.notes == ()


def test_a_profile_is_applied(tmp_path):
    xyz = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    Image.fromarray(COLORS).save(tmp_path / "wrong.png", icc_profile=xyz)
    assert read_page(tmp_path / "wrong.png").shape == COLORS.shape


def test_exif_orientation_is_applied_and_told(tmp_path, photo):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo).save(path, exif=exif)
    assert page_size_hw(path) == (30, 40)
    assert read_image(path).notes == ("turned as its EXIF orientation 6 says",)


def test_damaged_files_are_named(tmp_path, photo):
    path = tmp_path / "page.jpg"
    Image.fromarray(photo).save(path)
    whole = path.read_bytes()
    for content, message in (
        (b"", "not an image"),
        (b"text", "not an image"),
        (whole[: len(whole) // 2], "cannot be decoded"),
        (whole[:4], "not an image"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "a Git LFS pointer .*: run `git lfs pull`",
        ),
    ):
        path.write_bytes(content)
        with pytest.raises(PageReadError, match=message) as caught:
            read_page(path)
        assert str(path) in str(caught.value)
    with pytest.raises(PageReadError, match="no such file"):
        read_page(tmp_path / "none.jpg")
    with pytest.raises(PageReadError, match="cannot be decoded"):
        read_page(tmp_path)
    Image.fromarray(photo).save(tmp_path / "page.tif")
    with pytest.raises(PageReadError, match="page 8"):
        read_page(PageFile(tmp_path / "page.tif", 7, 8))


def test_gigantic_pages_are_refused_before_they_are_decoded(tmp_path, photo, monkeypatch):
    monkeypatch.setattr(read, "MAX_PIXELS", 1000)
    Image.fromarray(photo).save(tmp_path / "page.png")
    with pytest.raises(PageReadError, match=r"page.png: 30 x 40 pixels"):
        read_page(tmp_path / "page.png")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), r"page.png: 30 x 40 pixels \(0.0 GB\) do not fit the memory: scale the image down"),
        (struct.error("odd"), "cannot be decoded .odd"),
        (RecursionError("deep"), "cannot be decoded .deep"),
        (Image.DecompressionBombError("bomb"), "page.png: far too many pixels: scale it below 150000000"),
        (ZeroDivisionError(), "cannot be decoded .ZeroDivisionError"),
        (AttributeError("none"), "cannot be decoded .none"),
    ],
)
def test_whatever_a_decoder_raises_is_one_named_error(tmp_path, photo, monkeypatch, error, message):
    Image.fromarray(photo).save(tmp_path / "page.png")

    def fail(_):
        raise error

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(PageReadError, match=message):
        read_page(tmp_path / "page.png")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "PPM"]),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.floats(0.05, 1),
)
def test_damaged_bytes_give_a_page_or_the_named_error(tmp_path_factory, kind, changes, cut):
    path = tmp_path_factory.getbasetemp() / "damaged"
    Image.fromarray(COLORS).convert("P" if kind == "GIF" else "RGB").save(path, kind)
    content = bytearray(path.read_bytes())
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    path.write_bytes(content[: int(len(content) * cut)])
    with contextlib.suppress(PageReadError):
        assert read_page(path).ndim == 3


def test_pixels_are_held_once_beside_the_decoders_own(tmp_path):
    Image.new("RGB", (2000, 3000), "white").save(tmp_path / "a.png")
    read_page(tmp_path / "a.png")  # loads what is loaded once
    tracemalloc.start()
    try:
        pixels = read_page(tmp_path / "a.png")
        assert tracemalloc.get_traced_memory()[1] < 1.5 * pixels.nbytes
    finally:
        tracemalloc.stop()
