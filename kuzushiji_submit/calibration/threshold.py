"""The score from which on a character is worth submitting, chosen on pages whose truth is known."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.scoring import Counts, match_page
from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.reading.page_reading import PageReading


@dataclass(frozen=True)
class Threshold:
    """A choice of `min_score`.

    Attributes:
        min_score: characters of at least this score are kept.
        counts: what they then score.
    """

    min_score: float
    counts: Counts


def best_threshold(scores: NDArray[np.float64], hits: NDArray[np.bool_], truths: int) -> Threshold:
    """The threshold with the highest F1; of several the lowest.

    Where scores are the probabilities of hits it is half of that F1 (Lipton et al. 2014, after Ye et al. 2012).

    Args:
        scores: float64 (N,), of every character that was read.
        hits: bool (N,), whether it hits a box of the truth with the right label.
        truths: boxes of the truth, found or not.

    Returns:
        The threshold in the middle between the scores on either side of it; 0 where keeping everything is best.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    tp = np.cumsum(hits[order])
    kept = np.arange(1, len(scores) + 1)
    # Characters of the same score stay or go together.
    ends = np.flatnonzero(np.append(ranked[1:] < ranked[:-1], True)) if len(ranked) else np.zeros(0, np.int64)
    f1 = 2 * tp[ends] / np.maximum(kept[ends] + truths, 1)
    if not len(ends) or f1.max() == 0:
        return Threshold(0.0, Counts(0, len(scores), truths))
    end = int(ends[np.flatnonzero(f1 == f1.max())[-1]])
    counts = Counts(int(tp[end]), int(kept[end] - tp[end]), int(truths - tp[end]))
    below = ranked[end + 1] if end + 1 < len(ranked) else -ranked[end]
    return Threshold(float((ranked[end] + below) / 2), counts)


def judge(pages: Iterable[tuple[PageReading, PageTruth]]) -> tuple[NDArray[np.float64], NDArray[np.bool_], int]:
    """What `best_threshold` takes, from pages read without a threshold."""
    scores, hits, truths = [np.zeros(0)], [np.zeros(0, np.bool_)], 0
    for page, truth in pages:
        scores.append(page.scores)
        hits.append(find_hits(page, truth))
        truths += len(truth)
    return np.concatenate(scores), np.concatenate(hits), truths


def find_hits(page: PageReading, truth: PageTruth) -> NDArray[np.bool_]:
    """Which of N characters hit a box of the truth with the right label, bool (N,).

    The metric takes the first point in a box; here it is the best-scored one, as if the rest had gone first.
    """
    order = np.argsort(-page.scores, kind="stable")
    codepoints = page.codepoints
    labels = tuple(codepoints[place] for place in order)
    match = match_page(truth, PagePoints(page.image_id, labels, page.centers[order]))
    hits = np.zeros(len(page), np.bool_)
    hits[order] = match.box_of_prediction >= 0
    return hits
