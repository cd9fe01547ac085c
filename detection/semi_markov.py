"""Segmentations of columns as a semi-Markov model: how likely each candidate is, all ways to segment a column considered.

A segmentation's weight is the exponential of the summed potentials of its candidates and of the stretches it skips; a candidate's
marginal is the share of all segmentations that contain it (Sarawagi & Cohen 2004, semi-Markov conditional random fields).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.lattice import best_path


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
    with np.errstate(invalid="ignore"):
        log = (
            forward[graph.column, graph.begin] + potential + backward[graph.column, graph.end] - partition[graph.column]
        )
    return np.nan_to_num(np.exp(np.minimum(log, 0.0)))


def sums(
    graph: Graph, potential: NDArray[np.float64], skip: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Log weights of all ways from the top to a cut (C, P + 1), from a cut to the bottom (C, P + 1), and through (C,)."""
    columns, pieces, longest = graph.shape
    table = np.full((columns, pieces + 1, longest + 1), -np.inf)
    table[graph.column, graph.end, graph.end - graph.begin] = potential
    forward = np.full((columns, pieces + 1), -np.inf)
    forward[:, 0] = 0.0
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


def agreement(tops: NDArray[np.float32], bottoms: NDArray[np.float32], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability that there is a character about here: the sum over candidates that overlap by more than half.

    The same character appears as many candidates whose cuts differ by a few rows; their probabilities belong together.

    Args:
        tops: float32 (N,), of the candidates of one column.
        bottoms: float32 (N,).
        probability: float64 (N,), marginals.

    Returns:
        float64 (N,), in [0, 1].
    """
    out = np.zeros(len(probability))
    live = np.flatnonzero(probability > 2e-3)
    top, bottom = tops[live], bottoms[live]
    shared = np.minimum(bottom[:, None], bottom[None]) - np.maximum(top[:, None], top[None])
    joint = np.maximum(bottom[:, None], bottom[None]) - np.minimum(top[:, None], top[None])
    out[live] = (shared > 0.5 * joint) @ probability[live]
    return np.minimum(out, 1.0)


def expected_best(begin: NDArray[np.int64], end: NDArray[np.int64], probability: NDArray[np.float64], least: float) -> NDArray[np.intp]:
    """Choose the segmentation with the largest expected number of hits, each box costing `least`.

    Args:
        begin: int64 (N,), cut above.
        end: int64 (N,), cut below.
        probability: float64 (N,), that a candidate hits a character.
        least: what a box must bring; half the F1 to be reached is best where probabilities are right (Ye et al. 2012).

    Returns:
        Indices of the chosen candidates from top to bottom.
    """
    return best_path(begin, end, (probability - least).astype(np.float32))
