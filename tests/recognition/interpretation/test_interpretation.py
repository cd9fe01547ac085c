import tracemalloc

import numpy as np
import pytest

from recognition.interpretation.interpretation import Interpretation, Keep


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def scores_for(reads: list[int], classes: int, sure: float = 0.95) -> np.ndarray:
    """Softmax scores (n, classes): `sure` for what is read, the rest even."""
    scores = np.full((len(reads), classes), (1 - sure) / (classes - 1), np.float32)
    scores[np.arange(len(reads)), reads] = sure
    return scores


def interpret(
    truth: list[int], reads: list[int], classes: int = 4, keep: Keep | None = None, **options
) -> Interpretation:
    found = Interpretation(classes, keep)
    for start in range(0, len(truth), 3):  # in batches
        part = slice(start, start + 3)
        places = np.arange(len(truth))[part]
        found.update(scores_for(reads[part], classes, **options), np.array(truth[part], np.int64), places)
    return found


def test_nothing() -> None:
    found = interpret([], [])
    assert found.crops == 0
    assert found.figures() == {"top1": 0.0, "top5": 0.0, "macro": 0.0, "loss": 0.0}
    assert found.confusions(5) == found.top_losses() == found.suspects() == found.hits() == []
    assert [bucket.crops for bucket in found.buckets(np.zeros(4, np.int64))] == [0, 0, 0, 0]


def test_figures_are_those_of_the_whole_matrix() -> None:
    random = np.random.default_rng(0)
    scores = softmax(random.normal(size=(200, 30)))
    truth = random.integers(0, 25, 200)
    found = Interpretation(30)
    for start in range(0, 200, 7):
        part = slice(start, start + 7)
        found.update(scores[part], truth[part], np.arange(200)[part])
    ranks = (-scores).argsort(axis=1)
    right = ranks[:, 0] == truth
    classes = np.unique(truth)
    assert found.figures() == pytest.approx(
        {
            "top1": right.mean(),
            "top5": (ranks[:, :5] == truth[:, None]).any(axis=1).mean(),
            "macro": np.mean([right[truth == one].mean() for one in classes]),
            "loss": -np.log(scores[np.arange(200), truth]).mean(),
        },
        rel=1e-5,
    )
    losses = -np.log(scores[np.arange(200), truth])
    assert [case.place for case in found.top_losses()] == (-losses).argsort()[:60].tolist()
    assert found.read.sum() == found.seen.sum() == 200


def test_confusions_with_examples() -> None:
    found = interpret([0, 0, 0, 1, 2, 2], [1, 1, 0, 0, 2, 3], keep=Keep(examples=1))
    assert [(one.truth, one.read, one.count, one.examples) for one in found.confusions(2)] == [
        (0, 1, 2, (0,)),
        (1, 0, 1, (3,)),
    ]
    assert found.confused_pairs == 3
    assert found.matrix([0, 1, 2]).tolist() == [[1, 2, 0], [1, 0, 0], [0, 0, 1]]


def test_head_and_tail() -> None:
    found = interpret([0, 0, 1, 1, 2], [0, 1, 1, 1, 3])
    head, middle, tail = found.buckets(np.array([500, 50, 50, 900]), bounds=(100, 10, 0))
    assert (head.classes, head.crops, head.right, head.macro) == (1, 2, 1, 0.5)
    assert (middle.classes, middle.crops, middle.right, middle.macro) == (2, 3, 2, 0.5)
    assert (tail.classes, tail.crops, tail.macro) == (0, 0, 0.0)


def test_confident_disagreement_is_suspected_of_a_wrong_label() -> None:
    """Two labels were exchanged among sure readings; a doubtful misreading is no suspect."""
    truth, reads = [2] * 20, [2] * 20
    reads[4], reads[17] = 0, 1
    found = interpret(truth, reads, sure=0.99)
    assert sorted(case.place for case in found.suspects()) == [4, 17]
    assert interpret(truth, reads, sure=0.6).suspects() == []
    assert {case.place for case in found.hits()} <= set(range(20)) - {4, 17}


def test_a_score_of_zero_has_a_finite_loss() -> None:
    found = interpret([0], [1], sure=1.0)
    assert np.isfinite(found.top_losses()[0].rank)
    assert np.isfinite(found.suspects()[0].rank)


def test_memory_does_not_grow_with_crops() -> None:
    """What the seed held at once, 229,747 crops of 4,212 classes, took 3.9 GB; a batch of them takes 17 MB."""
    classes, batch = 4212, 64
    random = np.random.default_rng(0)
    scores = softmax(random.normal(size=(batch, classes)))
    found = Interpretation(classes, Keep(losses=10, suspects=10, hits=10))

    def feed(batches: range) -> int:
        for number in batches:
            truth = np.full(batch, 7, np.int64)
            found.update(scores, truth, np.arange(batch) + number * batch)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    early = feed(range(5))
    late = feed(range(5, 20))
    tracemalloc.stop()
    assert late - early < 100_000
    assert found.crops == 20 * batch
