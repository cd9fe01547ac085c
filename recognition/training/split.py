"""Training and validation told apart by book, before anything is balanced or repeated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from recognition.errors import TrainingError
from recognition.training.config import SplitConfig
from recognition.training.sources import MixedCrops


@dataclass(frozen=True)
class Split:
    """Places of crops, disjoint, ascending.

    Attributes:
        train: int64 (T,).
        validation: int64 (V,), empty where nothing is held out.
        validation_books: the books held out, sorted.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    validation_books: tuple[str, ...]

    def describe(self) -> str:
        """In words, for the weights file."""
        books = ", ".join(self.validation_books) or "none"
        return f"by book; held out: {books}"


def split_by_book(crops: MixedCrops, config: SplitConfig) -> Split:
    """Holds out whole books.

    Only sources that validate can give validation crops; but a book that is held out is not trained on in any source.

    Raises:
        TrainingError: if there are fewer books than folds, a named book does not exist, or nothing is left to train on.
    """
    validates = np.array([source.validate for source in crops.sources])[crops.source_index]  # (N,)
    held_out = _held_out_books(crops, np.flatnonzero(validates), config)
    in_held_out = np.isin(crops.book_index, [crops.book_ids.index(book) for book in held_out])
    split = Split(np.flatnonzero(~in_held_out), np.flatnonzero(in_held_out & validates), held_out)
    if not len(split.train):
        raise TrainingError("no crop is left to train on: hold out fewer books, or add crops")
    return split


def _held_out_books(crops: MixedCrops, candidates: NDArray[np.int64], config: SplitConfig) -> tuple[str, ...]:
    books = crops.book_index[candidates]
    present = [crops.book_ids[place] for place in np.unique(books)]
    if config.validation_books:
        unknown = sorted(set(config.validation_books) - set(present))
        if unknown:
            raise TrainingError(f"cannot hold out book {unknown[0]}: the books are {', '.join(present) or 'none'}")
        return tuple(sorted(config.validation_books))
    if config.folds == 0:
        return ()
    if len(present) < config.folds:
        raise TrainingError(
            f"{len(present)} books cannot be dealt into {config.folds} folds: set split.folds to at most the number of "
            "books, or to 0 to train without validation"
        )
    folds = list(GroupKFold(config.folds).split(books, groups=books))
    validation = folds[config.fold][1]
    return tuple(crops.book_ids[place] for place in np.unique(books[validation]))
