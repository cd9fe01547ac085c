"""One contact sheet a page: what the network saw, what it said, and what became of it."""

import cv2
import numpy as np

from detection.drawing import Picture, draw_boxes, fit, side_by_side
from detection.heatmap.detector import HeatmapStages


def heatmap_sheet(stages: HeatmapStages, height: int = 1000) -> Picture:
    """Draw the stages of one page side by side: page, ink, levelled page, map, boxes.

    Args:
        stages: what `HeatmapDetector.explain` returned.
        height: of each picture in pixels.

    Returns:
        uint8 (height + caption, any, 3) RGB.
    """
    page_h, page_w = stages.page.shape[:2]
    scale = height / max(1, page_h)
    size = (max(1, round(page_w * scale)), height)
    boxes = fit(stages.page, size)
    draw_boxes(boxes, stages.detections, scale)
    seen = stages.image.shape
    return side_by_side(
        [
            ("page", fit(stages.page, size)),
            ("ink for the crops", fit(255 - stages.ink, size)),
            (f"levelled, {seen[1]} x {seen[0]}", fit(stages.image, size)),
            ("map", _heat(stages, size)),
            (f"boxes, {len(stages.detections)}", boxes),
        ]
    )


def _heat(stages: HeatmapStages, size: tuple[int, int]) -> Picture:
    """The map in color over the page in gray."""
    gray = fit(stages.image, size).mean(axis=2, keepdims=True).repeat(3, axis=2).astype(np.uint8)
    heat = 255 - fit(255 - (stages.maps.heat * 255).round().astype(np.uint8), size)
    colors = cv2.cvtColor(np.asarray(cv2.applyColorMap(heat[..., :1], cv2.COLORMAP_INFERNO)), cv2.COLOR_BGR2RGB)
    return np.asarray(cv2.addWeighted(gray, 0.35, np.asarray(colors, np.uint8), 0.65, 0), np.uint8)
