"""Whole books held out for validation."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.config import BookSplit

_BY_BOOK = "by book; held out: "


def held_out_books(
    book_ids: Sequence[str], book_index: NDArray[np.int64], split: BookSplit, strata: NDArray[np.int64] | None = None
) -> tuple[str, ...]:
    """The books to hold out, sorted.

    Args:
        book_ids: the distinct books, sorted.
        book_index: int64 (N,), the book of each item that may be held out, as a place in `book_ids`; the folds get
            about the same number of items.
        split: how.
        strata: int64 (N,), the class of each item, where folds shall have about the same share of every class.

    Raises:
        TrainingError: if a named book does not exist, or there are fewer books than folds.
    """
    names = [book_ids[index] for index in np.unique(book_index)]
    if split.validation_books:
        unknown = sorted(set(split.validation_books) - set(names))
        if unknown:
            raise TrainingError(f"cannot hold out book {unknown[0]}: the books are {', '.join(names) or 'none'}")
        return tuple(sorted(split.validation_books))
    if split.folds == 0:
        return ()
    if len(names) < split.folds:
        raise TrainingError(
            f"{len(names)} books cannot be dealt into {split.folds} folds: set split.folds to at most the number of "
            "books, or to 0 to train without validation"
        )
    dealer = GroupKFold(split.folds) if strata is None else StratifiedGroupKFold(split.folds)
    with warnings.catch_warnings():
        # Classes with fewer items than there are folds are the rule here.
        warnings.filterwarnings("ignore", message="The least populated class")
        folds = list(dealer.split(book_index, strata, groups=book_index))
    return tuple(book_ids[index] for index in np.unique(book_index[folds[split.fold][1]]))


def describe_books(held_out: Sequence[str]) -> str:
    """The split in words, for a weights file."""
    return _BY_BOOK + (", ".join(held_out) or "none")


def books_of_description(description: str) -> tuple[str, ...]:
    """The books that `describe_books` says were held out; none where it names none."""
    books = description.removeprefix(_BY_BOOK)
    return () if books in {"none", description} else tuple(books.split(", "))
