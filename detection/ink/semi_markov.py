"""Segmentations of columns as a semi-Markov model: how likely each candidate is, all segmentations considered.

A segmentation's weight is the exponential of the summed potentials of its candidates and of the stretches it skips; a
candidate's marginal is the share of all segmentations that contain it (Sarawagi & Cohen 2004, semi-Markov conditional
random fields).

Semi-Markov, because a step may be of any length: one candidate can span several pieces.

    cut          0        1        2        3
                 ●───a───▶●───b───▶●───c───▶●      every way from 0 to 3 is a segmentation; a letter is a candidate with
                 ╰───────d────────▶╯                its potential, s leaves a piece out
                 ╰┄┄┄s┄┄┄▶╯┄┄┄s┄┄┄▶╯┄┄┄s┄┄┄▶╯

    forward[2]   log of the summed weights of all ways 0 ▶ 2:    a b,  d,  a s,  s b,  s s
    backward[2]  the same of all ways 2 ▶ 3:                     c,  s
    partition    forward[3]: all ways there are

    P(d)     =   exp(forward[0] + potential(d) + backward[2] - partition)
                     └ before d             └ after d         └ out of all

Both sums cost one pass over the cuts, all columns of a page side by side, although the ways are exponentially many.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.boxes import centers_inside


@dataclass(frozen=True)
class Graph:
    """The lattices of several columns, C columns of at most P pieces, N candidates in all.

    Attributes:
        column: int64 (N,), column of each candidate.
        begin: int64 (N,), cut above.
        end: int64 (N,), cut below.
        pieces: int64 (C,), pieces in each column.
    """

    column: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    pieces: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Columns, most pieces in a column, most pieces in a candidate."""
        longest = int((self.end - self.begin).max(initial=1))
        return len(self.pieces), int(self.pieces.max(initial=0)), longest


