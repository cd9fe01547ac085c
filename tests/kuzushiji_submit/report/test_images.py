"""The report's JPEG files."""

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.report.images import CROP_HW, LONG_SCAN, SCAN_HW, THUMBNAIL_HW, write_crop, write_scan


def page(height, width):
    return np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("size_hw", "shown_hw"),
    [((300, 200), (300, 200)), ((3200, 1700), (1600, 850)), ((3200, 6400), (1600, 3200)), ((1, 1), (1, 1))],
)
def test_a_scan_is_scaled_down_and_never_up(size_hw, shown_hw, tmp_path):
    write_scan(page(*size_hw), tmp_path / "scan.jpg", tmp_path / "thumbnail.jpg")
    with Image.open(tmp_path / "scan.jpg") as scan, Image.open(tmp_path / "thumbnail.jpg") as thumbnail:
        assert (scan.height, scan.width) == shown_hw
        assert scan.format == "JPEG"
        assert thumbnail.height <= THUMBNAIL_HW[0]
        assert thumbnail.width <= THUMBNAIL_HW[1]
    assert shown_hw[0] <= SCAN_HW[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scan.jpg", "thumbnail.jpg"]


@pytest.mark.parametrize(
    ("size_hw", "shown_hw"),
    [
        ((100, 6400), (100, 6400)),
        ((1500, 6000), (1100, 4400)),
        ((6000, 1500), (4400, 1100)),
        ((300, 60_000), (100, LONG_SCAN)),
        ((60_000, 3), (LONG_SCAN, 1)),
        ((1, 70_000), (1, LONG_SCAN)),
    ],
)
def test_a_scan_of_many_leaves_stays_legible_and_bounded(size_hw, shown_hw, tmp_path):
    write_scan(page(*size_hw), tmp_path / "scan.jpg", tmp_path / "thumbnail.jpg")
    with Image.open(tmp_path / "scan.jpg") as scan, Image.open(tmp_path / "thumbnail.jpg") as thumbnail:
        assert (scan.height, scan.width) == shown_hw
        assert thumbnail.height <= THUMBNAIL_HW[0]
        assert thumbnail.width <= THUMBNAIL_HW[1]


@pytest.mark.parametrize(
    ("box", "written"),
    [
        ((10, 10, 60, 60), True),
        ((-50, -50, 30, 30), True),
        ((0, 0, 500, 500), True),
        ((20, 20, 20, 60), True),
        ((500, 500, 540, 540), False),
        ((20, 20, 20, 20), False),
        ((-100, 20, -1, 60), False),
        ((20, -100, 60, -1), False),
        ((101, 20, 140, 60), False),
        ((20, 201, 60, 240), False),
        ((-1e30, -1e30, -1e29, -1e29), False),
    ],
    ids=[
        "inside",
        "over the corner",
        "larger",
        "thin",
        "off the page",
        "a point",
        "left",
        "above",
        "right",
        "below",
        "far away",
    ],
)
def test_crops(box, written, tmp_path):
    path = tmp_path / "crop.jpg"
    assert write_crop(page(200, 100), box, path) is written
    assert path.exists() is written
    if written:
        with Image.open(path) as crop:
            assert crop.height <= CROP_HW[0]
            assert crop.width <= CROP_HW[1]


def test_a_crop_shows_the_box_and_a_margin(tmp_path):
    pixels = np.full((200, 100, 3), 255, np.uint8)
    pixels[50:90, 30:70] = 0
    write_crop(pixels, (30, 50, 70, 90), tmp_path / "crop.jpg")
    with Image.open(tmp_path / "crop.jpg") as crop:
        gray = np.asarray(crop.convert("L"))
    assert gray.shape == (49, 49) or gray.shape == (48, 48) or gray.shape == (50, 50)
    assert gray[24, 24] < 40
    assert gray[1, 1] > 215


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(OutputError, match="gone"):
        write_crop(page(50, 50), (0, 0, 20, 20), tmp_path / "gone" / "crop.jpg")
