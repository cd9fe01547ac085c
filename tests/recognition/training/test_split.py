from collections.abc import Callable

import numpy as np
import pytest

from recognition.errors import ConfigError, TrainingError
from recognition.training.balance import BalancedSampler
from recognition.training.config import BalanceConfig, SplitConfig
from recognition.training.crop_store import CropStore
from recognition.training.sources import CropSource, MixedCrops
from recognition.training.split import split_by_book


def books_at(crops: MixedCrops, places: np.ndarray) -> set[str]:
    return {crops.book_ids[place] for place in crops.book_index[places]}


def test_folds_cover_every_crop_once_and_share_no_book(mixed: MixedCrops) -> None:
    splits = [split_by_book(mixed, SplitConfig(4, fold)) for fold in range(4)]
    assert sorted(np.concatenate([split.validation for split in splits]).tolist()) == list(range(len(mixed)))
    for split in splits:
        assert not books_at(mixed, split.train) & books_at(mixed, split.validation)
        assert books_at(mixed, split.validation) == set(split.validation_books)
        assert len(split.train) + len(split.validation) == len(mixed)


def test_split_comes_before_balance(make_store: Callable[..., CropStore]) -> None:
    """A class of one book is repeated 50 times where that book trains, and never where it is held out."""
    mixed = MixedCrops([CropSource(make_store(("p", "rare", [5]), ("q", "common", [0] * 20)))])
    balance = BalanceConfig(power=1, at_least=50)
    for held_out, expected in (("common", 50), ("rare", 0)):
        split = split_by_book(mixed, SplitConfig(validation_books=(held_out,)))
        draws = BalancedSampler(mixed, split.train, balance, seed=0).draw()
        assert (mixed.class_ids[draws] == 5).sum() == expected
        assert not set(draws.tolist()) & set(split.validation.tolist())


def test_no_folds_train_on_everything(mixed: MixedCrops) -> None:
    split = split_by_book(mixed, SplitConfig(folds=0))
    assert len(split.train) == len(mixed)
    assert len(split.validation) == 0
    assert split.describe() == "by book; held out: none"


def test_named_books_are_held_out(mixed: MixedCrops) -> None:
    split = split_by_book(mixed, SplitConfig(validation_books=("book3", "book1")))
    assert split.validation_books == ("book1", "book3")
    assert books_at(mixed, split.validation) == {"book1", "book3"}


def test_sources_that_do_not_validate_only_train(store: CropStore, make_store: Callable[..., CropStore]) -> None:
    made = make_store(("p", "synthetic", [0, 1]), ("q", "book0", [2]), name="made")
    mixed = MixedCrops([CropSource(store), CropSource(made, validate=False)])
    split = split_by_book(mixed, SplitConfig(validation_books=("book0",)))
    assert set(mixed.source_index[split.validation].tolist()) == {0}
    # The made crops of the book that is held out are in neither part.
    assert mixed.class_ids[split.train[mixed.source_index[split.train] == 1]].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (SplitConfig(5), "4 books cannot be dealt into 5 folds"),
        (SplitConfig(validation_books=("book9",)), "cannot hold out book book9"),
        (SplitConfig(validation_books=("book0", "book1", "book2", "book3")), "no crop is left to train on"),
    ],
    ids=["folds", "unknown", "all"],
)
def test_split_that_cannot_be_made_is_refused(mixed: MixedCrops, config: SplitConfig, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        split_by_book(mixed, config)


def test_store_without_crops_is_refused(make_store: Callable[..., CropStore]) -> None:
    with pytest.raises(TrainingError, match="no crop is left"):
        split_by_book(MixedCrops([CropSource(make_store())]), SplitConfig(folds=0))


@pytest.mark.parametrize("values", [(-1, 0), (1, 0), (4, 4), (4, -1), (0, 1)])
def test_config_out_of_range_is_refused(values: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="split needs"):
        SplitConfig(*values)
