"""Which books a fold holds out: the same for every network of a run, and for every run."""

from pathlib import Path

import numpy as np

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.truth import read_repaired_truth
from kuzushiji_submit.core.training.book_split import held_out_books
from kuzushiji_submit.core.training.config import BookSplit


def books_of_fold(train_csv: Path, folds: int, fold: int) -> tuple[str, ...]:
    """The books that a fold holds out, sorted; folds have about the same number of characters.

    Each training would deal what it has, crops or pages, and the two would hold out different books. Then no book would
    be left that neither has seen.

    Args:
        train_csv: the truth of the train pages.
        folds: how many there are; 0 holds nothing out.
        fold: which, from 0.

    Raises:
        CompetitionFileError: if the table cannot be read.
        TrainingError: if there are fewer books than folds.
    """
    if folds == 0:
        return ()
    counts: dict[str, int] = {}
    for page in read_repaired_truth(train_csv):
        counts[book_of(page.image_id)] = counts.get(book_of(page.image_id), 0) + len(page)
    books = sorted(book for book, count in counts.items() if count)
    index = np.repeat(np.arange(len(books)), [counts[book] for book in books])
    return held_out_books(books, index, BookSplit(folds, fold))
