"""Parts of a page keep the page's paper, ink and lines."""

import numpy as np
import pytest

from kuzushiji_submit.core.page.ink import InkReading
from kuzushiji_submit.core.page.lines import Lines
from kuzushiji_submit.core.page.page_parts import Window, cut_paper, cut_reading
from kuzushiji_submit.core.page.prepared import prepare_page
from tests.drawn_pages import DrawnPage

WHOLE = Window(0, 0, 203, 301)


@pytest.mark.parametrize(
    "window",
    [
        Window(0, 0, 0, 8),
        Window(8, 8, 8, 16),
        Window(-8, 0, 8, 8),
        Window(0, 0, 204, 301),
        Window(0, 0, 203, 302),
        Window(4, 0, 203, 301),
        Window(0, 9, 203, 301),
    ],
)
def test_pages_are_not_cut_beyond_their_ends_or_between_pixels_of_their_maps(window: Window) -> None:
    page = prepare_page(DrawnPage.blank(301, 203).image)
    with pytest.raises(ValueError, match="must lie on the page"):
        page.part(window)
    with pytest.raises(ValueError, match="must lie on the page"):
        cut_paper(page.paper, window, (301, 203))


@pytest.mark.parametrize("window", [WHOLE, Window(0, 0, 100, 301), Window(96, 200, 203, 301), Window(8, 16, 9, 17)])
def test_a_part_is_cut_out_of_all_that_a_page_has(window: Window) -> None:
    page = prepare_page(DrawnPage.blank(301, 203).text(size=24).image)
    part = page.part(window)
    assert part.size_hw == (window.bottom - window.top, window.right - window.left)
    assert np.shares_memory(part.pixels, page.pixels)
    assert np.shares_memory(part.ink, page.ink)
    np.testing.assert_array_equal(part.pixels, page.pixels[window.rows, window.columns])
    np.testing.assert_array_equal(part.ink, page.ink[window.rows, window.columns])
    assert part.paper.color.shape == (-(-part.size_hw[0] // 8), -(-part.size_hw[1] // 8), 3)
    assert part.config is page.config


def test_lines_along_a_cut_do_not_bound_a_part() -> None:
    lines = Lines(np.full((75, 50), 255, np.uint8), np.full((75, 50), 255, np.uint8))
    reading = InkReading(np.zeros((301, 203), np.uint8), lines)

    def kept(window: Window) -> tuple[bool, bool]:
        cut = cut_reading(reading, window, (301, 203)).lines
        return bool(cut.vertical.any()), bool(cut.horizontal.any())

    assert kept(WHOLE) == (True, True)
    assert kept(Window(0, 0, 104, 301)) == (False, True)
    assert kept(Window(0, 104, 203, 301)) == (True, False)
    assert kept(Window(8, 8, 16, 16)) == (False, False)


def test_a_page_without_lines_has_parts_without() -> None:
    reading = InkReading(np.zeros((301, 203), np.uint8), None)
    assert cut_reading(reading, Window(0, 0, 104, 301), (301, 203)).lines is None
