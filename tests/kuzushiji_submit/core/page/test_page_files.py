"""The pages in a file, and their ids."""

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.core.page.page_files import PageFile, pages_of_file
from kuzushiji_submit.core.page.read import read_page


def save(path, level=255, **options):
    Image.new("L", (20, 10), level).save(path, **options)
    return path


def save_tiff(path, levels, kinds=()):
    """A TIFF file of several images, of which some are previews (NewSubfileType 1)."""
    images = [Image.new("L", (20, 10), level) for level in levels]
    for image, kind in zip(images, kinds, strict=False):
        image.encoderinfo = {"tiffinfo": {254: kind}}
    images[0].save(path, save_all=True, append_images=images[1:], **getattr(images[0], "encoderinfo", {}))


def test_pages_of_a_tiff_file(tmp_path):
    path = tmp_path / "book.tif"
    save_tiff(path, [50, 100, 150])
    pages = pages_of_file(path)
    assert [page.image_id for page in pages] == ["book_p0001", "book_p0002", "book_p0003"]
    assert [int(read_page(page)[0, 0, 0]) for page in pages] == [50, 100, 150]
    assert str(pages[1]) == f"{path}, page 2"
    save_tiff(tmp_path / "single.tif", [70])
    assert pages_of_file(tmp_path / "single.tif") == [PageFile(tmp_path / "single.tif")]


def test_previews_are_no_pages(tmp_path):
    from PIL import TiffImagePlugin

    path = tmp_path / "scan.tif"
    with TiffImagePlugin.AppendingTiffWriter(str(path), new=True) as stream:
        for level, kind in ((90, 1), (120, 0), (200, 1), (180, 2)):
            Image.new("L", (20, 10), level).save(stream, "TIFF", tiffinfo={254: kind})
            stream.newFrame()
    pages = pages_of_file(path)
    assert [(page.frame, page.number) for page in pages] == [(1, 1), (3, 2)]
    assert [int(read_page(page)[0, 0, 0]) for page in pages] == [120, 180]


@pytest.mark.parametrize("cut", [0, 1, 3, 5, 8, 20])
def test_a_damaged_tiff_file_is_one_page(tmp_path, cut):
    save_tiff(tmp_path / "whole.tif", [50, 100])
    path = tmp_path / "cut.tif"
    path.write_bytes((tmp_path / "whole.tif").read_bytes()[:cut])
    assert pages_of_file(path) == [PageFile(path)]


def test_a_chain_that_goes_round_ends(tmp_path):
    path = tmp_path / "round.tif"
    save_tiff(path, [50])
    data = bytearray(path.read_bytes())
    start = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[start : start + 2], "little")
    end = start + 2 + 12 * count
    data[end : end + 4] = data[4:8]
    path.write_bytes(data)
    assert len(pages_of_file(path)) == 1
    assert np.unique(read_page(path)).tolist() == [50]
