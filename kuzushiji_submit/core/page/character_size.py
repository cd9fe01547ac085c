"""The size of a page's characters, from the ink alone."""

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.components import Components, threshold

_ROUNDS = 2
_CLOSING = 0.12
_LARGEST = 1 / 6
_SMALLEST_PX = 2
_MINIMUM_SHARE = 0.05
_LEVEL = 90


def character_size(ink: NDArray[np.uint8]) -> float:
    """The width of the characters of an ink map uint8 (H, W), in its pixels; 0.0 where there is nothing to measure."""
    if min(ink.shape) < 2:
        return 0.0
    half = np.asarray(cv2.resize(ink, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    return 2 * estimate_character_size(threshold(half, _LEVEL))


def estimate_character_size(mask: NDArray[np.uint8]) -> float:
    """Estimate how wide the characters of the body text are.

    Cursive writing joins characters down a column and seldom across columns, so components tell the width of a
    character and not its height. The estimate is the median of component widths, each component weighing as much as its
    ink, after the strokes of one character have been joined by a closing of an eighth of the size estimated before.
    Ruby, specks and single strokes are many but hold little ink; frames and pictures wider than a sixth of the page do
    not count.

    Args:
        mask: uint8 (H, W), above 0 on ink.

    Returns:
        The width of a character in pixels of the mask; 0.0 where there is nothing to measure.
    """
    size = _median_size(mask, with_height=True)
    for _ in range(_ROUNDS):
        if size <= 0:
            return 0.0
        reach = 2 * max(1, round(_CLOSING / 2 * size)) + 1
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
        size = _median_size(np.asarray(closed, np.uint8), with_height=False)
    return size


def _median_size(mask: NDArray[np.uint8], *, with_height: bool) -> float:
    """The ink-weighted median of component widths, or of the geometric means of width and height."""
    components = Components.of_mask(mask)
    sides = components.boxes[:, 2:] - components.boxes[:, :2]
    largest = max(mask.shape, default=0) * _LARGEST
    narrow = (sides[:, 0] < largest) & (sides.min(axis=1, initial=np.inf) > _SMALLEST_PX)
    keep = narrow & (sides[:, 1] < largest)
    if components.areas[keep].sum() < _MINIMUM_SHARE * components.areas[narrow].sum():
        keep, with_height = narrow, False
    if not keep.any():
        return 0.0
    size = np.sqrt(sides[keep].prod(axis=1)) if with_height else sides[keep, 0]
    order = np.argsort(size)
    weight = np.cumsum(components.areas[keep][order], dtype=np.int64)
    return float(size[order][np.searchsorted(weight, weight[-1] / 2)])
