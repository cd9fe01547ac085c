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
from detection.heatmap.page_input import densest_window, levelled_page, scaled_hw
from detection.heatmap.stages import HeatmapStages
from detection.heatmap.weights_file import load_detector
from detection.part_stages import PartStages, explain_in_parts
from detection.parts import detect_in_parts
from kuzushiji_submit.core.devices import choose_device, fast_half
from kuzushiji_submit.core.page.character_size import character_size
from kuzushiji_submit.core.page.leaves import SMALLEST_PX
from kuzushiji_submit.core.page.prepared import PreparedPage

FEW = 20
"""A look that finds fewer characters may have been from too far away."""
SMALL = 3.0
"""Ink speaks of small characters where they have so many times fewer pixels than the network wants."""
NEARLY_NONE = 5
"""One that finds fewer than these is not believed, whatever the ink speaks of."""
LEAST_INK = 0.01
"""This part of the place where most is written is ink, or nothing is written there."""
NEARER = 1.25
"""A page is read once more where it ought to be this many times larger; pages of books stay within 1.05."""
MOST_LOOKS = 3


@dataclass(frozen=True)
class HeatmapDetectorConfig:
    """Settings of `HeatmapDetector`.

    Attributes:
        long_side: the page's longer side in pixels while its character size is still unknown.
        character_px: characters are brought to this size before the page is read a second time; 0 reads it once.
        tolerance: a page whose characters are this near to that size, as a fraction, is not read again.
        largest_side: the page's longer side in pixels is not made larger unless its characters turn out to be small,
        largest_zoom: and then a page is not made more than this many times larger than it is.
        scales: sizes at which the page is read and the maps averaged, times the size of `character_px`; 1.0 alone is
            fastest, and costs a point of F1 on real pages.
        max_pixels: larger pages are read in overlapping tiles.
        half: computes in 16 bits where the device does so faster. None: on a GPU alone; bfloat16 on a CPU moves
            boxes by some pixels, and with it F1 on unseen books from 0.605 to 0.586 (docs/scale.md).
        decode: how the maps become boxes.

    Raises:
        ValueError: if a value is out of its range.
    """

    long_side: int = 1120
    character_px: float = UNIT
    tolerance: float = 0.15
    largest_side: int = 2600
    largest_zoom: float = 1.5
    scales: tuple[float, ...] = (0.87, 1.15)
    max_pixels: int = 6_000_000
    half: bool | None = None
    decode: DecodeConfig = field(default_factory=DecodeConfig)

    def __post_init__(self) -> None:
        if not self.scales or not all(scale > 0 for scale in self.scales):
            raise ValueError("scales needs at least one size above 0")
        if min(self.long_side, self.largest_side, self.max_pixels) < 64:
            raise ValueError("long_side, largest_side and max_pixels must be at least 64")
        if not (0 <= self.character_px < math.inf and self.tolerance >= 0 and self.largest_zoom >= 0):
            raise ValueError("character_px, tolerance and largest_zoom must not be negative")


