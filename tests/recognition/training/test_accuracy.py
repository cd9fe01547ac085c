import pytest
import torch

from recognition.training.accuracy import AccuracyCounter


def logits_of(*rankings: list[int]) -> torch.Tensor:
    """Logits (N, C) that rank the classes as given, best first."""
    logits = torch.zeros(len(rankings), len(rankings[0]))
    for row, ranking in zip(logits, rankings, strict=True):
        row[ranking] = torch.arange(len(ranking), 0, -1, dtype=torch.float32)
    return logits


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
def test_nothing_seen() -> None:
    assert AccuracyCounter(3).compute() == {"loss": 0, "top1": 0, "top5": 0, "macro": 0}


def test_empty_batch_changes_nothing() -> None:
    counter = AccuracyCounter(7)
    counter.update(torch.zeros(0, 7), torch.zeros(0, dtype=torch.int64), torch.tensor(0.0))
    assert counter.compute()["top1"] == 0


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
def test_counts_by_hand() -> None:
    counter = AccuracyCounter(7)
    order = [0, 1, 2, 3, 4, 5, 6]
    # Class 0: right, right, right. Class 4: fifth place. Class 5: sixth place.
    counter.update(logits_of(order, order), torch.tensor([0, 0]), torch.tensor(1.0))
    counter.update(logits_of(order, order, order), torch.tensor([0, 4, 5]), torch.tensor(2.0))
    assert counter.compute() == pytest.approx(
        {"loss": (2 * 1 + 3 * 2) / 5, "top1": 3 / 5, "top5": 4 / 5, "macro": 1 / 3}
    )
    counter.reset()
    assert counter.compute()["loss"] == 0


def test_fewer_classes_than_five() -> None:
    counter = AccuracyCounter(2)
    counter.update(logits_of([0, 1]), torch.tensor([1]), torch.tensor(0.5))
    assert counter.compute() == pytest.approx({"loss": 0.5, "top1": 0, "top5": 1, "macro": 0})


def test_boxes_without_a_character_count_in_the_loss_alone() -> None:
    counter = AccuracyCounter(2)
    # Three outputs, the last for "not a character", which is never among the answers.
    counter.update(logits_of([2, 0, 1], [2, 1, 0]), torch.tensor([0, 2]), torch.tensor(3.0))
    assert counter.compute() == {"loss": 3, "top1": 1, "top5": 1, "macro": 1}
