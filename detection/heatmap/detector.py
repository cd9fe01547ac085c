"""The heatmap detector: a page in, character boxes out, by a small network's map."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from detection.detections import Detections
from detection.heatmap.decode import DecodeConfig, ScoreMaps, decode
from detection.heatmap.inference import MapReader
from detection.heatmap.network import UNIT
from detection.heatmap.page_input import levelled_page, scaled_hw
from detection.heatmap.weights_file import load_detector
from kuzushiji_submit.core.devices import choose_device
from kuzushiji_submit.core.page.prepared import PreparedPage


@dataclass(frozen=True)
class HeatmapDetectorConfig:
    """Settings of `HeatmapDetector`.

    Attributes:
        long_side: the page's longer side in pixels while its character size is still unknown.
        character_px: characters are brought to this size before the page is read a second time; 0 reads it once.
        tolerance: a page whose characters are this near to that size, as a fraction, is not read again.
        largest_side: the page's longer side in pixels is never made larger.
        scales: sizes at which the page is read and the maps averaged, times the size of `character_px`; 1.0 alone is
            fastest, and costs a point of F1 on real pages.
        max_pixels: larger pages are read in overlapping tiles.
        half: computes in 16 bits where the device is a GPU.
        decode: how the maps become boxes.

    Raises:
        ValueError: if a value is out of its range.
    """

    long_side: int = 1120
    character_px: float = UNIT
    tolerance: float = 0.15
    largest_side: int = 2600
    scales: tuple[float, ...] = (0.87, 1.15)
    max_pixels: int = 6_000_000
    half: bool = True
    decode: DecodeConfig = field(default_factory=DecodeConfig)

    def __post_init__(self) -> None:
        if not self.scales or not all(scale > 0 for scale in self.scales):
            raise ValueError("scales needs at least one size above 0")
        if min(self.long_side, self.largest_side, self.max_pixels) < 64:
            raise ValueError("long_side, largest_side and max_pixels must be at least 64")
        if not (0 <= self.character_px < math.inf and self.tolerance >= 0):
            raise ValueError("character_px and tolerance must not be negative")


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


class HeatmapDetector:
    """Finds characters on a network's map by threshold and connected components; safe to call from several threads."""

    def __init__(self, network: nn.Module, config: HeatmapDetectorConfig | None = None, device: str = "auto") -> None:
        """Takes a network over.

        Args:
            network: see `HeatmapNet`.
            config: settings.
            device: "auto", or a name that torch knows.

        Raises:
            DeviceError: if the device cannot be used.
        """
        self.config = config or HeatmapDetectorConfig()
        chosen = choose_device(device)
        half = self.config.half and chosen.type == "cuda"
        self.reader = MapReader(network, chosen, half=half, max_pixels=self.config.max_pixels)

    @classmethod
    def load(cls, path: Path, config: HeatmapDetectorConfig | None = None, device: str = "auto") -> Self:
        """The detector of a weights file.

        Raises:
            WeightsError: if the file is missing, damaged or does not match.
            DeviceError: if the device cannot be used.
        """
        return cls(load_detector(path)[0], config, device)

    def detect(self, page: PreparedPage) -> Detections:
        """The characters of a page, in page pixels; scores are the map's."""
        return self._read(page)[2]

    def explain(self, page: PreparedPage) -> HeatmapStages:
        """As `detect`, with every stage on the way."""
        return HeatmapStages(page.pixels, page.ink, *self._read(page))

    def _read(self, page: PreparedPage) -> tuple[NDArray[np.uint8], ScoreMaps, Detections]:
        """The levelled page at the last size it was read, its maps, and the characters in page pixels."""
        if page.paper is None:
            nothing = ScoreMaps(np.zeros((0, 0), np.float32), np.zeros((4, 0, 0), np.float32))
            return page.pixels, nothing, Detections.empty()
        scales, longer = self.config.scales, max(page.size_hw)
        zoom = self.config.long_side / longer
        if self.config.character_px == 0:
            return self._read_at(page, zoom, scales)
        first = self._read_at(page, zoom, (1.0,))
        size = _character_size(first[2])
        if size == 0:
            return first
        wanted = min(self.config.character_px / size, self.config.largest_side / longer)
        if scales == (1.0,) and abs(wanted / zoom - 1) <= self.config.tolerance:
            return first
        return self._read_at(page, wanted, scales)

    def _read_at(
        self, page: PreparedPage, zoom: float, scales: tuple[float, ...]
    ) -> tuple[NDArray[np.uint8], ScoreMaps, Detections]:
        image = levelled_page(page, scaled_hw(page.size_hw, zoom))
        maps = self.reader.read_scales(image, scales)
        found = decode(maps, self.config.decode)
        height, width = page.size_hw
        ratio = np.array([width / image.shape[1], height / image.shape[0]], np.float32)
        # The last cells reach beyond the page, and so may what is found in them.
        corner = np.array([width, height], np.float32)
        boxes = np.clip(found.boxes * np.tile(ratio, 2), 0, np.tile(corner, 2))
        on_page = Detections(boxes, found.scores, np.clip(found.points * ratio, 0, corner))
        return image, maps, on_page.select(np.flatnonzero((boxes[:, 2:] > boxes[:, :2]).all(axis=1)))


def _character_size(found: Detections) -> float:
    """The median geometric mean of the boxes' sides; 0.0 where nothing was found."""
    if not len(found):
        return 0.0
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    return float(np.median(np.sqrt(np.maximum(sides, 0).prod(axis=1))))
