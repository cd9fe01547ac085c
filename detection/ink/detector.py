"""The ink detector: a page in, character boxes out, no network."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detection.detections import Detections
from detection.ink.layout import LayoutConfig, find_layout
from detection.ink.segmentation import ScoreBoxes, SegmentationConfig, segment_columns
from detection.ink.stages import DetectionStages
from detection.part_stages import PartStages, explain_in_parts
from detection.parts import detect_in_parts
from kuzushiji_submit.core.page.lines import Lines
from kuzushiji_submit.core.page.prepared import PreparedPage

ScoreCrops = Callable[[NDArray[np.uint8], NDArray[np.float32]], NDArray[np.float32]]
"""Asks how good candidate boxes float32 (N, 4) on an ink map uint8 (H, W) are as characters: float32 (N,) in [0, 1]."""


@dataclass(frozen=True)
class InkDetectorConfig:
    """Settings of `InkDetector`.

    Attributes:
        layout: how the page's ink becomes columns.
        segmentation: how columns become characters.
    """

    layout: LayoutConfig = field(default_factory=LayoutConfig)
    segmentation: SegmentationConfig = field(default_factory=SegmentationConfig)


class InkDetector:
    """Finds characters by threshold, connected components, columns and a lattice of cuts of the page's ink."""

    def __init__(self, config: InkDetectorConfig | None = None, score_crops: ScoreCrops | None = None) -> None:
        """Takes settings and whom to ask.

        Args:
            config: settings.
            score_crops: an opinion on candidate boxes (see `ScoreCrops`), e.g. a recognizer's; None for geometry alone.
        """
        self.config = config or InkDetectorConfig()
        self.score_crops = score_crops

    def detect(self, page: PreparedPage) -> Detections:
        """Find the characters of a page.

        Returns:
            Boxes in page pixels, column by column; scores are the probability that a box hits a character.
        """
        return detect_in_parts(page, self.explain_part)

    def explain(self, page: PreparedPage) -> DetectionStages | PartStages:
        """As `detect`, with every stage on the way."""
        return explain_in_parts(page, self.explain_part)

    def explain_part(self, page: PreparedPage) -> DetectionStages:
        """What `explain` does with every part of an image of many leaves."""
        return self.detect_on_map(page.ink, page.lines, page=page.pixels)

    def detect_on_map(
        self, score_map: NDArray[np.uint8], lines: Lines | None = None, *, page: NDArray[np.uint8] | None = None
    ) -> DetectionStages:
        """The same from a map, wherever it came from.

        Args:
            score_map: uint8 (H, W), 0 on paper.
            lines: the page's lines; they bound the text area.
            page: uint8 (H, W, 3) RGB, only kept for pictures.

        Returns:
            All stages.
        """
        score_crops = self.score_crops
        layout = find_layout(score_map, lines, self.config.layout)
        zoom = np.tile(layout.zoom_xy, 2)
        score_boxes: ScoreBoxes | None = None
        if score_crops is not None:

            def score_boxes(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
                return score_crops(score_map, (boxes / zoom).astype(np.float32))

        found = segment_columns(layout.columns, self.config.layout.unit, self.config.segmentation, score_boxes)
        height, width = score_map.shape
        boxes = np.clip(found.boxes / zoom, 0, [width, height, width, height]).astype(np.float32)
        points = (found.points / layout.zoom_xy).astype(np.float32)
        return DetectionStages(page, score_map, lines, layout, found.cuts, Detections(boxes, found.scores, points))
