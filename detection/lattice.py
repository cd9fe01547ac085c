"""Every way to cut a column into characters, and the best one.

The classical over-segmentation lattice: cuts are nodes, a stretch between two cuts is a candidate character, and a segmentation is
a path. Stretches may be skipped.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.profiles import Profile


@dataclass(frozen=True)
class Candidates:
    """The candidate characters of one column; arrays of N candidates.

    Attributes:
        begin: int64 (N,), index of the cut above.
        end: int64 (N,), index of the cut below.
        boxes: float32 (N, 4), xyxy of the ink between the cuts, map pixels.
        features: float32 (N, F), see `FEATURES`; lengths in units of the character size.
    """

    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    boxes: NDArray[np.float32]
    features: NDArray[np.float32]


FEATURES = (
    "width", "height", "density", "darkness", "cut_above", "cut_below", "runs_above", "runs_below",
    "gap_above", "gap_below", "gap_inside", "cut_inside", "pieces", "runs_mean", "column_width", "column_height",
    "offset", "ink",
)  # fmt: skip


def column_candidates(profile: Profile, cuts: NDArray[np.intp], unit: float, tallest: float) -> Candidates:
    """Form every candidate between two cuts that is not taller than `tallest` units.

    Args:
        profile: the column.
        cuts: sorted rows, first 0 and last R.
        unit: the character size in pixels.
        tallest: in units.

    Returns:
        Candidates, ordered by their number of pieces, then by the cut above.
    """
    pieces = _pieces(profile, cuts)
    at_cut, runs_at_cut, gap_at_cut = _cut_values(profile, cuts, unit)
    column_width = _column_width(profile) / unit
    axis = _axis(profile, unit)
    n = len(cuts) - 1
    top, bottom, left, right = (pieces[:, k].copy() for k in range(4))
    tables: list[NDArray[np.float64]] = []
    gap_inside, cut_inside = np.zeros(n), np.full(n, 9.0)
    area, weight, run_sum = (np.concatenate([[0], np.cumsum(pieces[:, k])]) for k in (4, 5, 6))
    rows_with_ink = np.concatenate([[0], np.cumsum(pieces[:, 7])])
    for span in range(1, n + 1):
        begin = np.arange(n - span + 1)
        end = begin + span
        if span > 1:
            top, bottom = np.minimum(top[:-1], pieces[span - 1 :, 0]), np.maximum(bottom[:-1], pieces[span - 1 :, 1])
            left, right = np.minimum(left[:-1], pieces[span - 1 :, 2]), np.maximum(right[:-1], pieces[span - 1 :, 3])
            gap_inside = np.maximum(gap_inside[:-1], gap_at_cut[end - 1])
            cut_inside = np.minimum(cut_inside[:-1], at_cut[end - 1])
        height, width = (bottom - top) / unit, (right - left) / unit
        ink = area[end] - area[begin]
        middle = axis[np.clip((top + bottom) // 2, 0, len(axis) - 1).astype(np.intp)]
        table = np.stack(
            [
                width, height, ink / np.maximum(1, (bottom - top) * (right - left)),
                (weight[end] - weight[begin]) / np.maximum(1, ink) / 255, at_cut[begin], at_cut[end],
                runs_at_cut[begin], runs_at_cut[end], gap_at_cut[begin], gap_at_cut[end], gap_inside, cut_inside,
                np.full(len(begin), span), (run_sum[end] - run_sum[begin]) / np.maximum(1, rows_with_ink[end] - rows_with_ink[begin]),
                np.full(len(begin), column_width), np.full(len(begin), len(profile.ink) / unit),
                ((left + right) / 2 - middle) / unit, ink / unit**2,
                begin, end, left, top + profile.top, right, bottom + profile.top,
            ],
            axis=1,
        )  # fmt: skip
        good = (ink > 0) & (height <= tallest)
        if not good.any() and span > 1:
            break
        tables.append(table[good])
    table = np.concatenate(tables) if tables else np.zeros((0, len(FEATURES) + 6))
    f = len(FEATURES)
    return Candidates(
        begin=table[:, f].astype(np.int64),
        end=table[:, f + 1].astype(np.int64),
        boxes=table[:, f + 2 :].astype(np.float32),
        features=table[:, :f].astype(np.float32),
    )


def _pieces(profile: Profile, cuts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Per stretch between neighboring cuts (n, 8): top, bottom, left, right, ink, weight, runs, rows with ink."""
    n = len(cuts) - 1
    out = np.zeros((n, 8))
    starts = cuts[:-1]
    inked = profile.ink > 0
    rows = np.arange(len(profile.ink))
    out[:, 0] = np.minimum.reduceat(np.where(inked, rows, 1 << 30), starts)
    out[:, 1] = np.maximum.reduceat(np.where(inked, rows + 1, -1), starts)
    out[:, 2] = np.minimum.reduceat(profile.left, starts)
    out[:, 3] = np.maximum.reduceat(profile.right, starts)
    for k, values in enumerate((profile.ink, profile.weight, profile.runs, inked), start=4):
        out[:, k] = np.add.reduceat(values.astype(np.float64), starts)
    return out


