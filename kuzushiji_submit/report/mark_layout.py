"""How large the writing over a page is, from how large its own characters are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from kuzushiji_submit.core.page.leaves import is_long
from kuzushiji_submit.reading.characters import Box
from kuzushiji_submit.report.model import Mark

_LABEL_SHARE = 0.5  # of a character's size: narrow enough for the gap between two columns of a dense page
_PITCH_SHARE = 0.42  # of the distance between neighboring points, where no box tells a character's size
LEAF_RATIO = 1.5  # of a leaf's height to its width, where many leaves lie one above the other
_FARTHEST = 1e6  # page pixels; a submission may hold any number


@dataclass(frozen=True)
class Layout:
    """Where a page's writing goes.

    Attributes:
        size_hw: height and width of the page, page pixels.
        unit: height of a label's letters, page pixels.
    """

    size_hw: tuple[int, int]
    unit: float


def lay_out(marks: Sequence[Mark], size_hw: tuple[int, int]) -> Layout:
    """Chooses the size of the labels for a page."""
    boxes = [box for mark in marks if (box := mark.truth_box or mark.read_box)]
    if boxes:
        sides = [np.sqrt(max(x1 - x0, 1.0) * max(y1 - y0, 1.0)) for x0, y0, x1, y1 in boxes]
        wished = _LABEL_SHARE * float(np.median(sides))
    else:
        wished = _PITCH_SHARE * _pitch(marks)
    # A label is never too small to be read in the scan at display size, nor so large that it hides its neighbors.
    height = min(size_hw[0], LEAF_RATIO * size_hw[1]) if is_long(size_hw) else size_hw[0]
    smallest, largest = height / 130, height / 30
    return Layout(size_hw, float(np.clip(wished, smallest, largest)))


def size_of(marks: Sequence[Mark]) -> tuple[int, int]:
    """A page size (height, width) that holds every mark, for a page whose image cannot be read."""
    corners = [
        corner
        for mark in marks
        for box in (mark.read_box, mark.truth_box, _point_box(mark))
        if box
        for corner in ((box[3], box[2]),)
    ]
    if not corners:
        return 1000, 700
    height, width = np.clip(np.max(corners, axis=0) * 1.05, 100, 20_000)
    return int(height), int(width)


def _point_box(mark: Mark) -> Box | None:
    return (*mark.point, *mark.point) if mark.point else None


def _pitch(marks: Sequence[Mark]) -> float:
    """Median distance from a point to the nearest other one, 0 for fewer than two."""
    points = np.array([mark.point for mark in marks if mark.point], np.float64).reshape(-1, 2)
    if len(points) < 2:
        return 0.0
    points = np.clip(points, -_FARTHEST, _FARTHEST)
    # A tree, not all pairs: a handscroll has thousands of points.
    distances, _ = NearestNeighbors(n_neighbors=2, metric="chebyshev").fit(points).kneighbors(points)
    return float(np.median(distances[:, 1]))
