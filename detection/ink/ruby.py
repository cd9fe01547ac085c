"""Ruby: the small reading aids to the right (at times the left) of a column."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.components import Components


@dataclass(frozen=True)
class RubyConfig:
    """Settings of `remove_ruby`; lengths in units of the page's character size.

    Attributes:
        offset: a piece whose middle lies at least this far beside its column's axis may be ruby.
        clearance: so may only one that begins at least this far from the axis.
        width: ruby is at most this wide.
        column_width: a column of ruby is at most this part as wide as the column it belongs to.
        column_offset: and its axis is at most this far to the right of that column's.
        beside: and this part of its rows lies beside that column.
    """

    offset: float = 0.5
    clearance: float = 0.3
    width: float = 0.57
    column_width: float = 0.62
    column_offset: float = 1.3
    beside: float = 0.6


def remove_ruby(
    columns: NDArray[np.int32], axis_x: NDArray[np.float32], unit: float, config: RubyConfig
) -> NDArray[np.int32]:
    """Take small pieces beside the axis of a column out of it.

    Args:
        columns: int32 (H, W), 0 outside the ink, else 1 + the index of the column.
        axis_x: float32 (columns + 1, H), x of each column's axis in each row; row 0 is unused.
        unit: the character size in pixels.
        config: settings.

    Returns:
        int32 (H, W), the columns without ruby.
    """
    columns = _without_ruby_columns(columns, axis_x, unit, config)
    components = Components.of_mask(np.asarray(columns > 0, np.uint8))
    if len(components) == 0:
        return columns
    ys, xs = np.nonzero(columns)
    piece = components.labels[ys, xs] - 1
    count = len(components)
    off = xs - axis_x[columns[ys, xs], ys]
    mean = np.bincount(piece, weights=off, minlength=count) / np.maximum(1, components.areas)
    nearest = np.full(count, np.inf)
    np.minimum.at(nearest, piece, np.abs(off))
    width = components.boxes[:, 2] - components.boxes[:, 0]
    ruby = (np.abs(mean) > config.offset * unit) & (nearest > config.clearance * unit) & (width < config.width * unit)
    return np.where(np.concatenate([[False], ruby])[components.labels], 0, columns).astype(np.int32)


def _without_ruby_columns(
    columns: NDArray[np.int32], axis_x: NDArray[np.float32], unit: float, config: RubyConfig
) -> NDArray[np.int32]:
    """Drop whole columns that are narrow and run close to the right of a wider one."""
    count = len(axis_x)
    rows, width = _extents(columns, count)
    drop = np.zeros(count, bool)
    for a in range(1, count):
        for b in range(1, count):
            if a == b or width[b] == 0 or width[b] > min(config.width * unit, config.column_width * width[a]):
                continue
            top, bottom = max(rows[a, 0], rows[b, 0]), min(rows[a, 1], rows[b, 1])
            if bottom - top < config.beside * (rows[b, 1] - rows[b, 0]):
                continue
            offset = (axis_x[b, top:bottom] - axis_x[a, top:bottom]).mean()
            drop[b] |= 0 < offset < config.column_offset * unit
    return np.where(drop[columns], 0, columns).astype(np.int32)


def _extents(columns: NDArray[np.int32], count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Per column: first and past-last row, int64 (count, 2), and width: the 90th percentile over its rows."""
    rows = np.zeros((count, 2), np.int64)
    width = np.zeros(count)
    ys, xs = np.nonzero(columns)
    number = columns[ys, xs]
    order = np.argsort(number, kind="stable")
    ys, xs, number = ys[order], xs[order], number[order]
    edges = np.flatnonzero(np.diff(number, prepend=-1, append=-1))
    for begin, end in pairwise(edges):
        y, x = ys[begin:end], xs[begin:end]
        first = np.flatnonzero(np.diff(y, prepend=-1))
        last = np.append(first[1:], len(y)) - 1
        rows[number[begin]] = y[0], y[-1] + 1
        width[number[begin]] = np.percentile(x[last] - x[first] + 1, 90)
    return rows, width
