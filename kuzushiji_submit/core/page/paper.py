"""The paper of a page: its color at every place, and where it ends."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.page.leaves import LONGEST_PAGE, bounded_side

REDUCTION = 8
"""Paper is estimated on a page this many times smaller: strokes shrink to a few pixels, shadows and stains stay."""


@dataclass(frozen=True)
class Paper:
    """The paper under the ink, at the reduced size (ceil(H / 8), ceil(W / 8)).

    Attributes:
        color: uint8 (h, w, 3) RGB, the color the page would have without ink.
        on_page: uint8 (h, w), 255 on the sheet, 0 on the scanner's dark background.
    """

    color: NDArray[np.uint8]
    on_page: NDArray[np.uint8]

    @classmethod
    def white(cls, page_hw: tuple[int, int]) -> Self:
        """White paper that covers a page of this height and width wholly."""
        size_hw = (-(-page_hw[0] // REDUCTION), -(-page_hw[1] // REDUCTION))
        return cls(np.full((*size_hw, 3), 255, np.uint8), np.full(size_hw, 255, np.uint8))


def estimate_paper(page: NDArray[np.uint8]) -> Paper:
    """Estimate the paper's color everywhere by a morphological closing and a median.

    A closing by an ellipse wider than the thickest stroke replaces ink with the paper around it; the median takes away
    what the closing left of large characters.

    Args:
        page: uint8 (H, W, 3) RGB, at least 1 x 1.

    Returns:
        The paper's color and extent.
    """
    small = _reduce(page)
    reach = max(3, bounded_side(small.shape) // 40) | 1
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, ellipse)
    color = np.asarray(cv2.medianBlur(closed, reach), np.uint8)
    return Paper(color=np.maximum(color, 1), on_page=_sheet(color))


def _reduce(page: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shrink by REDUCTION with box averaging, after padding to whole blocks (OpenCV's fast path)."""
    height, width = page.shape[:2]
    pad_y, pad_x = -height % REDUCTION, -width % REDUCTION
    if pad_y or pad_x:
        page = np.asarray(cv2.copyMakeBorder(page, 0, pad_y, 0, pad_x, cv2.BORDER_REPLICATE), np.uint8)
    size = (page.shape[1] // REDUCTION, page.shape[0] // REDUCTION)
    return np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.uint8)


def _sheet(color: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Everything about as bright as the paper, holes filled: a stain inside the sheet is still sheet."""
    brightness = np.asarray(cv2.cvtColor(color, cv2.COLOR_RGB2GRAY), np.uint8)
    paper_level = float(np.percentile(brightness, 80))
    bright = np.asarray(brightness > 0.6 * paper_level, np.uint8)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    sheet = np.zeros_like(bright)
    # Of many leaves in one image each is a small part.
    page_area = min(bright.size, LONGEST_PAGE * min(bright.shape) ** 2)
    large = [contour for contour in contours if cv2.contourArea(contour) > 0.1 * page_area]
    cv2.drawContours(sheet, large or list(contours), -1, 255, thickness=cv2.FILLED)
    rim = 2 * max(1, bounded_side(sheet.shape) // 100) + 1
    return np.asarray(cv2.erode(sheet, np.ones((rim, rim), np.uint8), borderValue=0), np.uint8)
