"""A page as the network sees it: paper levelled to white, brought to a scale."""

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.page.page_parts import ALIGNMENT, Window
from kuzushiji_submit.core.page.prepared import PreparedPage


def levelled_page(page: PreparedPage, size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    """A page at another size with its paper's color divided out, and white where the scan shows no sheet.

    Args:
        page: the page and its paper.
        size_hw: the wanted height and width.

    Returns:
        uint8 (h, w, 3) RGB; paper and what lies beside the sheet 255 in every channel, ink and seals keep their color.

    Raises:
        ValueError: if the page has no pixels.
    """
    if page.paper is None:
        raise ValueError("a page without pixels has no paper to level")
    size = (max(1, size_hw[1]), max(1, size_hw[0]))
    shrinks = size[0] < page.pixels.shape[1]
    small = cv2.resize(page.pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    color = cv2.resize(page.paper.color, size, interpolation=cv2.INTER_LINEAR)
    levelled = np.asarray(cv2.divide(small, color, scale=255), np.uint8)
    # Levelling would stretch what little there is on the scanner's dark background until it looks like ink.
    levelled[cv2.resize(page.paper.on_page, size, interpolation=cv2.INTER_NEAREST) == 0] = 255
    return levelled


def densest_window(ink: NDArray[np.uint8], side: int) -> Window:
    """The square, cut off where the page ends, with most ink in it.

    Args:
        ink: uint8 (H, W), at least 1 x 1.
        side: of the square in pixels.
    """
    height, width = ink.shape
    blocks = max(1, side // ALIGNMENT)
    small_hw = -(-height // ALIGNMENT), -(-width // ALIGNMENT)
    small = np.asarray(cv2.resize(ink, small_hw[::-1], interpolation=cv2.INTER_AREA), np.float64)
    sums = np.pad(small.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    rows, columns = min(blocks, small_hw[0]), min(blocks, small_hw[1])
    inside = sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns]
    top, left = (int(place) * ALIGNMENT for place in np.unravel_index(inside.argmax(), inside.shape))
    return Window(left, top, min(width, left + columns * ALIGNMENT), min(height, top + rows * ALIGNMENT))


def scaled_hw(page_hw: tuple[int, int], zoom: float) -> tuple[int, int]:
    """Height and width of a page at a zoom, at least 1 pixel each."""
    return max(1, round(page_hw[0] * zoom)), max(1, round(page_hw[1] * zoom))
