"""Samples as OpenCV reads them."""

import cv2
import numpy as np
import pytest

from kuzushiji_submit.core.page.deep import read_deep
from kuzushiji_submit.core.page.tiff import TiffImage, tiff_images

GRAY = np.tile(np.linspace(0, 65535, 16).astype(np.uint16), (8, 1))


@pytest.mark.parametrize("content", [b"", b"text", b"II*\0", b"#?RADIANCE\n"])
def test_what_is_no_image_gives_nothing(content):
    assert read_deep(content, None, []) is None


def test_content_and_file_are_the_same(tmp_path):
    path = tmp_path / "page.tif"
    assert cv2.imwrite(str(path), GRAY)
    notes = []
    found = read_deep(path, tiff_images(path)[0], notes)
    assert np.array_equal(found, read_deep(path.read_bytes(), tiff_images(path)[0], []))
    assert np.abs(found[..., 0].astype(int) - np.rint(GRAY / 257)).max() <= 1
    assert notes == ["16-bit samples scaled to 8 bits"]


def test_white_is_zero(tmp_path):
    assert cv2.imwrite(str(tmp_path / "page.tif"), GRAY)
    found = read_deep(tmp_path / "page.tif", TiffImage(0, photometric=0, bits=16), [])
    assert found[0, [0, -1], 0].tolist() == [255, 0]


def test_a_later_image_of_a_file(tmp_path):
    path = tmp_path / "pages.tif"
    assert cv2.imwritemulti(str(path), [GRAY, 65535 - GRAY])
    assert read_deep(path, TiffImage(1, bits=16), [])[0, [0, -1], 0].tolist() == [255, 0]
    assert read_deep(path, TiffImage(5, bits=16), []) is None


def test_transparent_color(tmp_path):
    samples = np.dstack([GRAY, GRAY, GRAY, np.where(GRAY < 30000, 0, 65535).astype(np.uint16)])
    assert cv2.imwrite(str(tmp_path / "page.png"), samples)
    notes = []
    found = read_deep(tmp_path / "page.png", None, notes)
    assert found[0, 0].tolist() == [255, 255, 255]
    assert notes[-1] == "transparency laid on white"
