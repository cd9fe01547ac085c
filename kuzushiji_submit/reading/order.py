"""Boxes of a page in the order in which they are read.

Japanese of the time runs down columns, columns follow from right to left, and pages add to that: two-row notes
(warigaki) inside a column, menus and calendars in tiers, headings, columns that drift, reading aids (ruby) beside them.

    tier      c a     columns: a, b above, c, d below         note     M          M, then r r, then l l, then N:
    above     c a                                                    l r          the column's chain is cut where it
              - - -   nothing crosses the gap: a c, then b d          l r          forks and where it joins again
    below     d b                                                     N

First boxes are chained downwards, each under the nearest one above it; what hangs together is a column, and within it
chains are cut into runs where they fork or join. Then columns are sorted, and within each column its runs: of two that
lie beside one another the right one comes first, of two above one another the upper one, and so does, where nothing
else speaks, the upper of any two: the rules of Breuel (2003, "High performance document layout analysis"), turned by a
quarter and closed under "comes before" so that one long column parts what lies on its two sides.

An image of many leaves, such as a handscroll, is first cut at the gaps across it; each piece is a page of its own, and
pieces follow from right to left, or from top to bottom.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A box continues the column of the one above if they share this much of the narrower one's width ...
SHARED_WIDTH = 0.4
# ... and the gap between them is at most this many of the page's median heights.
GAP = 2.5
# A step aside costs this many times what a step down costs.
ASIDE = 1.5
# Runs are in different tiers if more than this many median heights lie between the middles of their nearest boxes.
TIER_GAP = 2.0
# A run is ruby if its boxes' sides are below this part of those of the column at its left ...
RUBY_SIZE = 0.55
# ... to whose right edge it is nearer than this many of that column's widths ...
RUBY_REACH = 0.6
# ... and beside which this part of its length lies.
RUBY_BESIDE = 0.6
# ... and which has at least this many boxes.
RUBY_HOST = 4

# What is written on a leaf is at most this many characters long ...
LONGEST_LEAF = 40
# ... and what is written on an open book this many times longer than wide.
LONGEST_PAGE = 2.0
# Pieces of longer images are this many median characters apart.
LEAF_GAP = 1.5
# Boxes that are compared with those near them at once: time and memory grow with the number of boxes, not its square.
BLOCK = 1024

Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ReadingOrder:
    """The N boxes of a page as a reader goes through them.

    Attributes:
        order: intp (N,), the index of the box that is read first, second, ...
        column: intp (N,), by box (not by place in the order) the number of its column; two-row notes are part of the
            column they stand in. Columns are numbered as they are begun.
        ruby: bool (N,), by box, whether it is a reading aid beside a column; ruby follows the run it stands beside.
    """

    order: Ints
    column: Ints
    ruby: Flags

    def __len__(self) -> int:
        return len(self.order)

    @property
    def text(self) -> Ints:
        """The boxes in reading order without ruby, intp (M,)."""
        return self.order[~self.ruby[self.order]]


def read_order(boxes: NDArray[np.float32]) -> ReadingOrder:
    """The reading order of boxes float32 (N, 4) xyxy in page pixels."""
    count = len(boxes)
    exact = boxes.astype(np.float64)
    order, column, ruby = np.zeros(0, np.intp), np.zeros(count, np.intp), np.zeros(count, np.bool_)
    columns = 0
    for piece in _pieces(exact):
        read = _read_piece(exact[piece])
        order = np.concatenate([order, piece[read.order]])
        column[piece], ruby[piece] = read.column + columns, read.ruby
        columns += int(read.column.max()) + 1
    return ReadingOrder(order, column, ruby)


def _pieces(boxes: NDArray[np.float64]) -> list[Ints]:
    """The boxes of the leaves of a long image, leaf by leaf; all in one for a page or an open book."""
    if not len(boxes):
        return []
    lengths = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
    sides = np.median(boxes[:, 2:] - boxes[:, :2], axis=0)
    axis = int(lengths.argmax())
    if lengths[axis] <= LONGEST_PAGE * lengths[1 - axis] or lengths[axis] <= LONGEST_LEAF * sides[axis]:
        return [np.arange(len(boxes))]
    sequence = np.argsort(boxes[:, axis], kind="stable")
    ends, starts = np.maximum.accumulate(boxes[sequence, 2 + axis])[:-1], boxes[sequence, axis][1:]
    cuts = np.flatnonzero(starts - ends > LEAF_GAP * sides[axis]) + 1
    pieces = [np.sort(piece) for piece in np.split(sequence, cuts)]
    return pieces if axis else pieces[::-1]


def _read_piece(exact: NDArray[np.float64]) -> ReadingOrder:
    """The reading order of at least one box float64 (N, 4)."""
    count = len(exact)
    above, below = _neighbors(exact)
    hanging = _rejoin(_hanging_together(above, below), exact)
    runs = _runs(above, below)
    hosts = _ruby(runs, exact)
    order = np.concatenate([runs[run] for run in _sort_all(runs, hosts, hanging, exact)])
    ruby = np.zeros(count, np.bool_)
    for run, host in zip(runs, hosts, strict=True):
        ruby[run] = host >= 0
    numbers = {root: number for number, root in enumerate(dict.fromkeys(hanging[order].tolist()))}
    return ReadingOrder(order, np.array([numbers[root] for root in hanging.tolist()], np.intp), ruby)


def _sort_all(runs: list[Ints], hosts: list[int], hanging: Ints, boxes: NDArray[np.float64]) -> list[int]:
    """The indices of all runs in reading order: halves, columns, runs in a column, ruby behind its run."""
    members: dict[int, list[int]] = {}  # the runs of text in each column
    aids: dict[int, list[int]] = {}  # the ruby of each run
    for index, host in enumerate(hosts):
        if host < 0:
            members.setdefault(int(hanging[runs[index][0]]), []).append(index)
        else:
            aids.setdefault(host, []).append(index)
    inside = list(members.values())
    columns = [_from_top([runs[index] for index in column], boxes) for column in inside]
    ordered: list[int] = []
    for half in _halves(columns, boxes):
        for place in _sort([columns[index] for index in half], boxes):
            column = inside[half[place]]
            for run in (column[index] for index in _sort([runs[index] for index in column], boxes)):
                ordered += [run, *aids.get(run, ())]
    return ordered


def _neighbors(boxes: NDArray[np.float64]) -> tuple[Ints, Ints]:
    """For each box the nearest above and the nearest below that share its column; -1 where there is none."""
    farthest = GAP * float(np.median(boxes[:, 3] - boxes[:, 1]))
    above, below = np.full(len(boxes), -1), np.full(len(boxes), -1)
    cost_above = np.full(len(boxes), np.inf)
    for uppers, lowers in _near(boxes, farthest):
        cost = _cost(boxes[uppers], boxes[lowers], farthest)
        below[uppers] = np.where(np.isfinite(cost.min(axis=1)), lowers[cost.argmin(axis=1)], -1)
        nearer = np.flatnonzero(cost.min(axis=0) < cost_above[lowers])
        above[lowers[nearer]] = uppers[cost.argmin(axis=0)[nearer]]
        cost_above[lowers[nearer]] = cost.min(axis=0)[nearer]
    return above, below


def _near(boxes: NDArray[np.float64], farthest: float) -> Iterator[tuple[Ints, Ints]]:
    """Every box once, in blocks, and with each block all boxes that may lie above or below one of its own."""
    lengths = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
    axis = int(lengths.argmax())
    slack = (0.0, farthest)[axis]
    starts, ends = boxes[:, axis], boxes[:, 2 + axis]
    sequence = np.argsort(starts, kind="stable")
    for first in range(0, len(boxes), BLOCK):
        block = np.sort(sequence[first : first + BLOCK])
        near = (starts <= ends[block].max() + slack) & (ends >= starts[block].min() - slack)
        yield block, np.flatnonzero(near)


def _cost(uppers: NDArray[np.float64], lowers: NDArray[np.float64], farthest: float) -> NDArray[np.float64]:
    """How far each of M boxes is from continuing each of N boxes downwards, (N, M); infinite where it cannot."""
    x0, y0, x1, y1 = (side[:, None] for side in uppers.T)
    left, top, right, bottom = (side[None] for side in lowers.T)
    down = (top + bottom) / 2 - (y0 + y1) / 2  # how far the second lies below the first
    under = np.minimum(x1, right) - np.maximum(x0, left) > SHARED_WIDTH * np.minimum(x1 - x0, right - left)
    # Two boxes that overlap in height are one above the other only if they do not stand side by side.
    under &= down > 0.25 * np.minimum(y1 - y0, bottom - top)
    under &= top - y1 <= farthest
    gap = np.abs(top - y1) + ASIDE * np.abs((left + right) / 2 - (x0 + x1) / 2)
    return np.asarray(np.where(under, gap, np.inf))


def _runs(above: Ints, below: Ints) -> list[Ints]:
    """Chains of boxes from top to bottom, cut where a column forks into two rows and where they join."""
    places = np.arange(len(above))
    linked = (below >= 0) & (above[below] == places)
    forks = np.bincount(above[above >= 0], minlength=len(above)) > 1
    joins = np.bincount(below[below >= 0], minlength=len(above)) > 1
    linked &= ~forks & ~joins[below]
    following = np.where(linked, below, -1).tolist()
    heads = np.setdiff1d(places, below[linked]).tolist()
    runs = []
    for head in heads:
        run = [head]
        while following[run[-1]] >= 0:
            run.append(following[run[-1]])
        runs.append(np.array(run, np.intp))
    return runs


def _hanging_together(above: Ints, below: Ints) -> Ints:
    """For each box the number of its column, in no order: whatever hangs together, forks included."""
    roots = np.arange(len(above))
    while True:
        spread = roots.copy()
        for neighbors in (above, below):
            linked = np.flatnonzero(neighbors >= 0)
            np.minimum.at(spread, linked, spread[neighbors[linked]])
            np.minimum.at(spread, neighbors[linked], spread[linked])
        if (spread == roots).all():
            return roots
        roots = spread[spread]


def _rejoin(hanging: Ints, boxes: NDArray[np.float64]) -> Ints:
    """Columns as before, but the rest of a broken one, with nothing else at its height, is part of what is above it."""
    roots = np.unique(hanging)
    columns = [np.flatnonzero(hanging == root) for root in roots]
    extents = _extents(columns, boxes)
    under = (extents[None, :, 1] >= extents[:, None, 3]) & _in_one_column(extents)  # the second under the first
    beside = (extents[:, None, 1] < extents[None, :, 3]) & (extents[None, :, 1] < extents[:, None, 3])
    joined = hanging.copy()
    for column in np.argsort(extents[:, 1], kind="stable"):
        uppers = np.flatnonzero(under[:, column])
        if len(uppers) and beside[column].sum() == 1:  # beside itself alone
            nearest = uppers[extents[uppers, 3].argmax()]
            joined[columns[column]] = joined[columns[nearest][0]]
    return joined


def _in_one_column(extents: NDArray[np.float64]) -> Flags:
    """Bool (R, R): whether two share enough of the narrower one's width to stand above one another."""
    left, _, right, _ = extents.T
    widths = right - left
    shared = np.minimum(right[:, None], right[None, :]) - np.maximum(left[:, None], left[None, :])
    return np.asarray(shared > SHARED_WIDTH * np.minimum(widths[:, None], widths[None, :]), np.bool_)


