"""The splits that leak on purpose."""

from collections.abc import Callable

import numpy as np
import pytest

from kuzushiji_submit.core.training.book_split import books_of_description
from recognition.training.config import SplitConfig
from recognition.training.crop_store import CropStore
from recognition.training.sources import CropSource, MixedCrops
from tests.load_module import load_script

measure_leak = load_script("measure_leak")
leaked, split_by = measure_leak.leaked, measure_leak.split_by


def books_at(crops: MixedCrops, places: np.ndarray) -> set[str]:
    return {crops.book_ids[place] for place in crops.book_index[places]}


def test_crops_split_by_chance_share_books_but_no_crop(mixed: MixedCrops) -> None:
    split = split_by("crops", mixed, SplitConfig(seed=1), 1)
    assert sorted([*split.train.tolist(), *split.validation.tolist()]) == list(range(len(mixed)))
    assert len(split.validation) == round(0.3 * len(mixed))
    assert books_at(mixed, split.train) & books_at(mixed, split.validation)
    assert leaked(split.train, split.validation) == 0
    assert split.description.startswith("leaking: crops split at random, 0.0%")
    assert books_of_description(split.description) == ()


def test_copying_before_splitting_puts_the_same_crop_on_both_sides(make_store: Callable[..., CropStore]) -> None:
    """One crop of class 5 becomes 20, as a folder of copied files would; about a third of them are held out."""
    mixed = MixedCrops([CropSource(make_store(("p", "rare", [5]), ("q", "common", [0] * 30)))])
    split = split_by("copied_crops", mixed, SplitConfig(), 20)
    both = np.concatenate([split.train, split.validation])
    assert np.bincount(mixed.class_ids[both], minlength=6).tolist() == [30, 0, 0, 0, 0, 20]
    assert np.bincount(both, minlength=31).tolist() == [20] + [1] * 30
    assert (split.train == 0).any()
    assert (split.validation == 0).any()
    assert leaked(split.train, split.validation) == pytest.approx((split.validation == 0).mean())
    assert "crops copied, then split at random" in split.description


def test_leaking_splits_depend_on_their_seed_alone(mixed: MixedCrops) -> None:
    first, again, other = (split_by("copied_crops", mixed, SplitConfig(seed=seed), 40) for seed in (0, 0, 1))
    assert np.array_equal(first.train, again.train)
    assert not np.array_equal(first.train, other.train)


def test_sources_that_do_not_validate_are_never_held_out_by_chance(
    store: CropStore, make_store: Callable[..., CropStore]
) -> None:
    made = make_store(("p", "synthetic", [0, 1] * 50), name="made")
    mixed = MixedCrops([CropSource(store), CropSource(made, validate=False)])
    split = split_by("crops", mixed, SplitConfig(), 1)
    assert set(mixed.source_index[split.validation].tolist()) == {0}
    assert (mixed.source_index[split.train] == 1).sum() == 100
