"""What the contact sheets of every detector are drawn with."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from detection.detections import Detections

Picture = NDArray[np.uint8]
WIDEST = 3
"""A picture is at most this many times wider than the others are high."""
_CAPTION_PX = 34
_GREEN, _ORANGE = (20, 150, 60), (240, 140, 0)


def panel_size(page_hw: tuple[int, int], height: int) -> tuple[int, int]:
    """Width and height of a picture of a page: `height` pixels high, and less where it would be too wide."""
    page_h, page_w = max(1, page_hw[0]), max(1, page_hw[1])
    scale = min(height / page_h, WIDEST * height / page_w)
    return max(1, round(page_w * scale)), max(1, round(page_h * scale))


def side_by_side(panels: Sequence[tuple[str, Picture]]) -> Picture:
    """Pictures of one height under their captions: uint8 (height + caption, any, 3)."""
    return np.concatenate([_captioned(name, picture) for name, picture in panels], axis=1)


def _captioned(text: str, picture: Picture) -> Picture:
    """A picture under a line of text, with a margin at its right."""
    framed = np.full((picture.shape[0] + _CAPTION_PX, picture.shape[1] + 6, 3), 255, np.uint8)
    framed[_CAPTION_PX:, : picture.shape[1]] = picture
    cv2.putText(framed, text, (4, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    return framed


def fit(picture: Picture, size: tuple[int, int], *, smooth: bool = True) -> Picture:
    """A picture, gray or color, at a (width, height) in color; white where it is empty."""
    if picture.size == 0:
        return np.full((size[1], size[0], 3), 255, np.uint8)
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smooth else cv2.INTER_NEAREST)
    return np.asarray(resized if resized.ndim == 3 else cv2.cvtColor(resized, cv2.COLOR_GRAY2RGB), np.uint8)


def draw_boxes(picture: Picture, detections: Detections, scale: float) -> None:
    """Draws boxes given in page pixels, likely ones green, onto a picture of the page at a scale."""
    for box, score in zip(detections.boxes * scale, detections.scores, strict=True):
        left, top, right, bottom = (round(float(side)) for side in box)
        cv2.rectangle(picture, (left, top), (right, bottom), _GREEN if score > 0.5 else _ORANGE, 2)
