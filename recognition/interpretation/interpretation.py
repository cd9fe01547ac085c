"""Scores of many crops, a batch at a time, into figures, confusions and cases."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.interpretation.cases import Case, Leaders

TOP = 5
# Below this a softmax score counts as this, so that a loss stays finite.
MINIMUM_SCORE = 1e-12
# A crop whose reading is surer than this and whose label scores below the other is suspected to be labeled wrongly.
SURE, UNLIKELY = 0.9, 0.02


@dataclass(frozen=True)
class Keep:
    """How much is kept, whatever the number of crops and classes.

    Attributes:
        losses: crops with the highest loss.
        suspects: crops suspected to be labeled wrongly.
        examples: crops of each pair of classes that were confused.
        hits: crops that were read right with the highest scores, for comparison.
    """

    losses: int = 60
    suspects: int = 60
    examples: int = 6
    hits: int = 12


@dataclass(frozen=True)
class Confusion:
    """Two classes of which one was read for the other.

    Attributes:
        truth: the class id of the label.
        read: the class id that was read.
        count: how often.
        examples: some places, the first ones.
    """

    truth: int
    read: int
    count: int
    examples: tuple[int, ...]


@dataclass(frozen=True)
class Bucket:
    """Classes of about the same frequency, and how well they are read.

    Attributes:
        least: the lowest number of crops a class of the bucket has in the whole data.
        classes: classes of which something was read.
        crops: their crops.
        right: how many of these were read right.
        macro: the mean of the classes' accuracies.
    """

    least: int
    classes: int
    crops: int
    right: int
    macro: float


class Interpretation:
    """Counts per class, confusions as they occur, and the cases of the highest ranks.

    Memory: five numbers a class, one entry a pair of classes that was confused, and what `Keep` says. The matrix of
    crops times classes, on which the seed's interpretation ran out of memory, exists for one batch at a time.

    Attributes:
        seen: int64 (C,), crops of each class.
        right: int64 (C,), of these, how many were read right.
        right_in_top: int64 (C,), of these, how many had the truth among the best five.
        read: int64 (C,), how often each class was read.
        loss_sum: float64 (C,), summed negative logarithms of the truth's score.
    """

    def __init__(self, class_count: int, keep: Keep | None = None) -> None:
        self.keep = keep or Keep()
        self.seen, self.right, self.right_in_top, self.read = np.zeros((4, class_count), np.int64)
        self.loss_sum = np.zeros(class_count)
        self._confused: Counter[tuple[int, int]] = Counter()
        self._examples: dict[tuple[int, int], list[int]] = {}
        self._losses = Leaders(self.keep.losses)
        self._suspects = Leaders(self.keep.suspects)
        self._hits = Leaders(self.keep.hits)

    def update(self, scores: NDArray[np.float32], class_ids: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        """Takes a batch in.

        Args:
            scores: float32 (n, C), softmax scores.
            class_ids: int64 (n,), the truth.
            places: int64 (n,), numbers by which the caller knows the crops.
        """
        if not len(scores):
            return
        truth_scores = np.take_along_axis(scores, class_ids[:, None], axis=1)[:, 0]
        read_ids = scores.argmax(axis=1)
        read_scores = scores.max(axis=1)
        right = read_ids == class_ids
        # A tie goes against the truth, as a reader of the list would see it.
        in_top = (scores > truth_scores[:, None]).sum(axis=1) < TOP
        losses = -np.log(np.maximum(truth_scores, MINIMUM_SCORE))
        classes = len(self.seen)
        self.seen += np.bincount(class_ids, minlength=classes)
        self.read += np.bincount(read_ids, minlength=classes)
        self.right += np.bincount(class_ids[right], minlength=classes)
        self.right_in_top += np.bincount(class_ids[in_top], minlength=classes)
        self.loss_sum += np.bincount(class_ids, losses, minlength=classes)
        for row in range(len(scores)):
            case = Case(
                float(losses[row]),
                int(places[row]),
                int(class_ids[row]),
                int(read_ids[row]),
                float(truth_scores[row]),
                float(read_scores[row]),
            )
            self._sort_in(case)

    def _sort_in(self, case: Case) -> None:
        self._losses.add(case)
        if case.truth == case.read:
            self._hits.add(_ranked(case, case.read_score))
            return
        pair = (case.truth, case.read)
        self._confused[pair] += 1
        examples = self._examples.setdefault(pair, [])
        if len(examples) < self.keep.examples:
            examples.append(case.place)
        if case.read_score >= SURE and case.truth_score <= UNLIKELY:
            doubt = np.log(case.read_score) - np.log(max(case.truth_score, MINIMUM_SCORE))
            self._suspects.add(_ranked(case, float(doubt)))

    @property
    def crops(self) -> int:
        """How many crops were taken in."""
        return int(self.seen.sum())

    def figures(self) -> dict[str, float]:
        """The names top1, top5, macro and loss; all 0 before the first crop. Macro is over the classes that occur."""
        crops = max(self.crops, 1)
        return {
            "top1": float(self.right.sum() / crops),
            "top5": float(self.right_in_top.sum() / crops),
            "macro": _macro(self.right, self.seen),
            "loss": float(self.loss_sum.sum() / crops),
        }

    def buckets(self, counts: NDArray[np.int64], bounds: Sequence[int] = (1000, 100, 10, 0)) -> list[Bucket]:
        """Head to tail: how well classes of different frequency are read.

        Args:
            counts: int64 (C,), how often each class occurs where frequency is counted, such as in all annotations.
            bounds: the lowest count of each bucket, falling.
        """
        found = []
        highest = np.inf
        for least in bounds:
            inside = (counts >= least) & (counts < highest) & (self.seen > 0)
            seen, right = self.seen[inside], self.right[inside]
            found.append(Bucket(least, int(inside.sum()), int(seen.sum()), int(right.sum()), _macro(right, seen)))
            highest = least
        return found

    def confusions(self, most: int) -> list[Confusion]:
        """The most frequent ones, at most so many."""
        ranked = sorted(self._confused, key=lambda pair: (-self._confused[pair], pair))[:most]
        return [Confusion(*pair, self._confused[pair], tuple(self._examples[pair])) for pair in ranked]

    @property
    def confused_pairs(self) -> int:
        """How many different pairs were confused."""
        return len(self._confused)

    def matrix(self, class_ids: Sequence[int]) -> NDArray[np.int64]:
        """How often each of some classes (rows) was read as each of them (columns): int64 (n, n)."""
        counts = np.zeros((len(class_ids), len(class_ids)), np.int64)
        for row, truth in enumerate(class_ids):
            for column, read in enumerate(class_ids):
                counts[row, column] = self.right[truth] if truth == read else self._confused[(truth, read)]
        return counts

    def top_losses(self) -> list[Case]:
        """The crops with the highest loss, highest first."""
        return self._losses.ranked()

    def suspects(self) -> list[Case]:
        """Misread crops whose reading is sure and whose label is unlikely, the widest gap first."""
        return self._suspects.ranked()

    def hits(self) -> list[Case]:
        """Crops that were read right and surely, the surest first."""
        return self._hits.ranked()


def _ranked(case: Case, rank: float) -> Case:
    return Case(rank, case.place, case.truth, case.read, case.truth_score, case.read_score)


def _macro(right: NDArray[np.int64], seen: NDArray[np.int64]) -> float:
    present = seen > 0
    return float((right[present] / seen[present]).mean()) if present.any() else 0.0
