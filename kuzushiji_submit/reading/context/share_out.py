"""What the eye gave the readings of a place together, shared out anew among them."""

import numpy as np
from numpy.typing import NDArray

# Scores are not trusted beyond this; it also keeps logarithms finite.
SMALLEST = 1e-12


def share_out(
    top_ids: NDArray[np.int64],
    top_scores: NDArray[np.float32],
    places: NDArray[np.intp],
    shares: NDArray[np.float64],
    weighed: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The readings of a page with new scores, best first again.

    How sure a reader is that a place holds any of its readings is not for the text to say: what the readings that are
    weighed have together stays what it is, all others keep theirs.

    Args:
        top_ids: int64 (N, K), class ids.
        top_scores: float32 (N, K), what they have.
        places: intp (M,), the rows that are weighed.
        shares: float64 (M, A), of the first A readings of these, what each is to have of their sum.
        weighed: bool (M, A), which of them are weighed; the shares of a row's weighed ones add up to 1.
    """
    considered = shares.shape[1]
    scores = top_scores[places, :considered].astype(np.float64)
    together = np.where(weighed, scores, 0.0).sum(axis=1, keepdims=True)
    new_scores = top_scores.copy()
    new_scores[places, :considered] = np.where(weighed, together * shares, scores)
    best_first = np.argsort(-new_scores, axis=1, kind="stable")
    return np.take_along_axis(top_ids, best_first, axis=1), np.take_along_axis(new_scores, best_first, axis=1)
