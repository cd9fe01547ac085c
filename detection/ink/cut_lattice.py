"""Every way to cut a column into characters.

The classical over-segmentation lattice: cuts are nodes, a stretch between two cuts is a candidate character, and a
segmentation is a path. Stretches may be skipped.

A column that reads か り, turned on its side with its top to the left. It may be cut where its ink is thin, or in gaps:

    ink          ██▄▄█████   ██▄▄████
    cuts         0  1      2   3     4     0 and 4 are the column's ends

    one piece    ├─┤                       boxes hug the ink: the gap at 2 is in none of them
                    ├────┤
                             ├┤
                               ├────┤
    two pieces   ├───────┤                 か    grown from the candidates of one piece less,
                    ├─────────┤                  until everything is taller than a character can be
                             ├──────┤      り
    three        ├────────────┤
                    ├───────────────┤

    a path       0 ───か──▶ 2 ──り──▶ 4       one segmentation; another is 0 ▶ 1 ▶ 3 ▶ 4, or with stretches skipped

Nothing is decided here. Which candidates look like characters, `geometry` says; which paths are likely, `semi_markov`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.ink.profiles import Profile

FEATURES = (
    "width",
    "height",
    "density",
    "ink",
    "cut_above",
    "cut_below",
    "gap_above",
    "gap_below",
    "gap_inside",
    "cut_inside",
    "offset",
)
"""What is measured of a candidate, in units of the character size.

Size of its ink; share of its box that is ink; area of its ink; ink crossed by the cut above and below; height of the
gap above and below; highest gap and thinnest cut inside; how far its middle lies beside the column's axis.
"""

_OPEN_END = 2.0
"""Gap above the first and below the last piece of a column, in units; no gap counts as wider."""
_NO_CUT = 9.0
"""Stands for the thinnest cut inside a candidate of one piece, in units."""


@dataclass(frozen=True)
class Candidates:
    """The candidate characters of one column; arrays of N candidates.

    Attributes:
        begin: int64 (N,), index of the cut above.
        end: int64 (N,), index of the cut below.
        boxes: float32 (N, 4), xyxy of the ink between the cuts, map pixels.
        features: float32 (N, F), see `FEATURES`.
    """

    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    boxes: NDArray[np.float32]
    features: NDArray[np.float32]


@dataclass
class _Spans:
    """Candidates of one number of pieces, arrays of M; grown piece by piece."""

    top: NDArray[np.float64]
    bottom: NDArray[np.float64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    gap: NDArray[np.float64]
    cut: NDArray[np.float64]

    def grow(self, one: "_Spans", gap_at: NDArray[np.float64], cut_at: NDArray[np.float64]) -> None:
        """Add the next piece below to every candidate that has one."""
        span = len(one.top) - len(self.top) + 1
        self.top = np.minimum(self.top[:-1], one.top[span:])
        self.bottom = np.maximum(self.bottom[:-1], one.bottom[span:])
        self.left = np.minimum(self.left[:-1], one.left[span:])
        self.right = np.maximum(self.right[:-1], one.right[span:])
        self.gap = np.maximum(self.gap[:-1], gap_at[span:-1])
        self.cut = np.minimum(self.cut[:-1], cut_at[span:-1])


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
    one = _pieces(profile, cuts)
    now = _Spans(one.top, one.bottom, one.left, one.right, one.gap, one.cut)
    cut_at, gap_at = _at_cuts(profile, cuts, unit)
    ink = np.concatenate([[0.0], np.cumsum(np.add.reduceat(profile.ink.astype(np.float64), cuts[:-1]))])
    axis = _axis(profile, unit)
    tables = []
    for span in range(1, len(cuts)):
        if span > 1:
            now.grow(one, gap_at, cut_at)
        begin = np.arange(len(now.top))
        end = begin + span
        height, width, area = now.bottom - now.top, now.right - now.left, ink[end] - ink[begin]
        good = (area > 0) & (height <= tallest * unit)
        # More pieces are only taller: once none is low enough, none will be.
        if span > 1 and not good.any():
            break
        middle = axis[np.clip((now.top + now.bottom) // 2, 0, len(axis) - 1).astype(np.intp)]
        columns = (
            width / unit,
            height / unit,
            area / np.maximum(1, height * width),
            area / unit**2,
            cut_at[begin],
            cut_at[end],
            gap_at[begin],
            gap_at[end],
            now.gap,
            now.cut,
            ((now.left + now.right) / 2 - middle) / unit,
            begin,
            end,
            now.left,
            now.top + profile.top,
            now.right,
            now.bottom + profile.top,
        )
        tables.append(np.stack(columns, axis=1)[good])
    table = np.concatenate(tables) if tables else np.zeros((0, len(FEATURES) + 6))
    features, nodes, boxes = np.split(table, [len(FEATURES), len(FEATURES) + 2], axis=1)
    begin, end = nodes.astype(np.int64).T
    return Candidates(begin, end, boxes.astype(np.float32), features.astype(np.float32))


def _pieces(profile: Profile, cuts: NDArray[np.intp]) -> _Spans:
    """The stretches between neighboring cuts."""
    starts = cuts[:-1]
    inked = profile.ink > 0
    rows = np.arange(len(inked))
    return _Spans(
        # Rows without ink must not win: they count as far below for the top, as above everything for the bottom.
        top=np.minimum.reduceat(np.where(inked, rows, 1 << 30), starts).astype(np.float64),
        bottom=np.maximum.reduceat(np.where(inked, rows + 1, -1), starts).astype(np.float64),
        left=np.minimum.reduceat(profile.left, starts).astype(np.float64),
        right=np.maximum.reduceat(profile.right, starts).astype(np.float64),
        gap=np.zeros(len(starts)),
        cut=np.full(len(starts), _NO_CUT),
    )


def _at_cuts(profile: Profile, cuts: NDArray[np.intp], unit: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ink crossed (0 in a gap) and height of the gap at every cut, in units; the column's ends are wide gaps."""
    inked = profile.ink > 0
    rows = np.arange(len(inked))
    before = np.maximum.accumulate(np.where(inked, rows, -1))
    after = np.minimum.accumulate(np.where(inked, rows, len(inked))[::-1])[::-1]
    inner = cuts[1:-1]
    # A cut lies between two rows; what it crosses is what the thinner of them holds.
    thin = np.minimum(profile.ink[inner - 1], profile.ink[inner])
    gap = np.where(thin == 0, np.maximum(after[inner] - before[inner - 1] - 1, 1), 0)
    return (
        np.concatenate([[0.0], thin / unit, [0.0]]),
        np.concatenate([[_OPEN_END], np.minimum(gap / unit, _OPEN_END), [_OPEN_END]]),
    )


def _axis(profile: Profile, unit: float) -> NDArray[np.float64]:
    """X of the ink's middle, row by row, smoothed over two units up and down."""
    middle = np.where(profile.ink > 0, (profile.left + profile.right) / 2, 0.0)
    reach = max(1, round(2 * unit))
    kernel = np.ones(2 * reach + 1)
    # Weighed by ink, so that a lone dot beside the column does not bend its axis.
    total = np.convolve(np.pad(middle * profile.ink, reach), kernel, mode="valid")
    count = np.convolve(np.pad(profile.ink, reach), kernel, mode="valid")
    return np.asarray(total / np.maximum(count, 1), np.float64)
