"""Scans of open books as two pages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.scan_placement import ScanPlacement
from kuzushiji_submit.core.page.spreads import find_gutter, is_spread, read_leaf, split_spread, with_halves


def draw(columns, *, size=(600, 400), fold=None):
    """A scan with columns of blots at these x, and a fold's line."""
    width, height = size
    pixels = np.full((height, width, 3), 225, np.uint8)
    for x in columns:
        for y in range(40, height - 60, 24):
            pixels[y : y + 16, x : x + 14] = 30
    if fold is not None:
        pixels[:, fold - 1 : fold + 1] = 90
    return pixels


@pytest.mark.parametrize(
    ("size_hw", "wanted"),
    [
        ((0, 0), False),
        ((1, 1), False),
        ((100, 70), False),
        ((100, 110), False),
        ((100, 140), True),
        ((100, 201), False),
    ],
)
def test_spreads_are_told_by_their_shape(size_hw, wanted):
    assert is_spread(size_hw) == wanted


@pytest.mark.parametrize("fold", [None, 280])
@pytest.mark.parametrize("shift", [-30, 0, 30])
def test_the_gutter_lies_in_the_gap(shift, fold):
    right = [x + shift for x in (330, 370, 410, 450)]
    left = [x + shift for x in (60, 100, 140, 180, 216)]
    pixels = draw([*left, *right], fold=fold and fold + shift)
    assert left[-1] + 14 <= find_gutter(pixels) <= right[0]


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 3))
def test_any_picture_has_a_gutter_within(height, width, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    assert 0 <= find_gutter(pixels) <= width
    if width > 1:
        assert 0 < find_gutter(pixels) < width


def test_halves_of_a_scan(tmp_path):
    pixels = draw([60, 100, 330, 370])
    Image.fromarray(pixels).save(tmp_path / "001.png")
    Image.fromarray(pixels[:, :200]).save(tmp_path / "002.png")
    assert split_spread(PageFile(tmp_path / "002.png")) == (PageFile(tmp_path / "002.png"),)
    right, left = split_spread(PageFile(tmp_path / "001.png", folder="vol1"))
    assert [right.image_id, left.image_id] == ["vol1/001_1r", "vol1/001_2l"]
    images = [read_leaf(right), read_leaf(left)]
    gutter = images[1].pixels.shape[1]
    np.testing.assert_array_equal(np.hstack([images[1].pixels, images[0].pixels]), pixels)
    assert [image.placement for image in images] == [
        ScanPlacement(gutter, 0, (400, 600)),
        ScanPlacement(0, 0, (400, 600)),
    ]
    assert read_leaf(PageFile(tmp_path / "001.png")).placement is None


def test_places_on_the_scan():
    placement = ScanPlacement(100, 7, (400, 600))
    assert placement.on_scan(np.array([[1, 2]], np.float32)).tolist() == [[101, 9]]
    assert placement.on_scan(np.array([[1, 2, 3, 4]], np.float32)).tolist() == [[101, 9, 103, 11]]
    assert placement.on_scan(np.zeros((0, 4), np.float32)).shape == (0, 4)


def test_ids_of_halves_find_their_scan(tmp_path):
    files = {name: PageFile(tmp_path / f"{name}.png") for name in ("a", "b_1r")}
    found = with_halves(files, ["a_1r", "a_2l", "b_1r", "c_1r", "a_3x", "1r", ""])
    assert set(found) == {"a", "b_1r", "a_1r", "a_2l"}
    assert (found["a_2l"].half, found["b_1r"].half) == ("2l", "")