def _from_top(runs: list[Ints], boxes: NDArray[np.float64]) -> Ints:
    """The boxes of several runs by the height of their middles."""
    together = np.concatenate(runs)
    return together[np.argsort(boxes[together, 1] + boxes[together, 3], kind="stable")]


def _extents(runs: list[Ints], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each run covers, float64 (R, 4) xyxy."""
    return np.array([(*boxes[run, :2].min(axis=0), *boxes[run, 2:].max(axis=0)) for run in runs]).reshape(-1, 4)


def _ruby(runs: list[Ints], boxes: NDArray[np.float64]) -> list[int]:
    """The index of the run that each run is ruby of, -1 for text."""
    extents = _extents(runs, boxes)
    sides = np.array([np.median(boxes[run, 2:] - boxes[run, :2], axis=0) for run in runs])
    middles = (extents[:, 0] + extents[:, 2]) / 2
    lengths = extents[:, 3] - extents[:, 1]
    beside = np.minimum(extents[:, None, 3], extents[None, :, 3]) - np.maximum(extents[:, None, 1], extents[None, :, 1])
    away = middles[:, None] - extents[None, :, 2]  # from the column's right edge to the small run's middle
    hosts = (sides[:, None] < RUBY_SIZE * sides[None, :]).all(axis=2)
    hosts &= (away > 0) & (away < RUBY_REACH * sides[None, :, 0]) & (beside > RUBY_BESIDE * lengths[:, None])
    hosts &= np.array([len(run) >= RUBY_HOST for run in runs])
    nearest = np.where(hosts, away, np.inf).argmin(axis=1)
    found = np.where(hosts.any(axis=1), nearest, -1)
    # What hangs beside ruby is not ruby.
    return [int(host) if host >= 0 and found[host] < 0 else -1 for host in found]


def _halves(columns: list[Ints], boxes: NDArray[np.float64]) -> list[list[int]]:
    """The columns of the right page and of the left one where the image is a spread, else all of them together.

    A spread is wider than high, and its gutter is the widest gap near the middle that no column crosses.
    """
    extents = _extents(columns, boxes)
    left, top = extents[:, 0].min(), extents[:, 1].min()
    right, bottom = extents[:, 2].max(), extents[:, 3].max()
    everything = list(range(len(columns)))
    if right - left <= bottom - top:
        return [everything]
    ordered = np.argsort(extents[:, 0], kind="stable")
    ends, starts = np.maximum.accumulate(extents[ordered, 2])[:-1], extents[ordered, 0][1:]
    middles = (starts + ends) / 2
    central = np.abs(middles - (left + right) / 2) < 0.15 * (right - left)
    gaps = np.where(central, starts - ends, 0.0)
    if not len(gaps) or gaps.max() < 2 * float(np.median(boxes[:, 2] - boxes[:, 0])):
        return [everything]
    gutter = middles[gaps.argmax()]
    at_right = extents[:, 0] > gutter
    return [np.flatnonzero(at_right).tolist(), np.flatnonzero(~at_right).tolist()]


def _sort(runs: list[Ints], boxes: NDArray[np.float64]) -> list[int]:
    """The indices of runs, or columns, in reading order; the boxes of each from top to bottom."""
    before = _closure(_sure_pairs(runs, boxes))
    extents = _extents(runs, boxes)
    higher = extents[:, None, 3] + extents[:, None, 1] < extents[None, :, 3] + extents[None, :, 1]
    before |= higher & ~before & ~before.T
    np.fill_diagonal(before, val=False)
    waiting = before.sum(axis=0)  # how many runs come before each
    ordered: list[int] = []
    for _ in runs:
        # Where the rules contradict one another, the run that the fewest others should precede goes first.
        first = int(waiting.argmin())
        ordered.append(first)
        waiting = waiting - before[first]
        waiting[first] = len(runs) ** 2
    return ordered


def _sure_pairs(runs: list[Ints], boxes: NDArray[np.float64]) -> Flags:
    """Bool (R, R): whether a run comes before another because it lies right of it, or above it in the same column."""
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    heights = boxes[:, 3] - boxes[:, 1]
    tops, bottoms = (np.array([middles[run[end], 1] for run in runs]) for end in (0, -1))
    high, low = np.maximum(tops[:, None], tops[None, :]), np.minimum(bottoms[:, None], bottoms[None, :])
    beside = low - high > -TIER_GAP * np.median(heights)
    # Columns may lean: their axes are compared in the middle of what they have in common.
    common = (high + low) / 2
    axes = np.array([np.interp(common[index], middles[run, 1], middles[run, 0]) for index, run in enumerate(runs)])
    apart = _in_one_column(_extents(runs, boxes)) & (low <= high)
    upper = apart & (bottoms[:, None] <= tops[None, :])
    return np.asarray((~apart & beside & (axes > axes.T)) | upper, np.bool_)


def _closure(before: Flags) -> Flags:
    """Whatever comes before by any number of steps (Warshall 1962)."""
    closed = before.copy()
    for middle in range(len(closed)):
        closed |= closed[:, middle, None] & closed[None, middle]
    return closed
