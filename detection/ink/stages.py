"""What each stage of the ink detector made of a page, and its picture: one contact sheet a page."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detection.contact_sheet import Picture, draw_boxes, fit, panel_size, side_by_side
from detection.detections import Detections
from detection.ink.layout import Layout
from detection.ink.segmentation import ColumnCuts
from kuzushiji_submit.core.page.lines import Lines

_BLUE, _RED, _ORANGE = (30, 90, 220), (220, 40, 40), (240, 140, 0)


@dataclass(frozen=True)
class DetectionStages:
    """Everything between the page and its boxes.

    Attributes:
        page: uint8 (H, W, 3) RGB, None where only a map was given.
        ink: uint8 (H, W), the map.
        lines: the lines taken out of it, None if unknown.
        layout: text area, character size, columns.
        cuts: per column, where it might have been cut, in pixels of the layout's maps.
        detections: the result.
    """

    page: NDArray[np.uint8] | None
    ink: NDArray[np.uint8]
    lines: Lines | None
    layout: Layout
    cuts: list[ColumnCuts]
    detections: Detections

    def draw(self, height: int = 1000) -> Picture:
        """Draw the stages of one page side by side: page, ink, writing, columns, cuts, boxes.

        Args:
            height: of each picture in pixels.

        Returns:
            uint8 (height + caption, any, 3) RGB; lower where the page is far wider than high.
        """
        size = panel_size((self.ink.shape[0], self.ink.shape[1]), height)
        panels: list[tuple[str, Callable[[DetectionStages, tuple[int, int]], Picture]]] = [
            ("page", _page),
            ("ink, lines, text area", _ink),
            (f"writing, size {self.layout.character_size:.0f} px", _writing),
            ("columns, ruby pale", _columns),
            ("cuts", _cuts),
            (f"boxes, {len(self.detections)}", _boxes),
        ]
        return side_by_side([(name, draw(self, size)) for name, draw in panels])


def _page(stages: DetectionStages, size: tuple[int, int]) -> Picture:
    return fit(np.zeros((0, 0), np.uint8) if stages.page is None else stages.page, size)


def _ink(stages: DetectionStages, size: tuple[int, int]) -> Picture:
    picture = fit(255 - stages.ink, size)
    if stages.lines is not None:
        found = fit(stages.lines.mask((size[1], size[0])), size)
        picture[found[..., 0] > 0] = _ORANGE
    if stages.ink.size:
        left, top, right, bottom = (np.asarray(stages.layout.area) * size[1] / stages.ink.shape[0]).round().astype(int)
        cv2.rectangle(picture, (int(left), int(top)), (int(right) - 1, int(bottom) - 1), _BLUE, 2)
    return picture


def _writing(stages: DetectionStages, size: tuple[int, int]) -> Picture:
    picture = fit(255 - stages.layout.mask, size)
    side = round(stages.layout.character_size * size[1] / max(1, stages.ink.shape[0]))
    cv2.rectangle(picture, (5, 5), (5 + side, 5 + side), _RED, 2)
    return picture


def _columns(stages: DetectionStages, size: tuple[int, int]) -> Picture:
    every, kept = stages.layout.all_columns, stages.layout.columns
    palette = _palette(int(every.max(initial=0)) + 1)
    pale = (255 - (255 - palette.astype(np.int32)) // 4).astype(np.uint8)
    return fit(np.where((kept > 0)[..., None], palette[kept], pale[every]).astype(np.uint8), size, smooth=False)


def _palette(count: int) -> Picture:
    """Distinct dark colors, uint8 (count, 3); the first is white."""
    hue = (np.arange(count) * 67) % 180
    hsv = np.stack([hue, np.full(count, 220), np.full(count, 190)], axis=1).astype(np.uint8)
    colors = np.asarray(cv2.cvtColor(hsv[None], cv2.COLOR_HSV2RGB)[0], np.uint8).reshape(count, 3)
    colors[0] = 255
    return colors


def _cuts(stages: DetectionStages, size: tuple[int, int]) -> Picture:
    picture = fit(255 - stages.layout.mask, size)
    if stages.layout.mask.size == 0:
        return picture
    x, y = size[0] / stages.layout.mask.shape[1], size[1] / stages.layout.mask.shape[0]
    for column in stages.cuts:
        for row in column.rows:
            at = round(float(row) * y)
            cv2.line(picture, (round(column.left * x), at), (round(column.right * x), at), _RED, 1)
    return picture


def _boxes(stages: DetectionStages, size: tuple[int, int]) -> Picture:
    picture = fit(255 - stages.ink if stages.page is None else stages.page, size)
    draw_boxes(picture, stages.detections, size[1] / max(1, stages.ink.shape[0]))
    return picture
