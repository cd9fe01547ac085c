"""How much boxes of one page have in common, in NumPy: networks take `torchvision.ops` for the same."""

import numpy as np
from numpy.typing import NDArray


def overlaps(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Intersection over union of every box with every other: float32 (N, 4) and (M, 4) xyxy -> float64 (N, M)."""
    shared = shared_areas(boxes, others)
    union = _areas(boxes)[:, None] + _areas(others)[None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9))


def shared_areas(boxes: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """The area that every box has in common with every other: (N, 4) and (M, 4) xyxy -> float64 (N, M)."""
    first, second = boxes[:, None].astype(np.float64), others[None].astype(np.float64)
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    return np.asarray(np.prod(np.maximum(sides, 0), axis=2))


def centers_inside(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether the center of every box lies strictly inside every other: (N, 4) and (M, 4) xyxy -> bool (N, M)."""
    x, y = ((boxes[:, axis] + boxes[:, axis + 2])[:, None] / 2 for axis in (0, 1))
    return np.asarray((others[:, 0] < x) & (x < others[:, 2]) & (others[:, 1] < y) & (y < others[:, 3]))


def median_size(boxes: NDArray[np.float32]) -> float:
    """The median geometric mean of width and height of boxes (N, 4) xyxy; 0.0 without boxes that have an area."""
    sides = boxes[:, 2:] - boxes[:, :2]
    areas = sides[:, 0] * sides[:, 1]
    kept = areas[(sides > 0).all(axis=1)]
    return float(np.sqrt(np.median(kept))) if len(kept) else 0.0


def _areas(boxes: NDArray[np.floating]) -> NDArray[np.float64]:
    exact = boxes.astype(np.float64)
    return np.asarray(np.prod(np.maximum(exact[:, 2:] - exact[:, :2], 0), axis=1))
