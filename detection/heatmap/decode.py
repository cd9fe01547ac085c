"""From the network's maps to character boxes: threshold, peaks or connected components, and which of them overlap."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F
from torchvision.ops import nms

from detection.detections import Detections
from detection.heatmap.network import STRIDE
from kuzushiji_submit.core.components import Components, threshold

UPSAMPLING = 2
"""The map is enlarged before components are sought: a cell between two characters becomes a gap."""


@dataclass(frozen=True)
class DecodeConfig:
    """Settings of `decode`.

    Attributes:
        method: "peaks", the local maxima of the map above the threshold, or "components", its connected pieces.
        threshold: a character's middle scores at least this, 0 to 1. It is low, because what the recognizer and the
            text make of a doubtful box tells better than the map whether it is worth a row: `min_score` drops it then.
        least_peak: a component whose highest score is lower is no character.
        peak_reach: a peak is the highest within this many cells around it.
        overlap: of two boxes that share more than this part of their union, the less likely goes: two hits in one
            character predict about the same box.

    Raises:
        ValueError: if a value is out of its range.
    """

    method: Literal["components", "peaks"] = "peaks"
    threshold: float = 0.25
    least_peak: float = 0.25
    peak_reach: int = 2
    overlap: float = 0.4

    def __post_init__(self) -> None:
        if not (0 < self.threshold < 1 and 0 <= self.least_peak < 1 and 0 < self.overlap <= 1 and self.peak_reach > 0):
            raise ValueError(f"decode needs values in (0, 1) and a peak_reach of 1 or more, got {self}")


@dataclass(frozen=True, eq=False)
class ScoreMaps:
    """What the network says about a page.

    Attributes:
        heat: float32 (h, w), score of a character's middle; a cell is `STRIDE` pixels of the network's page.
        sides: float32 (4, h, w), distance to left, top, right and bottom of the character, in those pixels.
    """

    heat: NDArray[np.float32]
    sides: NDArray[np.float32]


def decode(maps: ScoreMaps, config: DecodeConfig) -> Detections:
    """The characters of the maps, boxes and points in the network's pixels.

    Returns:
        Boxes from the sides predicted in each middle, weighted by score; scores are the highest score in each middle;
        points are the boxes' middles.
    """
    if maps.heat.size == 0:
        return Detections.empty()
    labels, cells = _middles(maps.heat, config)
    count = int(labels.max(initial=0))
    if count == 0:
        return Detections.empty()
    rows, columns = cells
    heat = maps.heat[rows, columns]
    peak = np.zeros(count + 1, np.float32)
    np.maximum.at(peak, labels, heat)
    boxes = _mean_boxes(maps, labels, rows, columns, heat, count)
    kept = np.flatnonzero(peak[1:] >= config.least_peak)
    chosen = nms(torch.from_numpy(boxes[kept]), torch.from_numpy(peak[1:][kept]), config.overlap).numpy()
    order = np.sort(kept[chosen])
    return Detections(boxes[order], peak[1:][order])


def _middles(
    heat: NDArray[np.float32], config: DecodeConfig
) -> tuple[NDArray[np.int64], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Numbers from 1 on of the middles that cells belong to, (M,), and the cells' rows and columns."""
    if config.method == "peaks":
        tensor = torch.from_numpy(heat)[None, None]
        reach = config.peak_reach
        highest = F.max_pool2d(tensor, 2 * reach + 1, stride=1, padding=reach)[0, 0].numpy()
        rows, columns = np.nonzero((heat >= highest) & (heat > config.threshold))
        return np.arange(1, len(rows) + 1, dtype=np.int64), (rows, columns)
    size = (heat.shape[1] * UPSAMPLING, heat.shape[0] * UPSAMPLING)
    large = np.asarray(cv2.resize(heat, size, interpolation=cv2.INTER_LINEAR), np.float32)
    as_bytes = np.clip(large * 255, 0, 255).round().astype(np.uint8)
    components = Components.of_mask(threshold(as_bytes, round(config.threshold * 255)), connectivity=4)
    rows, columns = np.nonzero(components.labels)
    return components.labels[rows, columns].astype(np.int64), (rows // UPSAMPLING, columns // UPSAMPLING)


def _mean_boxes(
    maps: ScoreMaps,
    labels: NDArray[np.int64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    heat: NDArray[np.float32],
    count: int,
) -> NDArray[np.float32]:
    """The mean of the boxes that the cells of each middle predict, weighted by squared score: float32 (count, 4)."""
    weight = np.square(heat.astype(np.float64))
    total = np.bincount(labels, weights=weight, minlength=count + 1)[1:]
    x, y = (columns + 0.5) * STRIDE, (rows + 0.5) * STRIDE
    left, top, right, bottom = maps.sides[:, rows, columns]
    edges = (x - left, y - top, x + right, y + bottom)
    means = [np.bincount(labels, weights=weight * edge, minlength=count + 1)[1:] / total for edge in edges]
    return np.stack(means, axis=1).astype(np.float32)
