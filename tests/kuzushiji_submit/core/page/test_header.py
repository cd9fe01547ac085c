"""Sizes from headers: the same as decoding gives."""

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.core.page.header import header_size_hw
from kuzushiji_submit.core.page.page_files import PageFile, pages_of_file
from kuzushiji_submit.core.page.read import page_size_hw


def oriented(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_the_size_as_the_page_is_seen(kind, orientation, tmp_path):
    path = tmp_path / "a"
    Image.new("RGB", (30, 20)).save(path, kind, exif=oriented(orientation))
    page = PageFile(path)
    assert header_size_hw(page) == page_size_hw(page)


def test_sizes_of_the_pages_of_a_file(tmp_path):
    path = tmp_path / "a.tif"
    images = [Image.new("L", (30, 20)), Image.new("L", (10, 40))]
    images[0].save(path, save_all=True, append_images=images[1:])
    assert [header_size_hw(page) for page in pages_of_file(path)] == [(20, 30), (40, 10)]


def test_what_only_decoding_tells(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "a.hdr"), np.zeros((4, 6, 3), np.float32))
    (tmp_path / "empty.png").touch()
    for name in ("a.hdr", "empty.png", "none.png"):
        assert header_size_hw(PageFile(tmp_path / name)) is None
