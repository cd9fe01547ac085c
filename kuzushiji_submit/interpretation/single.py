"""One character cut out of a page, or given as an image of its own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.prepared import prepare_page
from recognition.crops import CropConfig, Crops, crop_boxes

# A picture up to this many pixels high and wide holds one character, not a part of a page.
LARGEST_ALONE = 400
# How many characters a page is high: the ink's settings judge paper, lines and specks by the size of the page.
PAGE_HEIGHT = 20


def cut_single(pixels: NDArray[np.uint8], box: Sequence[float] | None, crop: CropConfig, ink: InkConfig) -> Crops:
    """One crop.

    Args:
        pixels: uint8 (H, W, 3) RGB, a page, or an image of one character.
        box: xyxy in pixels; None for the whole image.
        crop: how the recognizer wants it cut.
        ink: the ink that the recognizer was trained on.

    Raises:
        ConfigError: if nothing of the box lies on the page.
    """
    if box is None and max(pixels.shape[:2]) <= LARGEST_ALONE:
        pixels, box = _on_paper(pixels)
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = box if box is not None else (0.0, 0.0, float(width), float(height))
    if not (max(x0, 0) < min(x1, width) and max(y0, 0) < min(y1, height)):
        raise ConfigError(f"box {x0:g} {y0:g} {x1:g} {y1:g} has no area on an image of {width} x {height} pixels")
    boxes = np.array([[x0, y0, x1, y1]], np.float32)
    return crop_boxes(prepare_page(pixels, ink).ink, boxes, crop)


def _on_paper(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    """A small picture in the middle of an empty page of its own paper, and its box there, xyxy."""
    height, width = pixels.shape[:2]
    side = PAGE_HEIGHT * max(height, width)
    paper = np.percentile(pixels.reshape(-1, 3), 75, axis=0).astype(np.uint8)
    page = np.broadcast_to(paper, (side, side, 3)).copy()
    top, left = (side - height) // 2, (side - width) // 2
    page[top : top + height, left : left + width] = pixels
    return page, (float(left), float(top), float(left + width), float(top + height))
