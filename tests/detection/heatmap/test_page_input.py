import numpy as np
import pytest

from detection.heatmap.page_input import densest_window, levelled_page, scaled_hw
from kuzushiji_submit.core.page.page_parts import Window
from kuzushiji_submit.core.page.prepared import prepare_page
from tests.drawn_pages import DrawnPage


@pytest.mark.parametrize(
    ("page_hw", "zoom", "expected"),
    [((0, 0), 2.0, (1, 1)), ((1, 1), 0.1, (1, 1)), ((100, 7), 0.05, (5, 1)), ((300, 200), 1.5, (450, 300))],
)
def test_scaled_sizes_are_at_least_a_pixel(page_hw: tuple[int, int], zoom: float, expected: tuple[int, int]) -> None:
    assert scaled_hw(page_hw, zoom) == expected


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 4, 3)])
def test_a_page_without_pixels_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="without pixels"):
        levelled_page(prepare_page(np.zeros(shape, np.uint8)), (4, 4))


@pytest.mark.parametrize("size_hw", [(0, 0), (1, 1), (3, 500), (90, 60), (180, 120), (400, 260)])
def test_any_size_can_be_asked_for(size_hw: tuple[int, int]) -> None:
    image = levelled_page(prepare_page(DrawnPage.blank(180, 120).image), size_hw)
    assert image.shape == (max(1, size_hw[0]), max(1, size_hw[1]), 3)
    assert image.dtype == np.uint8
    assert image.min() > 225


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 1, 3)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_thin_pages(shape: tuple[int, int, int], value: int) -> None:
    image = levelled_page(prepare_page(np.full(shape, value, np.uint8)), (20, 10))
    assert image.shape == (20, 10, 3)
    assert (image == 255).all()  # a page of less than a block of pixels is all rim


def test_what_lies_beside_the_sheet_is_white() -> None:
    scan = np.full((700, 600, 3), 25, np.uint8)
    scan += np.random.default_rng(0).integers(0, 12, scan.shape).astype(np.uint8)
    page = DrawnPage.blank(500, 400)
    page.column(100, 80, 60, 4)
    scan[100:600, 100:500] = page.image
    image = levelled_page(prepare_page(scan), (350, 300))
    assert (image[:45] == 255).all()
    assert (image[:, :45] == 255).all()
    assert image[90:130, 100:130].min() < 80


def test_paper_is_white_ink_dark_and_seals_red() -> None:
    page = DrawnPage.blank(600, 450)
    page.column(100, 100, 60, 5)
    page.seal(250, 200, 20)
    image = levelled_page(prepare_page(page.image), (600, 450))
    assert np.median(image) > 250
    left, top, right, bottom = (int(side) for side in page.truth[0])
    assert image[top:bottom, left:right].min() < 70
    red, green, blue = image[210, 260].astype(int)
    assert red > green + 60
    assert red > blue + 60


def test_a_shadow_over_the_paper_is_divided_out() -> None:
    page = DrawnPage.blank(600, 450).image
    shade = np.linspace(1.0, 0.4, 450)[None, :, None]
    shaded = (page * shade).astype(np.uint8)
    plain, levelled = levelled_page(prepare_page(page), (150, 112)), levelled_page(prepare_page(shaded), (150, 112))
    assert np.abs(plain.astype(int) - levelled).mean() < 5


@pytest.mark.parametrize(
    ("hw", "side", "window"),
    [
        ((1, 1), 8, Window(0, 0, 1, 1)),
        ((1, 300), 40, Window(0, 0, 40, 1)),
        ((100, 90), 1000, Window(0, 0, 90, 100)),
        ((100, 90), 1, Window(0, 0, 8, 8)),
    ],
)
def test_the_densest_window_lies_on_the_page(hw: tuple[int, int], side: int, window: Window) -> None:
    assert densest_window(np.zeros(hw, np.uint8), side) == window


def test_the_densest_window_holds_most_ink() -> None:
    ink = np.zeros((400, 600), np.uint8)
    ink[8:24, 8:24] = 255
    ink[200:260, 400:480] = 255
    window = densest_window(ink, 80)
    assert (window.right - window.left, window.bottom - window.top) == (80, 80)
    assert ink[window.rows, window.columns].sum() == 60 * 80 * 255