def marginals(graph: Graph, potential: NDArray[np.float64], skip: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of every candidate, by the forward-backward algorithm over all columns at once.

    Args:
        graph: the lattices.
        potential: float64 (N,), log weight of each candidate; -inf forbids it.
        skip: float64 (C, P), log weight of leaving out each piece; 0 beyond a column's end.

    Returns:
        float64 (N,), in [0, 1].
    """
    forward, backward, partition = sums(graph, potential, skip)
    # -inf - -inf where a column has no way at all: not a number, and 0 in the end.
    with np.errstate(invalid="ignore"):
        log = (
            forward[graph.column, graph.begin] + potential + backward[graph.column, graph.end] - partition[graph.column]
        )
    return np.nan_to_num(np.exp(np.minimum(log, 0.0)))


def sums(
    graph: Graph, potential: NDArray[np.float64], skip: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Log weights of all ways from the top to each cut and from it to the bottom, (C, P + 1), and through, (C,)."""
    columns, pieces, longest = graph.shape
    table = np.full((columns, pieces + 1, longest + 1), -np.inf)
    table[graph.column, graph.end, graph.end - graph.begin] = potential
    # Columns shorter than the longest go on with skips of weight 0 beyond their end, so that all end at the same cut.
    forward = np.full((columns, pieces + 1), -np.inf)
    forward[:, 0] = 0.0
    # table[c, e, l] is the candidate of l pieces that ends at cut e; ways[:, l - 1] comes from l cuts above.
    for node in range(1, pieces + 1):
        reach = min(node, longest)
        ways = forward[:, node - reach : node][:, ::-1] + table[:, node, 1 : reach + 1]
        forward[:, node] = _log_sum(ways, forward[:, node - 1] + skip[:, node - 1])
    backward = np.full((columns, pieces + 1), -np.inf)
    backward[:, pieces] = 0.0
    for node in range(pieces - 1, -1, -1):
        spans = np.arange(1, min(pieces - node, longest) + 1)
        ways = backward[:, node + spans] + table[:, node + spans, spans]
        backward[:, node] = _log_sum(ways, backward[:, node + 1] + skip[:, node])
    return forward, backward, forward[:, pieces]


def _log_sum(ways: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """log(sum(exp(ways), axis 1) + exp(other)), safe for -inf."""
    both = np.concatenate([ways, other[:, None]], axis=1)
    highest = both.max(axis=1)
    finite = np.where(np.isfinite(highest), highest, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(finite + np.log(np.exp(both - finite[:, None]).sum(axis=1)), np.float64)


def expected_hits(
    boxes: NDArray[np.float32],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    probability: NDArray[np.float64],
    least: float,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Choose the boxes of one column that are expected to hit most characters, each box costing `least`.

    A box hits where its center lies in the character's box, and a character counts once: the same character appears as
    many candidates whose cuts differ by a few rows, so a candidate's own marginal says little, and two boxes in one
    character bring one hit. Both are summed over the candidates a center lies in; double hits are counted between
    neighbors.

    Args:
        boxes: float32 (N, 4), xyxy, the candidates of one column.
        begin: int64 (N,), cut above.
        end: int64 (N,), cut below.
        probability: float64 (N,), marginals.
        least: what a box must bring; half the F1 to be reached is best where probabilities are right (Ye et al. 2012).

    Returns:
        Indices of the chosen candidates from top to bottom, and float64 their probabilities to hit, in [0, 1].
    """
    live = np.flatnonzero(probability > _NEGLIGIBLE)
    inside = centers_inside(boxes[live], boxes[live]).astype(np.float64)
    hit = np.minimum(inside @ probability[live], 1.0)
    useful = np.flatnonzero(hit > least)
    useful = useful[np.lexsort((end[live[useful]], begin[live[useful]]))]
    # double[i, j]: how probable one character is that both i and j would hit. It pays once, so it is taken off once.
    double = (inside[useful] * probability[live]) @ inside[useful].T
    path = _best_chain(begin[live[useful]], end[live[useful]], hit[useful] - least, double)
    return live[useful[path]], hit[useful[path]]


def likeliest_extents(
    boxes: NDArray[np.float32], probability: NDArray[np.float64], chosen: NDArray[np.intp]
) -> NDArray[np.intp]:
    """For each chosen candidate, the one with the highest expected overlap with the character at its center.

    `expected_hits` looks for places, and a piece in the middle of a character is as good a place as the whole; whoever
    reads the character needs its extent.

    Args:
        boxes: float32 (N, 4), xyxy, the candidates of one column.
        probability: float64 (N,), marginals.
        chosen: indices of M candidates.

    Returns:
        Indices of M candidates, each with the center of its chosen one inside.
    """
    live = np.union1d(np.flatnonzero(probability > _NEGLIGIBLE), chosen)
    inside = centers_inside(boxes[live], boxes[live])[np.searchsorted(live, chosen)]
    weights = inside * probability[live]  # (M, L)
    top, bottom = boxes[live, 1], boxes[live, 3]
    shared = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    joint = np.maximum(bottom[:, None], bottom) - np.minimum(top[:, None], top)
    expected = weights @ (np.maximum(shared, 0) / joint)
    extents: NDArray[np.intp] = live[np.argmax(np.where(weights > 0, expected, -1.0), axis=1)]
    return extents


_NEGLIGIBLE = 2e-3


def _best_chain(
    begin: NDArray[np.int64], end: NDArray[np.int64], gain: NDArray[np.float64], double: NDArray[np.float64]
) -> NDArray[np.intp]:
    """The chain of disjoint candidates, sorted by `begin`, with most gain less what neighbors `double` (N, N)."""
    count = len(gain)
    best, before = gain.copy(), np.full(count, -1)
    for k in range(1, count):
        totals = np.where(end[:k] <= begin[k], best[:k] - double[k, :k], -np.inf)
        top = int(np.argmax(totals))
        if totals[top] > 0:
            best[k] += totals[top]
            before[k] = top
    path: list[int] = []
    k = int(np.argmax(best)) if count and best.max() > 0 else -1
    while k >= 0:
        path.append(k)
        k = int(before[k])
    return np.asarray(path[::-1], np.intp)
