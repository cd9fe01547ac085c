from collections.abc import Callable

import numpy as np
import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import TrainingError
from recognition.crops import Crops
from recognition.training.crop_store import CropStore
from recognition.training.dataset import CropDataset
from recognition.training.sources import CropSource, MixedCrops


def test_sources_follow_each_other(store: CropStore, make_store: Callable[..., CropStore]) -> None:
    other = make_store(("p", "abook", [3, 1]), name="other")
    mixed = MixedCrops([CropSource(store), CropSource(other)])
    assert len(mixed) == len(store) + 2
    assert mixed.class_ids[-2:].tolist() == [3, 1]
    assert mixed.book_ids == ("abook", "book0", "book1", "book2", "book3")
    assert [mixed.book_ids[place] for place in mixed.book_index[[0, 12, -1]]] == ["book0", "book1", "abook"]
    read, parts = mixed.read([len(store) + 1, 0]), Crops.concatenate([other.read([1]), store.read([0])])
    np.testing.assert_array_equal(read.pixels, parts.pixels)
    np.testing.assert_array_equal(read.geometry, parts.geometry)


def test_dataset_gives_batches(mixed: MixedCrops) -> None:
    crops, geometry, class_ids, sources = CropDataset(mixed).__getitems__([3, len(mixed) - 1])
    assert geometry.shape == (2, 3)
    assert (crops.shape, class_ids.tolist()) == ((2, 32, 32), mixed.class_ids[[3, -1]].tolist())
    assert sources.tolist() == [0, len(mixed.sources) - 1]
    crop, _, class_id, _ = CropDataset(mixed)[3]
    assert crop.equal(crops[0])
    assert class_id == 3


def test_no_source_is_refused() -> None:
    with pytest.raises(TrainingError, match="nothing to train on"):
        MixedCrops([])


@pytest.mark.parametrize("share", [0.0, -1.0, float("nan")])
def test_share_must_be_positive(store: CropStore, share: float) -> None:
    with pytest.raises(TrainingError, match="share must be above 0"):
        MixedCrops([CropSource(store, share)])


@pytest.mark.parametrize(
    "values", [{"charset": Charset(("U+3042",))}, {"size": 48}, {"floor": 0.5}], ids=["charset", "size", "ink"]
)
def test_sources_that_differ_are_refused(store: CropStore, make_store: Callable[..., CropStore], values: dict) -> None:
    other = make_store(("p", "b", [0]), name="other", **values)
    with pytest.raises(TrainingError, match="cut all crops alike"):
        MixedCrops([CropSource(store), CropSource(other, name="other")])
