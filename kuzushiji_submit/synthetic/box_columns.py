"""Vertical columns found among the boxes of a page: which character follows which."""

import numpy as np

from kuzushiji_submit.synthetic.types import FloatArray


def successors(boxes: FloatArray) -> list[int]:
    """The box that follows each box down its column.

    A follows B when their centers are nearly above one another, A is the nearest such box below B, and B the nearest
    above A.

    Args:
        boxes: (N, 4) xyxy in page pixels.

    Returns:
        For each box the index of its successor, -1 at the end of a column.
    """
    count = len(boxes)
    if count < 2:
        return [-1] * count
    center_x = (boxes[:, 0] + boxes[:, 2]) / 2
    center_y = (boxes[:, 1] + boxes[:, 3]) / 2
    height = boxes[:, 3] - boxes[:, 1]
    typical_w, typical_h = float(np.median(boxes[:, 2] - boxes[:, 0])), float(np.median(height))
    aside = np.abs(center_x[None, :] - center_x[:, None])
    below = center_y[None, :] - center_y[:, None]
    gap = boxes[None, :, 1] - boxes[:, None, 3]
    allowed = (aside < 0.6 * typical_w) & (below > 0.25 * height[:, None]) & (gap < 1.5 * typical_h)
    cost = np.where(allowed, below + 1.5 * aside, np.inf)
    best_below, best_above = cost.argmin(axis=1), cost.argmin(axis=0)
    linked = np.isfinite(cost.min(axis=1)) & (best_above[best_below] == np.arange(count))
    return [int(follower) if link else -1 for follower, link in zip(best_below, linked, strict=True)]


def group_columns(boxes: FloatArray) -> list[list[int]]:
    """The boxes as columns, each from top to bottom, from the right-most column to the left-most.

    Args:
        boxes: (N, 4) xyxy in page pixels.
    """
    following = successors(boxes)
    heads = sorted(set(range(len(boxes))) - set(following))
    columns: list[list[int]] = []
    for head in heads:
        column = [head]
        while following[column[-1]] >= 0:
            column.append(following[column[-1]])
        columns.append(column)
    return sorted(columns, key=lambda column: -float(np.median(boxes[column, 0] + boxes[column, 2])))
