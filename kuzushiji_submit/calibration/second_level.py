"""Fits the second level on pages whose truth is known, and finds out on books left out whether it helps.

book     A  B  C  D        trees for A grow on B C D, and so on: every candidate is judged by trees that have not
judged by trees of others  seen its book; the threshold for A is half the F1 of the others judged like that
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.calibration.grow_trees import TreesConfig, grow_trees
from kuzushiji_submit.calibration.threshold import Threshold, best_threshold, find_hits
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.second_level.boosted_trees import BoostedTrees
from kuzushiji_submit.reading.second_level.candidate_judge import SecondLevel
from kuzushiji_submit.reading.second_level.config import FEWEST_BOOKS
from kuzushiji_submit.reading.second_level.features import FEATURES, candidate_features
from recognition.calibration import calibration_error

MOST_FOLDS = 10


@dataclass(frozen=True, eq=False)
class Candidates:
    """The N characters that were read on some pages of one book.

    Attributes:
        book_id: the book.
        rows: float32 (N, F), their features.
        scores: float64 (N,), how sure detector and reader are together.
        hits: bool (N,), whether they are right.
        truths: characters of the truth, found or not; 0 where it is incomplete, and the pages then only teach.
    """

    book_id: str
    rows: NDArray[np.float32]
    scores: NDArray[np.float64]
    hits: NDArray[np.bool_]
    truths: int


@dataclass(frozen=True, eq=False)
class SecondLevelResult:
    """What came out.

    Attributes:
        level: the second level, grown on all books; active if it helped.
        plain: the score without it, thresholds from the books left in.
        judged: the score with it, on books left out.
        error: standard error of the gain in F1, by leaving out one book at a time.
        calibration: expected calibration error of its probabilities on books left out.
        candidates: characters that it learned from.
        books: books they are of.
        plain_by_book: the score without it, of each book.
        judged_by_book: the score with it, of each book, which the trees have not seen.
    """

    level: SecondLevel
    plain: Counts
    judged: Counts
    error: float
    calibration: float
    candidates: int
    books: int
    plain_by_book: Mapping[str, Counts]
    judged_by_book: Mapping[str, Counts]

    @property
    def gain(self) -> float:
        """What F1 gains on books left out."""
        return self.judged.f1 - self.plain.f1


def candidates_of(page: PageReading, truth: PageTruth) -> Candidates:
    """What a page teaches whose every character is annotated; it must have been read without a threshold."""
    hits = find_hits(page, truth)
    return Candidates(book_of(page.image_id), candidate_features(page), page.scores, hits, len(truth))


def fit_second_level(
    pages: Iterable[Candidates], config: TreesConfig | None = None, notes: str = ""
) -> SecondLevelResult:
    """Grows the second level, and measures it out of fold.

    Args:
        pages: candidates of books that neither recognizer nor detector was trained on.
        config: how the trees are grown.
        notes: what the pages are, for the file.

    Raises:
        CompetitionFileError: if fewer than three books have complete truth: two to learn from and choose on, one to
            measure.
    """
    everything = list(pages)
    folds = _folds(everything)
    probabilities = _out_of_fold(everything, folds, config)
    plain = _measure(everything, [page.scores for page in everything], folds, lambda best: best.min_score)
    judged = _measure(everything, probabilities, folds, lambda best: best.counts.f1 / 2)
    before, after = sum(plain.values(), Counts()), sum(judged.values(), Counts())
    names = [{everything[index].book_id for index in fold} for fold in folds]
    by_fold = [[_sum_of(counts, own) for own in names] for counts in (plain, judged)]
    error = _error_of_gain(*by_fold)
    measured = [index for index, page in enumerate(everything) if page.truths]
    scores, hits, truths = _together(everything, probabilities, measured)
    level = SecondLevel(
        trees=_grow(everything, config),
        min_score=best_threshold(scores, hits, truths).counts.f1 / 2,
        active=after.f1 - before.f1 > error,
        figures={"F1 without": before.f1, "F1 with": after.f1, "standard error of the gain": error},
        notes=notes,
    )
    return SecondLevelResult(
        level,
        before,
        after,
        error,
        calibration_error(scores, hits),
        sum(len(page.hits) for page in everything),
        len({page.book_id for page in everything}),
        plain,
        judged,
    )


Scores = Sequence[NDArray[np.float64]]


def _folds(pages: Sequence[Candidates]) -> list[list[int]]:
    """Pages by the fold of their book; the books with the most candidates are dealt out first."""
    sizes: dict[str, int] = {}
    for page in pages:
        sizes[page.book_id] = sizes.get(page.book_id, 0) + len(page.hits)
    measured = {page.book_id for page in pages if page.truths}
    if len(measured) < FEWEST_BOOKS:
        raise CompetitionFileError(
            f"a second level needs annotated pages of {FEWEST_BOOKS} books or more that the reader was not trained on, "
            f"got {len(measured)}: hold out more books"
        )
    # Each fold gets books that it can be measured on.
    count = min(MOST_FOLDS, len(measured))
    ranked = sorted(sizes, key=lambda book: (book not in measured, -sizes[book], book))
    fold_of = {book: place % count for place, book in enumerate(ranked)}
    return [[index for index, page in enumerate(pages) if fold_of[page.book_id] == fold] for fold in range(count)]


def _out_of_fold(pages: Sequence[Candidates], folds: Sequence[list[int]], config: TreesConfig | None) -> Scores:
    """The probabilities of each page's candidates, by trees that have not seen its book."""
    probabilities = [np.zeros(0)] * len(pages)
    for fold in folds:
        trees = _grow([page for index, page in enumerate(pages) if index not in fold], config)
        for index in fold:
            probabilities[index] = trees.probabilities(pages[index].rows)
    return probabilities


