"""Red seals: known by their color, taken out of the darkness without the ink under them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.page.leaves import bounded_side

_RED_LEVEL = 40
_CLOSING = 1 / 160
_BLOCK = 8
_RED_SHARE = 0.1


def separate_red(levelled: NDArray[np.uint8], red_suppression: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """How dark each pixel is in its brightest channel, less what redness explains, and its redness.

    Black ink darkens all three channels alike, so its brightest channel is as dark as the others. Vermilion leaves red
    nearly untouched and takes green and blue away; bluish show-through leaves blue. The brightest channel is therefore
    dark under ink alone. What a brownish seal still darkens in red is about as much as red exceeds green, and is
    subtracted; ink under a seal keeps the rest.

    Args:
        levelled: uint8 (H, W, 3) RGB, paper at 255 in every channel.
        red_suppression: how much of the excess of red over green to subtract.

    Returns:
        Darkness and redness, uint8 (H, W) each, paper 0.
    """
    red, green, blue = cv2.split(levelled)
    brightest = cv2.max(cv2.max(red, green), blue)
    redness = np.asarray(cv2.subtract(red, green), np.uint8)
    suppressed = redness if red_suppression == 1.0 else cv2.convertScaleAbs(redness, alpha=red_suppression)
    return np.asarray(cv2.subtract(cv2.bitwise_not(brightest), suppressed), np.uint8), redness


def carry_on_under_seals(darkness: NDArray[np.uint8], redness: NDArray[np.uint8]) -> None:
    """Carry on, in place, strokes that reach an opaque seal from both sides, where there is much red.

    Args:
        darkness: uint8 (H, W), changed.
        redness: uint8 (H, W).
    """
    red = np.asarray(cv2.threshold(redness, _RED_LEVEL, 255, cv2.THRESH_BINARY)[1], np.uint8)
    reach = round(bounded_side(darkness.shape) * _CLOSING) | 1
    for left, top, width, height in _red_rectangles(red, reach):
        area = (slice(max(0, top - reach), top + height + reach), slice(max(0, left - reach), left + width + reach))
        closed = cv2.morphologyEx(darkness[area], cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
        hidden = cv2.bitwise_and(closed, red[area])
        np.maximum(darkness[area], np.asarray(hidden, np.uint8), out=darkness[area])


def _red_rectangles(red: NDArray[np.uint8], reach: int) -> list[tuple[int, int, int, int]]:
    """Left, top, width and height of the places where red is more than specks, in pixels; `reach` joins neighbors."""
    rows, columns = red.shape[0] // _BLOCK, red.shape[1] // _BLOCK
    if rows == 0 or columns == 0:
        return []
    whole = red[: rows * _BLOCK, : columns * _BLOCK]  # whole blocks take OpenCV's fast path
    share = np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    much = np.asarray(share > 255 * _RED_SHARE, np.uint8)
    side = 2 * max(1, reach // _BLOCK) + 1
    grown = np.asarray(cv2.dilate(much, np.ones((side, side), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(grown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    rectangles = [cv2.boundingRect(contour) for contour in contours]
    return [(x * _BLOCK, y * _BLOCK, w * _BLOCK, h * _BLOCK) for x, y, w, h in rectangles]
