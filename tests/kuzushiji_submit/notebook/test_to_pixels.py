"""Whatever a notebook has of a page."""

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.notebook.to_pixels import to_image

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (6, 4, 3), np.uint8)
TURNED = 6  # EXIF: turn by 90 degrees to see it upright


def test_paths_are_read_and_named(tmp_path):
    path = tmp_path / "b_1.png"
    Image.fromarray(RGB).save(path)
    for given in (path, str(path)):
        name, page = to_image(given)
        assert name == "b_1.png"
        assert np.array_equal(page.pixels, RGB)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (RGB, RGB),
        (np.dstack([RGB, np.full((6, 4, 1), 255, np.uint8)]), RGB),
        (np.dstack([RGB, np.zeros((6, 4, 1), np.uint8)]), np.full_like(RGB, 255)),
        (RGB[:, :, 0], np.repeat(RGB[:, :, :1], 3, axis=2)),
        (RGB[::-1], RGB[::-1]),
    ],
    ids=["rgb", "rgba", "transparent", "gray", "view"],
)
def test_arrays_become_rgb(array, expected):
    name, page = to_image(array)
    assert name == "page.png"
    assert np.array_equal(page.pixels, expected)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "1", "P"])
def test_images_of_any_mode_become_rgb(mode):
    name, page = to_image(Image.fromarray(RGB).convert(mode))
    assert (name, page.pixels.shape, page.pixels.dtype) == ("page.png", (6, 4, 3), np.uint8)


def test_an_image_is_turned_upright_as_its_file_would_be(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = TURNED
    path = tmp_path / "turned.png"
    Image.fromarray(RGB).save(path, exif=exif)
    with Image.open(path) as image:
        name, page = to_image(image)
    assert name == "turned.png"
    assert np.array_equal(page.pixels, np.rot90(RGB, -1))
    assert np.array_equal(page.pixels, to_image(path)[1].pixels)


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("deep", [False, True])
def test_an_image_is_what_its_file_would_be(tmp_path, *, transparent, deep):
    path = tmp_path / "page.png"
    if deep:
        Image.fromarray(RGB[:, :, 0].astype(np.uint16) * 200).save(path, **({"transparency": 0} if transparent else {}))
    else:
        Image.fromarray(np.dstack([RGB, RGB[:, :, :1]]) if transparent else RGB).save(path)
    with Image.open(path) as image:
        page = to_image(image)[1]
    assert np.array_equal(page.pixels, to_image(path)[1].pixels)
    assert page.notes == to_image(path)[1].notes


def test_an_image_stays_as_it_was():
    image = Image.fromarray(RGB)
    image.getexif()[0x0112] = TURNED
    to_image(image)
    assert image.getexif()[0x0112] == TURNED
    assert image.size == (4, 6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "NoneType is no page"),
        ([[0]], "list is no page"),
        (RGB.astype(np.float32) / 255, "an array of float32 is no page: give uint8"),
        (RGB[:, :, :2], r"shape \(6, 4, 2\) is no page"),
        (np.zeros((0, 4, 3), np.uint8), r"shape \(0, 4, 3\) is no page"),
        (np.zeros(4, np.uint8), r"shape \(4,\) is no page"),
        ("gone.jpg", "no such file"),
    ],
)
def test_what_is_no_page_is_named(given, message):
    with pytest.raises(PageReadError, match=message):
        to_image(given)


def test_a_truncated_image_is_named(tmp_path):
    path = tmp_path / "cut.jpg"
    Image.fromarray(RNG.integers(0, 256, (90, 90, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with Image.open(path) as image, pytest.raises(PageReadError, match=r"cut\.jpg: cannot be decoded"):
        to_image(image)
