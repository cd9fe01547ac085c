"""The project's two detectors as the pipeline takes them: they read a prepared page and can draw their stages."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.detections import Detections
from detection.heatmap.debug_sheet import heatmap_sheet
from detection.heatmap.detector import HeatmapDetector, HeatmapStages
from detection.ink.debug_sheet import debug_sheet
from detection.ink.detector import DetectionStages, InkDetector, ScoreCrops
from kuzushiji_submit.core.page.prepared import PreparedPage


@dataclass(frozen=True)
class InkPageStages:
    """The ink detector's stages on one page."""

    stages: DetectionStages

    @property
    def detections(self) -> Detections:
        """The boxes."""
        return self.stages.detections

    def draw(self) -> NDArray[np.uint8]:
        """A contact sheet of every stage, uint8 (H, W, 3) RGB."""
        return debug_sheet(self.stages)


@dataclass(frozen=True)
class InkPageDetector:
    """The ink detector, with whom it asks about candidate boxes.

    Attributes:
        detector: finds the characters.
        ask: an opinion on candidate boxes, such as a recognizer's; None for geometry alone.
    """

    detector: InkDetector
    ask: ScoreCrops | None = None

    def detect(self, page: PreparedPage) -> Detections:
        """The characters of a page."""
        return self.explain(page).detections

    def explain(self, page: PreparedPage) -> InkPageStages:
        """As `detect`, with every stage on the way."""
        return InkPageStages(self.detector.explain(page, self.ask))


@dataclass(frozen=True, eq=False)
class HeatmapPageStages:
    """The heatmap detector's stages on one page."""

    stages: HeatmapStages

    @property
    def detections(self) -> Detections:
        """The boxes."""
        return self.stages.detections

    def draw(self) -> NDArray[np.uint8]:
        """A contact sheet of every stage, uint8 (H, W, 3) RGB."""
        return heatmap_sheet(self.stages)


@dataclass(frozen=True)
class HeatmapPageDetector:
    """The heatmap detector.

    Attributes:
        detector: finds the characters.
    """

    detector: HeatmapDetector

    def detect(self, page: PreparedPage) -> Detections:
        """The characters of a page."""
        return self.detector.detect(page)

    def explain(self, page: PreparedPage) -> HeatmapPageStages:
        """As `detect`, with every stage on the way."""
        return HeatmapPageStages(self.detector.explain(page))
