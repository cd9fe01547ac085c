"""What the network should say about a tile."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.heatmap.network import STRIDE, UNIT
from detection.training.page_store import EXACT

SHRINK = 0.5
"""Sides of the marked middle of a character, as a part of its box (a shrunken region as in Liao et al. 2020, DB)."""
ROUGH_SHRINK = 0.3
ROUGH_GROWTH = 1.3
ROUGH_WEIGHT = 0.5
MINIMUM_HALF_SIDE = 0.6 * STRIDE
"""Flat characters such as 一 still mark one or two cells."""


@dataclass(frozen=True, eq=False)
class Targets:
    """The wanted maps of one tile of H x W pixels, at (H / 4, W / 4).

    Attributes:
        heat: float32 (h, w), 1 in the middle of characters, else 0.
        weight: float32 (h, w), how much each cell counts; 0 where nothing is known.
        sides: float32 (4, h, w), distances to left, top, right and bottom in units of 32 pixels; valid where
            `has_sides`.
        has_sides: bool (h, w).
    """

    heat: NDArray[np.float32]
    weight: NDArray[np.float32]
    sides: NDArray[np.float32]
    has_sides: NDArray[np.bool_]


def make_targets(boxes: NDArray[np.float32], kinds: NDArray[np.uint8], size_hw: tuple[int, int]) -> Targets:
    """The maps of a tile.

    A cell in the middles of two characters belongs to the nearer center, measured in the characters' own sides. Around
    a roughly placed character everything but its inmost part is left open, unless it is an exactly placed one's. Boxes
    without area mark nothing.

    Args:
        boxes: float32 (N, 4), xyxy in pixels of the tile; may reach beyond it.
        kinds: uint8 (N,), EXACT or ROUGH.
        size_hw: the tile's height and width, multiples of 4.
    """
    h, w = size_hw[0] // STRIDE, size_hw[1] // STRIDE
    out = Targets(
        np.zeros((h, w), np.float32),
        np.ones((h, w), np.float32),
        np.zeros((4, h, w), np.float32),
        np.zeros((h, w), np.bool_),
    )
    nearest = np.full((h, w), np.inf, np.float32)
    has_area = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    exact: list[list[float]] = boxes[has_area & (kinds == EXACT)].tolist()
    for box in boxes[has_area & (kinds != EXACT)].tolist():
        _draw_rough(out, box)
    for box in exact:  # after the rough ones, so that they have the last word
        around = _cells(box, 1.0, out.heat.shape)
        out.weight[around] = 1.0
        out.heat[around] = 0.0
    for box in exact:
        _draw_exact(out, nearest, box)
    return out


def _draw_rough(out: Targets, box: list[float]) -> None:
    around = _cells(box, ROUGH_GROWTH, out.heat.shape)
    out.weight[around] = 0.0
    out.heat[around] = 0.0
    middle = _cells(box, ROUGH_SHRINK, out.heat.shape)
    out.heat[middle] = 1.0
    out.weight[middle] = ROUGH_WEIGHT


def _draw_exact(out: Targets, nearest: NDArray[np.float32], box: list[float]) -> None:
    x0, y0, x1, y1 = box
    middle = _cells(box, SHRINK, out.heat.shape)
    y, x = np.mgrid[middle]
    y, x = (y + 0.5) * STRIDE, (x + 0.5) * STRIDE
    far = np.maximum(abs(x - (x0 + x1) / 2) / (x1 - x0), abs(y - (y0 + y1) / 2) / (y1 - y0))
    # A box that is thinner than float32 can divide by is as far away as can be said.
    away = np.minimum(far, np.finfo(np.float32).max).astype(np.float32)
    mine = away < nearest[middle]
    nearest[middle] = np.where(mine, away, nearest[middle])
    out.heat[middle] = 1.0
    out.has_sides[middle] |= mine
    distances = np.stack([x - x0, y - y0, x1 - x, y1 - y]).astype(np.float32) / UNIT
    least = np.maximum(distances, 0.5 / UNIT)  # where the least marked cell is larger than the character
    region = (slice(None), *middle)
    out.sides[region] = np.where(mine, least, out.sides[region])


def _cells(box: list[float], part: float, shape_hw: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of the cells whose centers lie in the middle part of a box."""
    x0, y0, x1, y1 = box
    half_w = max((x1 - x0) / 2 * part, MINIMUM_HALF_SIDE)
    half_h = max((y1 - y0) / 2 * part, MINIMUM_HALF_SIDE)
    rows = _range((y0 + y1) / 2, half_h, shape_hw[0])
    columns = _range((x0 + x1) / 2, half_w, shape_hw[1])
    return rows, columns


def _range(center: float, half: float, limit: int) -> slice:
    first = int(np.ceil((center - half) / STRIDE - 0.5))
    last = int(np.floor((center + half) / STRIDE - 0.5))
    return slice(min(max(first, 0), limit), min(max(last + 1, 0), limit))
