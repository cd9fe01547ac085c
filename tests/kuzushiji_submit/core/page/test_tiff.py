"""The directories of TIFF files, whole and damaged."""

import pytest
from PIL import Image

from kuzushiji_submit.core.page.tiff import TiffImage, tiff_images, without_orientation


@pytest.mark.parametrize(
    "content", [b"", b"II", b"II*\0", b"II*\0\x08\0\0\0", b"MM\0*\0\0\xff\xff", b"II+\0\x08\0\0\0"]
)
def test_nothing_can_be_read(tmp_path, content):
    (tmp_path / "page.tif").write_bytes(content)
    assert not [image for image in tiff_images(tmp_path / "page.tif") if image.orientation_at]


def test_no_file(tmp_path):
    assert tiff_images(tmp_path / "none.tif") == []


@pytest.mark.parametrize("big", [False, True])
def test_tags(tmp_path, big):
    path = tmp_path / "page.tif"
    Image.new("I;16", (20, 10), 3000).save(path, tiffinfo={274: 6, 281: 4000, 254: 0}, big_tiff=big)
    (found,) = tiff_images(path)
    place = found.orientation_at
    assert found == TiffImage(0, photometric=1, bits=16, maximum=4000.0, orientation=6, orientation_at=place)
    content = path.read_bytes()
    assert content[place : place + 2] == b"\6\0"
    upright = without_orientation(path, found)
    assert upright == content[:place] + b"\1\0" + content[place + 2 :]


@pytest.mark.parametrize(("kind", "is_page"), [(0, True), (1, False), (2, True), (3, False), (4, False)])
def test_previews_and_masks(tmp_path, kind, is_page):
    path = tmp_path / "page.tif"
    Image.new("L", (20, 10)).save(path, tiffinfo={254: kind})
    assert [image.is_page for image in tiff_images(path)] == [is_page]


def test_missing_tags(tmp_path):
    Image.new("L", (20, 10)).save(tmp_path / "page.tif")
    (found,) = tiff_images(tmp_path / "page.tif")
    assert (found.maximum, found.orientation, found.orientation_at) == (None, 1, 0)
