"""Page images, whole and damaged."""

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page import read
from kuzushiji_submit.core.page.read import page_size_hw, read_page


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 255, (40, 30, 3), dtype=np.uint8)


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


def test_exif_orientation_is_applied(tmp_path, photo):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo).save(path, exif=exif)
    assert page_size_hw(path) == (30, 40)


def test_damaged_files_are_named(tmp_path, photo):
    path = tmp_path / "page.jpg"
    Image.fromarray(photo).save(path)
    whole = path.read_bytes()
    for content, message in (
        (b"", "not an image"),
        (b"text", "not an image"),
        (whole[: len(whole) // 2], "cannot be decoded"),
        (whole[:4], "not an image"),
    ):
        path.write_bytes(content)
        with pytest.raises(PageReadError, match=message) as caught:
            read_page(path)
        assert str(path) in str(caught.value)
    with pytest.raises(PageReadError, match="no such file"):
        read_page(tmp_path / "none.jpg")
    with pytest.raises(PageReadError, match="cannot be decoded"):
        read_page(tmp_path)


def test_gigantic_pages_are_refused_before_they_are_decoded(tmp_path, photo, monkeypatch):
    monkeypatch.setattr(read, "MAX_PIXELS", 1000)
    Image.fromarray(photo).save(tmp_path / "page.png")
    with pytest.raises(PageReadError, match="30 x 40 pixels"):
        read_page(tmp_path / "page.png")
