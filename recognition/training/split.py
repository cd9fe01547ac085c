"""Training and validation told apart by book, before anything is balanced."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.book_split import describe_books, held_out_books
from recognition.training.config import SplitConfig
from recognition.training.sources import MixedCrops


@dataclass(frozen=True)
class Split:
    """Places of crops, ascending, no place in both parts.

    Attributes:
        train: int64 (T,).
        validation: int64 (V,), empty where nothing is held out.
        validation_books: the books held out, sorted.
        description: how it was made, for the weights file.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    validation_books: tuple[str, ...]
    description: str


def make_split(crops: MixedCrops, config: SplitConfig) -> Split:
    """Holds out whole books, of the share of the crops that is to be used.

    Only sources that validate can give validation crops; but a book that is held out is not trained on in any source.

    Raises:
        TrainingError: if there are fewer books than folds, a named book does not exist, or nothing is left to train on.
    """
    used = used_crops(crops, config)
    candidates = validates(crops)
    strata = crops.class_ids[candidates] if config.stratified else None
    held_out = held_out_books(crops.book_ids, crops.book_index[candidates], config, strata)
    in_held_out = np.isin(crops.book_index, [crops.book_ids.index(book) for book in held_out])
    train = used[~in_held_out[used]]
    if not len(train):
        raise TrainingError("no crop is left to train on: hold out fewer books, or add crops")
    return Split(train, used[(in_held_out & candidates)[used]], held_out, describe_books(held_out))


def used_crops(crops: MixedCrops, config: SplitConfig) -> NDArray[np.int64]:
    """Ascending places of the share of the crops that is to be used, int64 (U,)."""
    used = np.arange(len(crops))
    if config.fraction == 1:
        return used
    random = np.random.default_rng([config.seed, 1])
    return np.sort(random.choice(used, round(config.fraction * len(used)), replace=False))


def validates(crops: MixedCrops) -> NDArray[np.bool_]:
    """Which crops may be held out, bool (N,)."""
    return np.array([source.validate for source in crops.sources])[crops.source_index]