def _grow(pages: Sequence[Candidates], config: TreesConfig | None) -> BoostedTrees:
    rows = np.concatenate([np.zeros((0, len(FEATURES)), np.float32), *(page.rows for page in pages)])
    return grow_trees(rows, np.concatenate([np.zeros(0, np.bool_), *(page.hits for page in pages)]), config)


def _measure(
    pages: Sequence[Candidates], scores: Scores, folds: Sequence[list[int]], choose: Callable[[Threshold], float]
) -> dict[str, Counts]:
    """What each book with complete truth scores with the threshold that the other folds ask for."""
    counted: dict[str, Counts] = {}
    for fold in folds:
        others = [index for index, page in enumerate(pages) if index not in fold and page.truths]
        threshold = choose(best_threshold(*_together(pages, scores, others)))
        for index in fold:
            own, hits, truths = _together(pages, scores, [index] if pages[index].truths else [])
            tp = int(hits[own >= threshold].sum())
            found = Counts(tp, int((own >= threshold).sum()) - tp, truths - tp)
            counted[pages[index].book_id] = counted.get(pages[index].book_id, Counts()) + found
    measured = {page.book_id for page in pages if page.truths}
    return {book: counts for book, counts in sorted(counted.items()) if book in measured}


def _sum_of(counts: Mapping[str, Counts], books: Collection[str]) -> Counts:
    return sum((counts[book] for book in books if book in counts), Counts())


def _together(
    pages: Sequence[Candidates], scores: Scores, indices: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], int]:
    """What `best_threshold` takes, of some pages."""
    return (
        np.concatenate([np.zeros(0), *(scores[index] for index in indices)]),
        np.concatenate([np.zeros(0, np.bool_), *(pages[index].hits for index in indices)]),
        sum(pages[index].truths for index in indices),
    )


def _error_of_gain(before: list[Counts], after: list[Counts]) -> float:
    """The standard error of the gain in F1, from the gains without one fold each (the jackknife; Tukey 1958)."""
    gains = [
        sum(after[:fold] + after[fold + 1 :], Counts()).f1 - sum(before[:fold] + before[fold + 1 :], Counts()).f1
        for fold in range(len(before))
    ]
    return float(np.sqrt((len(gains) - 1) * np.var(gains)))
