"""The competition's metric: micro F1 over all pages, greedy, with strict borders."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.id_forms import match_ids
from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.errors import SubmissionError


@dataclass(frozen=True)
class Counts:
    """True positives, false positives and false negatives, to be summed before any ratio is taken."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: Self) -> "Counts":
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def precision(self) -> float:
        """Tp / (tp + fp), 0 where undefined."""
        return self.tp / (self.tp + self.fp) if self.tp else 0.0

    @property
    def recall(self) -> float:
        """Tp / (tp + fn), 0 where undefined."""
        return self.tp / (self.tp + self.fn) if self.tp else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 where undefined."""
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp else 0.0

    def as_dict(self) -> dict[str, int | float]:
        """Counts and ratios, for JSON."""
        return {
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of counts; of none, zero."""
    return sum(counts, start=Counts())


@dataclass(frozen=True, eq=False)
class PageMatch:
    """Which prediction found which box.

    Attributes:
        prediction_of_box: intp (N,), the index of the prediction that each truth box took, -1 for a false negative.
        box_of_prediction: intp (M,), the index of the box that took each prediction, -1 for a false positive.
    """

    prediction_of_box: NDArray[np.intp]
    box_of_prediction: NDArray[np.intp]

    @property
    def counts(self) -> Counts:
        """The page's share of the sums."""
        tp = int((self.prediction_of_box >= 0).sum())
        return Counts(tp, len(self.box_of_prediction) - tp, len(self.prediction_of_box) - tp)


def match_page(truth: PageTruth, points: PagePoints, *, detection_only: bool = False) -> PageMatch:
    """Matches predictions with truth as the competition does.

    For each box in file order the first unused prediction, in submission order, that lies strictly inside and has the
    same label is a true positive.

    Args:
        truth: N boxes with codepoints.
        points: M points with labels.
        detection_only: True to ignore labels.
    """
    inside = _strictly_inside(truth.boxes, points.points)
    if not detection_only:
        inside &= _same_label(truth.codepoints, points.labels)
    prediction_of_box = np.full(len(truth), -1, np.intp)
    box_of_prediction = np.full(len(points), -1, np.intp)
    # nonzero walks row by row: box by box, and within a box prediction by prediction, which is the metric's order.
    for box, prediction in zip(*map(np.ndarray.tolist, np.nonzero(inside)), strict=True):
        if prediction_of_box[box] < 0 and box_of_prediction[prediction] < 0:
            prediction_of_box[box] = prediction
            box_of_prediction[prediction] = box
    return PageMatch(prediction_of_box, box_of_prediction)


def _strictly_inside(boxes: NDArray[np.float32], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Bool (N, M): point m lies inside box n and not on its border."""
    x0, y0, x1, y1 = boxes.astype(np.float64).T[:, :, None]  # four of (N, 1)
    x, y = points.T  # two of (M,)
    inside: NDArray[np.bool_] = (x0 < x) & (x < x1) & (y0 < y) & (y < y1)
    return inside


def _same_label(codepoints: Sequence[str], labels: Sequence[str]) -> NDArray[np.bool_]:
    """Bool (N, M): label m is codepoint n, letter by letter."""
    numbers: dict[str, int] = {}
    rows = np.array([numbers.setdefault(text, len(numbers)) for text in codepoints], np.intp)
    columns = np.array([numbers.setdefault(text, len(numbers)) for text in labels], np.intp)
    same: NDArray[np.bool_] = rows[:, None] == columns[None, :]
    return same


def score_pages(
    truth: Sequence[PageTruth], predictions: Sequence[PagePoints], *, detection_only: bool = False, subset: bool = False
) -> dict[str, Counts]:
    """Scores a submission page by page.

    Args:
        truth: the annotated pages.
        predictions: the submission's pages, in any order.
        detection_only: True to ignore labels.
        subset: True to score the pages that both have and leave out the others.

    Returns:
        counts by image_id, in the truth's order; `total` of the values gives the score.

    Raises:
        SubmissionError: if the two do not list the same pages (unless `subset`), or have none in common.
    """
    by_id: Mapping[str, PagePoints] = {page.image_id: page for page in predictions}
    known = {page.image_id for page in truth}
    if not subset:
        _require_same_pages(known, set(by_id))
    scored = [page for page in truth if page.image_id in by_id]
    if not scored:
        raise SubmissionError("truth and submission have no page in common: name files of the same pages")
    return {
        page.image_id: match_page(page, by_id[page.image_id], detection_only=detection_only).counts for page in scored
    }


def _require_same_pages(truth_ids: set[str], predicted_ids: set[str]) -> None:
    missing = sorted(truth_ids - predicted_ids)
    extra = sorted(predicted_ids - truth_ids)
    if missing or extra:
        which = f"{missing[0]} is not in the submission" if missing else f"{extra[0]} is not in the truth"
        for image_id, form in match_ids(missing, extra).otherwise().items():
            which = f"{image_id} is not in the submission, which writes {form.name!r} ({form.difference})"
            break
        raise SubmissionError(
            f"{which} ({len(missing)} pages missing, {len(extra)} unknown): "
            "score files of the same pages, or add --subset to score the common ones"
        )