class HeatmapDetector:
    """Finds characters on a network's map: its peaks above a threshold, or its connected components.

    Safe to call from several threads.
    """

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
        wanted = chosen.type == "cuda" if self.config.half is None else self.config.half
        half = wanted and fast_half(chosen) is not None
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
        return detect_in_parts(page, self._read)

    def explain(self, page: PreparedPage) -> HeatmapStages | PartStages:
        """As `detect`, with every stage on the way."""
        return explain_in_parts(page, self.explain_part)

    def explain_part(self, page: PreparedPage) -> HeatmapStages:
        """What `explain` does with every part of an image of many leaves."""
        read = self._read(page)
        return HeatmapStages(page.pixels, page.ink, read.image, read.maps, read.detections)

    def _read(self, page: PreparedPage) -> "_Look":
        if page.paper is None:
            nothing = ScoreMaps(np.zeros((0, 0), np.float32), np.zeros((4, 0, 0), np.float32))
            return _Look(page.pixels, nothing, Detections.empty(), 1.0)
        scales, longer = self.config.scales, max(page.size_hw)
        zoom = self.config.long_side / longer
        if self.config.character_px == 0:
            return self._read_at(page, zoom, scales)
        first = self._read_at(page, zoom, (1.0,))
        small = self._small_characters(page, first)
        if small:
            return self._nearer(page, self._read_at(page, self._zoom_for(small), scales))
        size = first.character_size
        if size == 0:
            return first
        wanted = min(self.config.character_px / size, self.config.largest_side / longer)
        if scales == (1.0,) and abs(wanted / zoom - 1) <= self.config.tolerance:
            return first
        return self._nearer(page, self._read_at(page, wanted, scales))

    def _small_characters(self, page: PreparedPage, look: "_Look") -> float:
        """The size of characters that a look was too far away to find; 0.0 if there are none.

        From too far away a column looks like a stroke and a leaf like a character. Where a look found little, and the
        ink speaks of small characters, or nearly nothing, the place where most is written is looked at from near by:
        one place, lest a page without text be read twice as a whole.
        """
        if len(look.detections) >= FEW:
            return 0.0
        size, too_small = character_size(page.ink), self.config.character_px / (SMALL * look.zoom)
        if not SMALLEST_PX <= size < too_small:
            if len(look.detections) >= NEARLY_NONE:
                return 0.0
            size = too_small
        zoom = self._zoom_for(size)
        window = densest_window(page.ink, round(self.config.long_side / zoom))
        if zoom <= look.zoom or page.ink[window.rows, window.columns].mean() < 255 * LEAST_INK:
            return 0.0
        sample = self._read_at(page.part(window), zoom, (1.0,))
        return sample.character_size if len(sample.detections) > max(FEW, 2 * len(look.detections)) else 0.0

    def _zoom_for(self, size: float) -> float:
        """What brings characters of a size in page pixels to that of the network, within reason."""
        return min(self.config.character_px / size, self.config.largest_zoom)

    def _nearer(self, page: PreparedPage, look: "_Look") -> "_Look":
        """The look at a size at which the characters have as many pixels as the network wants, if not this one.

        Characters of a few pixels run into one another, so their size is told too large, and with it the zoom falls
        short; every look tells it better.
        """
        for _ in range(MOST_LOOKS):
            size = look.character_size
            wanted = self._zoom_for(size) if size else 0.0
            if wanted <= NEARER * look.zoom:
                break
            nearer = self._read_at(page, wanted, self.config.scales)
            if len(nearer.detections) < len(look.detections):
                break
            look = nearer
        return look

    def _read_at(self, page: PreparedPage, zoom: float, scales: tuple[float, ...]) -> "_Look":
        image = levelled_page(page, scaled_hw(page.size_hw, zoom))
        maps = self.reader.read_scales(image, scales)
        found = decode(maps, self.config.decode)
        height, width = page.size_hw
        ratio = np.array([width / image.shape[1], height / image.shape[0]], np.float32)
        # The last cells reach beyond the page, and so may what is found in them.
        corner = np.array([width, height], np.float32)
        boxes = np.clip(found.boxes * np.tile(ratio, 2), 0, np.tile(corner, 2))
        on_page = Detections(boxes, found.scores, np.clip(found.points * ratio, 0, corner))
        kept = on_page.select(np.flatnonzero((boxes[:, 2:] > boxes[:, :2]).all(axis=1)))
        return _Look(image, maps, kept, zoom)


@dataclass(frozen=True, eq=False)
class _Look:
    """A page read at one size.

    Attributes:
        image: uint8 (h, w, 3), the levelled page at that size.
        maps: what the network said of it.
        detections: the characters in page pixels.
        zoom: the size, times the page's.
    """

    image: NDArray[np.uint8]
    maps: ScoreMaps
    detections: Detections
    zoom: float

    @property
    def character_size(self) -> float:
        """The median geometric mean of the boxes' sides in page pixels; 0.0 where nothing was found."""
        if not len(self.detections):
            return 0.0
        sides = self.detections.boxes[:, 2:] - self.detections.boxes[:, :2]
        return float(np.median(np.sqrt(np.maximum(sides, 0).prod(axis=1))))