def _cut_values(
    profile: Profile, cuts: NDArray[np.intp], unit: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """At every cut: ink crossed and strokes crossed (0 in a gap), height of the gap; the column's ends are wide gaps."""
    inked = profile.ink > 0
    rows = np.arange(len(inked))
    before = np.maximum.accumulate(np.where(inked, rows, -1))
    after = np.minimum.accumulate(np.where(inked, rows, len(inked))[::-1])[::-1]
    inner = cuts[1:-1]
    thin = np.minimum(profile.ink[inner - 1], profile.ink[inner])
    gap = np.where(thin == 0, np.maximum(after[inner] - before[np.maximum(0, inner - 1)] - 1, 1), 0)
    runs = np.minimum(profile.runs[inner - 1], profile.runs[inner])
    wide = 2.0
    return (
        np.concatenate([[0], thin / unit, [0]]),
        np.concatenate([[0], runs, [0]]).astype(np.float64),
        np.concatenate([[wide], np.minimum(gap / unit, wide), [wide]]),
    )


def _column_width(profile: Profile) -> float:
    """How wide the column's rows with ink are, at the 90th percentile of windows."""
    widths = (profile.right - profile.left)[profile.ink > 0]
    return float(np.percentile(widths, 90)) if len(widths) else 0.0


def _axis(profile: Profile, unit: float) -> NDArray[np.float64]:
    """The smoothed middle of the ink, row by row."""
    inked = profile.ink > 0
    middle = np.where(inked, (profile.left + profile.right) / 2, 0.0)
    reach = max(1, round(2 * unit))
    kernel = np.ones(2 * reach + 1)
    total = np.convolve(np.pad(middle * profile.ink, reach), kernel, mode="valid")
    count = np.convolve(np.pad(profile.ink, reach), kernel, mode="valid")
    return np.asarray(total / np.maximum(count, 1), np.float64)


def best_path(begin: NDArray[np.int64], end: NDArray[np.int64], gain: NDArray[np.float32]) -> NDArray[np.intp]:
    """Choose candidates that do not overlap and gain most; a stretch may also be skipped, for nothing.

    Args:
        begin: int64 (N,), node above.
        end: int64 (N,), node below, greater than `begin`.
        gain: float32 (N,).

    Returns:
        Indices of the chosen candidates from top to bottom.
    """
    if len(begin) == 0:
        return np.zeros(0, np.intp)
    last = int(end.max())
    order = np.argsort(end, kind="stable")
    bounds = np.searchsorted(end[order], np.arange(last + 2))
    best = np.zeros(last + 1)
    chosen = np.full(last + 1, -1)
    for node in range(1, last + 1):
        best[node] = best[node - 1]
        here = order[bounds[node] : bounds[node + 1]]
        if len(here):
            totals = best[begin[here]] + gain[here]
            top = int(np.argmax(totals))
            if totals[top] > best[node]:
                best[node], chosen[node] = totals[top], here[top]
    path: list[int] = []
    node = last
    while node > 0:
        if chosen[node] < 0:
            node -= 1
        else:
            path.append(int(chosen[node]))
            node = int(begin[chosen[node]])
    return np.asarray(path[::-1], np.intp)
