"""A column seen row by row, and the places where it may be cut."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Profile:
    """One column, row by row; all arrays (R,), row 0 is the column's first row with ink.

    Attributes:
        top: page row of row 0.
        ink: float32, ink pixels in the row.
        left: int32, first ink pixel (a huge value without ink).
        right: int32, one past the last ink pixel (-1 without ink).
    """

    top: int
    ink: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]


_NO_LEFT = 1 << 30


def column_profiles(columns: NDArray[np.int32]) -> list[Profile]:
    """Turn a map of column numbers into one profile a column.

    Args:
        columns: int32 (H, W), 0 outside the ink, else 1 + the index of the column.

    Returns:
        The profiles of the columns that have ink, in the order of their numbers.
    """
    rows, across = np.nonzero(columns)
    number = columns[rows, across]
    order = np.argsort(number, kind="stable")
    rows, across, number = rows[order], across[order], number[order]
    edges = np.flatnonzero(np.diff(number, prepend=-1, append=-1))
    return [_profile(rows[begin:end], across[begin:end]) for begin, end in pairwise(edges)]


def _profile(rows: NDArray[np.intp], across: NDArray[np.intp]) -> Profile:
    """The profile of one column's pixels (P,), sorted by row, then across."""
    top = int(rows[0])
    row = rows - top
    height = int(row[-1]) + 1
    first = np.flatnonzero(np.diff(row, prepend=-1))
    last = np.append(first[1:], len(row)) - 1
    left = np.full(height, _NO_LEFT, np.int32)
    right = np.full(height, -1, np.int32)
    left[row[first]] = across[first]
    right[row[last]] = across[last] + 1
    return Profile(
        top=top,
        ink=np.bincount(row, minlength=height).astype(np.float32),
        left=left,
        right=right,
    )


def candidate_cuts(profile: Profile, unit: float, spacing: float, longest: float) -> NDArray[np.intp]:
    """Find the rows where the column may be cut: in every gap, and where the ink across is thinnest.

    Args:
        profile: the column.
        unit: the character size in pixels.
        spacing: a thin place is the thinnest within this many units; cuts lie at least half as far apart.
        longest: stretches longer than this many units without a thin place are cut evenly.

    Returns:
        Sorted rows, the first 0 and the last R; a cut at row r separates rows before r from rows from r on.
    """
    height = len(profile.ink)
    reach = max(1, round(spacing * unit))
    smooth = _smooth(profile.ink, max(1, reach // 3))
    low = _sliding_minimum(smooth, reach)
    flat = np.flatnonzero(smooth <= low + 1e-6)
    # A flat bottom (a gap, the shaft of a long stroke) gives one cut in its middle, if short, else one at each end too.
    cuts: list[int] = [0, height]
    for run in np.split(flat, np.flatnonzero(np.diff(flat) != 1) + 1):
        if len(run) == 0:
            continue
        cuts.append(int(run[len(run) // 2]))
        if len(run) > 2 * reach and smooth[run[0]] > 0:
            cuts += [int(run[0]) + reach // 2, int(run[-1]) - reach // 2]
    kept = _thin_out(sorted(set(cuts)), max(1, reach // 2), height)
    return np.asarray(_fill(kept, longest * unit), np.intp)


def _thin_out(cuts: list[int], least: int, height: int) -> list[int]:
    """Drop cuts closer than `least` to the one before or to the end."""
    kept = [0]
    for cut in cuts:
        if cut - kept[-1] >= least and height - cut >= least:
            kept.append(cut)
    return [*kept, height]


def _fill(cuts: list[int], longest: float) -> list[int]:
    """Add evenly spaced cuts where two lie further apart than `longest`."""
    filled = [cuts[0]]
    for before, after in pairwise(cuts):
        parts = max(1, int(np.ceil((after - before) / max(1.0, longest))))
        filled += [before + (after - before) * k // parts for k in range(1, parts + 1)]
    return filled


def _smooth(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """A triangular moving average (a box average twice)."""
    kernel = np.ones(reach, np.float32) / reach
    kernel = np.convolve(kernel, kernel)
    padded = np.pad(values, (len(kernel) // 2, len(kernel) // 2))
    return np.convolve(padded, kernel, mode="valid")[: len(values)].astype(np.float32)


def _sliding_minimum(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """The least value within `reach` on both sides."""
    padded = np.pad(values, reach, constant_values=np.inf)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1), np.float32)
