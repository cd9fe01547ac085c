"""What the heatmap detector's network saw of a page, what it said, and what became of it; one contact sheet a page."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detection.contact_sheet import Picture, draw_boxes, fit, panel_size, side_by_side
from detection.detections import Detections
from detection.heatmap.decode import ScoreMaps


@dataclass(frozen=True, eq=False)
class HeatmapStages:
    """Everything between the page and its boxes.

    Attributes:
        page: uint8 (H, W, 3) RGB.
        ink: uint8 (H, W), the ink that crops are cut from.
        image: uint8 (h, w, 3), the levelled page that the network read last.
        maps: what it said.
        detections: the result, in page pixels.
    """

    page: NDArray[np.uint8]
    ink: NDArray[np.uint8]
    image: NDArray[np.uint8]
    maps: ScoreMaps
    detections: Detections

    def draw(self, height: int = 1000) -> Picture:
        """Draw the stages of one page side by side: page, ink, levelled page, map, boxes.

        Args:
            height: of each picture in pixels.

        Returns:
            uint8 (height + caption, any, 3) RGB; lower where the page is far wider than high.
        """
        page_h, page_w = self.page.shape[:2]
        size = panel_size((page_h, page_w), height)
        boxes = fit(self.page, size)
        draw_boxes(boxes, self.detections, size[1] / max(1, page_h))
        seen = self.image.shape
        return side_by_side(
            [
                ("page", fit(self.page, size)),
                ("ink for the crops", fit(255 - self.ink, size)),
                (f"levelled, {seen[1]} x {seen[0]}", fit(self.image, size)),
                ("map", _heat(self, size)),
                (f"boxes, {len(self.detections)}", boxes),
            ]
        )


def _heat(stages: HeatmapStages, size: tuple[int, int]) -> Picture:
    """The map in color over the page in gray."""
    gray = fit(stages.image, size).mean(axis=2, keepdims=True).repeat(3, axis=2).astype(np.uint8)
    heat = 255 - fit(255 - (stages.maps.heat * 255).round().astype(np.uint8), size)
    colors = cv2.cvtColor(np.asarray(cv2.applyColorMap(heat[..., :1], cv2.COLORMAP_INFERNO)), cv2.COLOR_BGR2RGB)
    return np.asarray(cv2.addWeighted(gray, 0.35, np.asarray(colors, np.uint8), 0.65, 0), np.uint8)
