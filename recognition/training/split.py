"""Training and validation told apart before anything is balanced: by book, unless leaks are to be shown."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from kuzushiji_submit.core.errors import TrainingError
from recognition.training.config import SplitConfig
from recognition.training.sources import MixedCrops

_BY_BOOK = "by book; held out: "


@dataclass(frozen=True)
class Split:
    """Places of crops, ascending, no place in both parts; only the mode "copied_crops" breaks that, and repeats places.

    Attributes:
        train: int64 (T,).
        validation: int64 (V,), empty where nothing is held out.
        validation_books: the books held out, sorted; empty where crops were split at random.
        mode: as in the settings.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    validation_books: tuple[str, ...]
    mode: str = "books"

    def describe(self) -> str:
        """In words, for the weights file."""
        if self.mode == "books":
            return _BY_BOOK + (", ".join(self.validation_books) or "none")
        copied = "copied, then " if self.mode == "copied_crops" else ""
        return f"leaking: crops {copied}split at random, {self.leaked:.1%} of the held-out ones trained on as well"

    @property
    def leaked(self) -> float:
        """Share of the validation crops that are trained on too, in [0, 1]."""
        return float(np.isin(self.validation, self.train).mean()) if len(self.validation) else 0.0


def books_of_description(description: str) -> tuple[str, ...]:
    """The books that `Split.describe` says were held out; none where it names none."""
    books = description.removeprefix(_BY_BOOK)
    return () if books in {"none", description} else tuple(books.split(", "))


def make_split(crops: MixedCrops, config: SplitConfig) -> Split:
    """The split of a run, by the mode of its settings, on the share of the crops that is to be used.

    Raises:
        TrainingError: if there are fewer books than folds, a named book does not exist, or nothing is left to train on.
    """
    used = np.arange(len(crops))
    if config.fraction < 1:
        random = np.random.default_rng([config.seed, 1])
        used = np.sort(random.choice(used, round(config.fraction * len(used)), replace=False))
    split = _split_by_book(crops, used, config) if config.mode == "books" else _split_crops(crops, used, config)
    if not len(split.train):
        raise TrainingError("no crop is left to train on: hold out fewer books, or add crops")
    return split


def _split_by_book(crops: MixedCrops, used: NDArray[np.int64], config: SplitConfig) -> Split:
    """Holds out whole books.

    Only sources that validate can give validation crops; but a book that is held out is not trained on in any source.
    """
    validates = _validates(crops)
    held_out = _held_out_books(crops, np.flatnonzero(validates), config)
    in_held_out = np.isin(crops.book_index, [crops.book_ids.index(book) for book in held_out])
    return Split(used[~in_held_out[used]], used[(in_held_out & validates)[used]], held_out)


def _split_crops(crops: MixedCrops, used: NDArray[np.int64], config: SplitConfig) -> Split:
    """What the seed did: every class copied up to a number, then copies and originals dealt by chance.

    Without copying it is the random split of most tutorials: neighbors on a page are on both sides. Either way the
    validation figure flatters; it is here to show by how much.
    """
    random = np.random.default_rng([config.seed, 2])
    dealt = used[_validates(crops)[used]]
    if config.mode == "copied_crops":
        dealt = np.concatenate([dealt, _copies(dealt, crops.class_ids[dealt], config.copies_to, random)])
    dealt = random.permutation(dealt)
    count = round(config.validation_share * len(dealt))
    rest = used[~_validates(crops)[used]]
    train = np.sort(np.concatenate([rest, dealt[count:]]))
    return Split(train, np.sort(dealt[:count]), (), config.mode)


def _copies(
    places: NDArray[np.int64], class_ids: NDArray[np.int64], copies_to: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Places drawn again, with replacement, for each class that has fewer than `copies_to`, to make up the rest."""
    order = np.argsort(class_ids, kind="stable")
    starts = np.unique(class_ids[order], return_index=True)[1]
    copied = [
        random.choice(members, copies_to - len(members))
        for members in np.split(places[order], starts[1:])
        if 0 < len(members) < copies_to
    ]
    return np.concatenate([np.zeros(0, np.int64), *copied])


def _validates(crops: MixedCrops) -> NDArray[np.bool_]:
    """Which crops may be held out, bool (N,)."""
    return np.array([source.validate for source in crops.sources])[crops.source_index]


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
    dealer = StratifiedGroupKFold(config.folds) if config.stratified else GroupKFold(config.folds)
    with warnings.catch_warnings():
        # Classes with fewer crops than there are folds are the rule here.
        warnings.filterwarnings("ignore", message="The least populated class")
        folds = list(dealer.split(books, crops.class_ids[candidates], groups=books))
    validation = folds[config.fold][1]
    return tuple(crops.book_ids[place] for place in np.unique(books[validation]))
