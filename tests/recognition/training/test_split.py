from collections.abc import Callable

import numpy as np
import pytest

from kuzushiji_submit.core.errors import ConfigError, TrainingError
from kuzushiji_submit.core.training.book_split import books_of_description
from recognition.training.balance import BalancedSampler
from recognition.training.config import BalanceConfig, SplitConfig
from recognition.training.crop_store import CropStore
from recognition.training.sources import CropSource, MixedCrops
from recognition.training.split import make_split


def books_at(crops: MixedCrops, places: np.ndarray) -> set[str]:
    return {crops.book_ids[place] for place in crops.book_index[places]}


def test_folds_cover_every_crop_once_and_share_no_book(mixed: MixedCrops) -> None:
    splits = [make_split(mixed, SplitConfig(4, fold)) for fold in range(4)]
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
        split = make_split(mixed, SplitConfig(validation_books=(held_out,)))
        draws = BalancedSampler(mixed, split.train, balance, seed=0).draw()
        assert (mixed.class_ids[draws] == 5).sum() == expected
        assert not set(draws.tolist()) & set(split.validation.tolist())


def test_no_folds_train_on_everything(mixed: MixedCrops) -> None:
    split = make_split(mixed, SplitConfig(folds=0))
    assert len(split.train) == len(mixed)
    assert len(split.validation) == 0
    assert split.description == "by book; held out: none"
    assert books_of_description(split.description) == ()


def test_named_books_are_held_out(mixed: MixedCrops) -> None:
    split = make_split(mixed, SplitConfig(validation_books=("book3", "book1")))
    assert split.validation_books == books_of_description(split.description) == ("book1", "book3")
    assert books_at(mixed, split.validation) == {"book1", "book3"}


def test_sources_that_do_not_validate_only_train(store: CropStore, make_store: Callable[..., CropStore]) -> None:
    made = make_store(("p", "synthetic", [0, 1]), ("q", "book0", [2]), name="made")
    mixed = MixedCrops([CropSource(store), CropSource(made, validate=False)])
    split = make_split(mixed, SplitConfig(validation_books=("book0",)))
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
        make_split(mixed, config)


def test_fraction_uses_some_of_the_crops_on_both_sides(mixed: MixedCrops) -> None:
    whole = make_split(mixed, SplitConfig(4, 1))
    part = make_split(mixed, SplitConfig(4, 1, fraction=0.25))
    assert len(part.train) + len(part.validation) == round(0.25 * len(mixed))
    assert len(part.train)
    assert len(part.validation)
    assert part.validation_books == whole.validation_books


def test_stratified_folds_share_classes_more_evenly(make_store: Callable[..., CropStore]) -> None:
    """Two books hold class 0 alone and two class 1 alone: dealt by size they may pair up, stratified they must not."""
    pages = [(f"p{n}", f"book{n}", [n // 2] * 10) for n in range(4)]
    mixed = MixedCrops([CropSource(make_store(*pages))])
    for fold in range(2):
        split = make_split(mixed, SplitConfig(2, fold, stratified=True))
        assert sorted(mixed.class_ids[split.validation].tolist()) == [0] * 10 + [1] * 10


def test_store_without_crops_is_refused(make_store: Callable[..., CropStore]) -> None:
    with pytest.raises(TrainingError, match="no crop is left"):
        make_split(MixedCrops([CropSource(make_store())]), SplitConfig(folds=0))


@pytest.mark.parametrize("values", [(-1, 0), (1, 0), (4, 4), (4, -1), (0, 1)])
def test_config_out_of_range_is_refused(values: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="split needs"):
        SplitConfig(*values)


@pytest.mark.parametrize(
    "values",
    [
        {"fraction": 0.0},
        {"fraction": 1.5},
        {"seed": -1},
    ],
)
def test_share_out_of_range_is_refused(values: dict) -> None:
    with pytest.raises(ConfigError, match="split"):
        SplitConfig(**values)
