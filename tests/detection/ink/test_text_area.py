import cv2
import numpy as np
import pytest

from detection.ink.text_area import TextAreaConfig, text_area
from kuzushiji_submit.core.page.lines import LineConfig, Lines, find_lines


def lines(height: int = 300, width: int = 200) -> Lines:
    return Lines(np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8))


def page_of_text() -> np.ndarray:
    ink = np.zeros((300, 200), np.uint8)
    ink[60:250, 50:150] = 100
    return ink


def test_without_lines_the_whole_page_is_text() -> None:
    assert text_area(page_of_text(), lines(), TextAreaConfig()) == (0, 0, 200, 300)
    assert text_area(np.zeros((1, 1), np.uint8), lines(1, 1), TextAreaConfig()) == (0, 0, 1, 1)


def test_the_frame_bounds_the_text() -> None:
    found = lines()
    found.vertical[40:260, [30, 170]] = 255
    found.horizontal[[40, 260], 30:170] = 255
    assert text_area(page_of_text(), found, TextAreaConfig()) == (30, 40, 171, 261)


def test_a_line_with_much_ink_on_both_sides_bounds_nothing() -> None:
    found = lines()
    found.vertical[40:260, 100] = 255
    assert text_area(page_of_text(), found, TextAreaConfig()) == (0, 0, 200, 300)


def test_a_short_line_bounds_nothing() -> None:
    found = lines()
    found.vertical[40:100, 30] = 255
    assert text_area(page_of_text(), found, TextAreaConfig())[0] == 0


def test_the_inner_of_two_lines_near_the_edge_counts() -> None:
    ink = page_of_text()
    ink[200:220, 20:24] = 100
    found = lines()
    found.vertical[40:260, [10, 30]] = 255
    assert text_area(ink, found, TextAreaConfig())[0] == 30


@pytest.mark.parametrize("slant", [-6, 0, 6])
def test_lines_are_found_straight_or_slanted_and_text_is_none(slant: int) -> None:
    ink = np.zeros((1200, 900), np.uint8)
    for x in (300, 420, 540):
        for y in range(200, 900, 70):
            cv2.rectangle(ink, (x, y), (x + 50, y + 50), 255, 8)
            cv2.line(ink, (x + 25, y + 50), (x + 25, y + 70), 255, 8)
    cv2.line(ink, (100, 100), (100 + slant, 1000), 255, 6)
    cv2.line(ink, (100, 100), (800, 100 + slant), 255, 6)
    found = find_lines(ink, LineConfig())
    mask = found.mask((1200, 900))
    assert mask.shape == ink.shape
    on_line = ink.copy()
    on_line[150:, 200:] = 0
    assert (mask[(on_line > 0)] > 0).mean() > 0.95
    assert not mask[180:, 290:600].any()


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3)])
def test_tiny_maps_have_no_lines(shape: tuple[int, int]) -> None:
    found = find_lines(np.zeros(shape, np.uint8), LineConfig())
    assert not found.mask(shape).any()
