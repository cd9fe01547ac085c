"""Labels that nobody has vouched for."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from kuzushiji_submit.core.errors import TrainingError
from recognition.recognizer import Recognizer
from recognition.training.config import SplitConfig, TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.dataset import CropDataset
from recognition.training.soft_labels import SoftLabels, soft_cross_entropy
from recognition.training.sources import CropSource, MixedCrops
from recognition.training.train import train


def soft(rows: list[list[tuple[int, float]]]) -> SoftLabels:
    """Labels of rows of (class id, share)."""
    return SoftLabels(
        np.array([[each[0] for each in row] for row in rows], np.int64),
        np.array([[each[1] for each in row] for row in rows], np.float32),
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_sure_labels_cost_the_cross_entropy(smoothing: float) -> None:
    logits, ids = torch.randn(5, 4), torch.tensor([0, 1, 3, 3, 2])
    sure = SoftLabels.concatenate(
        [SoftLabels.sure(ids[:2].numpy()), soft([[(3, 1.0), (0, 0.0)]] * 2), soft([[(2, 1.0)]])]
    )
    found = soft_cross_entropy(logits, torch.from_numpy(sure.class_ids), torch.from_numpy(sure.shares), smoothing)
    torch.testing.assert_close(found, F.cross_entropy(logits, ids, label_smoothing=smoothing))


def test_shares_and_weights_count_as_they_say() -> None:
    logits = torch.randn(2, 3)
    labels = soft([[(0, 0.3), (1, 0.1)], [(2, 0.9), (0, 0.0)]])
    logs = logits.log_softmax(1)
    expected = -(0.3 * logs[0, 0] + 0.1 * logs[0, 1] + 0.9 * logs[1, 2]) / (0.4 + 0.9)
    found = soft_cross_entropy(logits, torch.from_numpy(labels.class_ids), torch.from_numpy(labels.shares))
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("count", [0, 3])
def test_labels_without_any_weight_cost_nothing(count: int) -> None:
    logits = torch.randn(count, 3, requires_grad=True)
    loss = soft_cross_entropy(logits, torch.zeros(count, 2, dtype=torch.int64), torch.zeros(count, 2), 0.1)
    loss.backward()
    assert loss.item() == 0
    assert float(logits.grad.abs().sum()) == 0


def test_shapes_and_shares_that_are_not_right_are_refused() -> None:
    with pytest.raises(ValueError, match="must both have shape"):
        SoftLabels(np.zeros((2, 2), np.int64), np.zeros((2, 1), np.float32))
    with pytest.raises(ValueError, match="must not be negative"):
        soft([[(0, -0.5)]])


def test_a_source_needs_a_label_for_each_crop(store: CropStore) -> None:
    with pytest.raises(TrainingError, match="'book': 1 soft labels for 96 crops"):
        MixedCrops([CropSource(store, name="book", soft=soft([[(0, 1.0)]]))])


def test_a_batch_holds_soft_labels_only_where_there_are_any(
    make_store: Callable[..., CropStore], store: CropStore
) -> None:
    assert len(CropDataset(MixedCrops([CropSource(store)]))[0]) == 4
    other = make_store(("p", "b", [0, 1]), name="other")
    labels = soft([[(0, 0.5), (2, 0.25)], [(1, 0.5), (3, 0.0)]])
    mixed = MixedCrops([CropSource(store), CropSource(other, soft=labels)])
    *_, class_ids, shares = CropDataset(mixed).__getitems__([5, 96, 97])
    assert class_ids.tolist() == [[5, 0], [0, 2], [1, 3]]
    assert shares.tolist() == [[1.0, 0.0], [0.5, 0.25], [0.5, 0.0]]


def test_a_network_learns_what_the_soft_labels_say(store: CropStore, config: TrainConfig, tmp_path: Path) -> None:
    """Every crop is said to be of class 3 rather than of what the store says."""
    said = np.stack([np.full(len(store), 3), store.class_ids], axis=1)
    labels = SoftLabels(said, np.tile(np.float32([0.6, 0.1]), (len(said), 1)))
    settings = dataclasses.replace(config, split=SplitConfig(folds=0), epochs=8)
    result = train(settings, [CropSource(store, soft=labels)], tmp_path / "run")
    read = Recognizer.load(result.weights, "cpu").recognize(store.read(np.arange(len(store)))).class_ids
    assert (read == 3).mean() > 0.9
    with pytest.raises(TrainingError, match="data_fingerprint"):
        train(settings, [CropSource(store)], tmp_path / "run", resume=True)
