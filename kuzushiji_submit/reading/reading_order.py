"""Boxes of a page in reading order: columns from right to left, each from top to bottom."""

import numpy as np
from numpy.typing import NDArray

# A box continues the column of the one above if they share this much of the narrower one's width ...
SHARED_WIDTH = 0.4
# ... and the gap between them is at most this many times the page's median height.
GAP = 3.0
# Columns whose middles are closer than this many median widths are one above the other, not side by side.
SIDE_BY_SIDE = 0.7


def reading_order(boxes: NDArray[np.float32]) -> NDArray[np.intp]:
    """The places of boxes float32 (N, 4) xyxy in the order in which they are read, intp (N,)."""
    if not len(boxes):
        return np.zeros(0, np.intp)
    columns = _columns(boxes)
    centers = (boxes[:, 0] + boxes[:, 2]) / 2
    tops = (boxes[:, 1] + boxes[:, 3]) / 2
    width = float(np.median(boxes[:, 2] - boxes[:, 0]))
    ordered: list[int] = []
    for lane in _lanes([float(np.median(centers[column])) for column in columns], SIDE_BY_SIDE * width):
        members = [place for number in lane for place in columns[number]]
        ordered += sorted(members, key=lambda place: float(tops[place]))
    return np.array(ordered, np.intp)


def _columns(boxes: NDArray[np.float32]) -> list[list[int]]:
    """Chains of boxes, each hanging under the nearest one above it."""
    reach = GAP * float(np.median(boxes[:, 3] - boxes[:, 1]))
    columns: list[list[int]] = []
    for place in np.argsort((boxes[:, 1] + boxes[:, 3]) / 2, kind="stable").tolist():
        gaps = [_gap(boxes[column[-1]], boxes[place]) for column in columns]
        nearest = min(range(len(columns)), key=gaps.__getitem__, default=-1)
        if nearest >= 0 and gaps[nearest] <= reach:
            columns[nearest].append(place)
        else:
            columns.append([place])
    return columns


def _gap(above: NDArray[np.float32], below: NDArray[np.float32]) -> float:
    """How far the second box lies under the first, in pixels; infinite where it does not continue its column."""
    shared = min(above[2], below[2]) - max(above[0], below[0])
    narrower = min(above[2] - above[0], below[2] - below[0])
    return float(abs(below[1] - above[3])) if shared > SHARED_WIDTH * narrower else float("inf")


def _lanes(middles: list[float], least: float) -> list[list[int]]:
    """Columns sorted from right to left; those with nearly the same middle together."""
    lanes: list[list[int]] = []
    for number in sorted(range(len(middles)), key=lambda one: -middles[one]):
        if lanes and middles[lanes[-1][0]] - middles[number] < least:
            lanes[-1].append(number)
        else:
            lanes.append([number])
    return lanes
