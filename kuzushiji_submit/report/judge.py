"""Compares a page's points with its truth and says what became of each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.scoring import match_page
from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.reading.characters import Box
from kuzushiji_submit.report.model import Kind, Mark, PageScore


def score_page(truth: PageTruth, points: PagePoints) -> PageScore:
    """The page's counts, with and without regard to labels."""
    return PageScore(match_page(truth, points).counts, match_page(truth, points, detection_only=True).counts)


def judge_page(points: PagePoints, truth: PageTruth | None) -> tuple[Mark, ...]:
    """One mark for each point in submission order, then one for each box where nothing was read.

    Without truth every mark is Kind.UNSCORED.
    """
    if truth is None:
        return tuple(_mark(points, place, Kind.UNSCORED) for place in range(len(points)))
    hits = match_page(truth, points)
    misreads = pair_misreads(truth, points)
    box_of_misread = {point: box for box, point in misreads}
    marks = [
        _judge_point(points, place, truth, int(hits.box_of_prediction[place]), box_of_misread.get(place))
        for place in range(len(points))
    ]
    misread_boxes = {box for box, _ in misreads}
    missed = [box for box in np.flatnonzero(hits.prediction_of_box < 0).tolist() if box not in misread_boxes]
    marks += [Mark(f"t{box}", Kind.MISSED, truth=truth.codepoints[box], truth_box=_box(truth, box)) for box in missed]
    return tuple(marks)


def pair_misreads(truth: PageTruth, points: PagePoints) -> list[tuple[int, int]]:
    """Pairs what the metric left over on either side, by place alone.

    Returns:
        (index of the box, index of the point) for each box that a point with another label fell into.
    """
    hits = match_page(truth, points)
    boxes = np.flatnonzero(hits.prediction_of_box < 0)
    places = np.flatnonzero(hits.box_of_prediction < 0)
    left_boxes = PageTruth(truth.image_id, _pick(truth.codepoints, boxes), truth.boxes[boxes])
    left_points = PagePoints(points.image_id, _pick(points.labels, places), points.points[places])
    pairs = match_page(left_boxes, left_points, detection_only=True).prediction_of_box
    return [(int(boxes[row]), int(places[pairs[row]])) for row in np.flatnonzero(pairs >= 0)]


def _judge_point(points: PagePoints, place: int, truth: PageTruth, hit_box: int, misread_box: int | None) -> Mark:
    if hit_box >= 0:
        return _mark(points, place, Kind.HIT, truth.codepoints[hit_box], _box(truth, hit_box))
    if misread_box is not None:
        return _mark(points, place, Kind.MISREAD, truth.codepoints[misread_box], _box(truth, misread_box))
    around = _box_around(truth, points.points[place])
    if around is not None:
        return _mark(points, place, Kind.EXTRA, truth.codepoints[around])
    return _mark(points, place, Kind.FALSE_ALARM)


def _mark(points: PagePoints, place: int, kind: Kind, truth: str | None = None, truth_box: Box | None = None) -> Mark:
    x, y = points.points[place].tolist()
    return Mark(f"p{place}", kind, points.labels[place], truth, (x, y), truth_box)


def _box_around(truth: PageTruth, point: NDArray[np.float64]) -> int | None:
    """The first box that holds a point strictly inside."""
    boxes = truth.boxes.astype(np.float64)
    inside = (boxes[:, :2] < point).all(axis=1) & (point < boxes[:, 2:]).all(axis=1)
    return int(inside.argmax()) if inside.any() else None


def _box(truth: PageTruth, place: int) -> Box:
    x0, y0, x1, y1 = truth.boxes[place].tolist()
    return x0, y0, x1, y1


def _pick(values: Sequence[str], places: NDArray[np.intp]) -> tuple[str, ...]:
    return tuple(values[place] for place in places)
