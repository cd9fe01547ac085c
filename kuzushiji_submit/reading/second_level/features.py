"""What is known of each character of a page, as numbers of no unit, so that pages of every size can be compared.

eye, text                              box, column                          neighborhood
detection, eye's best score            height, width against the page's     the characters before and after it
how far ahead of its second            how far aside of its column          the page as a whole
the same after the text was asked      gaps above and below, overlap, ink
"""

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.reading.order import ReadingOrder, read_order
from kuzushiji_submit.reading.page_reading import PageReading

FEATURES = (
    "joint_score",
    "detection_score",
    "eye_score",
    "eye_lead",
    "eye_mass",
    "eye_score_of_chosen",
    "text_score",
    "text_lead",
    "changed",
    "height",
    "width",
    "slenderness",
    "aside",
    "gap_above",
    "gap_below",
    "column_length",
    "ruby",
    "overlap",
    "covered_by_better",
    "ink_share",
    "ink_share_on_page",
    "score_before",
    "score_after",
    "page_score",
)
"""Columns of `candidate_features`, in order."""

# Readings that count for the eye's mass; how many more are kept depends on settings.
CONSIDERED = 5
# Scores below this are as good as none.
SMALLEST = 1e-6
# A gap as wide as this many median heights, or the end of a column.
WIDEST_GAP = 8.0

Reals = NDArray[np.float64]


def candidate_features(page: PageReading) -> NDArray[np.float32]:
    """The features of N characters, float32 (N, len(FEATURES)); NaN for the ink where nobody measured it.

    Args:
        page: all that was detected, with everything read, none dropped: neighbors and medians count.
    """
    count = len(page)
    if not count:
        return np.zeros((0, len(FEATURES)), np.float32)
    layout = read_order(page.boxes)
    joint = page.detection_scores.astype(np.float64) * page.top_scores[:, 0]
    columns = [
        joint,
        page.detection_scores.astype(np.float64),
        *_readings(page),
        *_geometry(page.boxes.astype(np.float64), layout),
        *_overlaps(page.boxes.astype(np.float64), joint),
        *_ink(page),
        *_neighbors(joint, page.order),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _readings(page: PageReading) -> list[Reals]:
    """Columns eye_score to changed."""
    eye_ids = page.top_ids if page.eye_ids is None else page.eye_ids
    eye = (page.top_scores if page.eye_scores is None else page.eye_scores).astype(np.float64)
    text = page.top_scores.astype(np.float64)
    of_chosen = np.where(eye_ids == page.class_ids[:, None], eye, 0).sum(axis=1)
    changed = (eye_ids[:, 0] != page.class_ids).astype(np.float64)
    mass = eye[:, :CONSIDERED].sum(axis=1)
    return [eye[:, 0], _lead(eye), mass, of_chosen, text[:, 0], _lead(text), changed]


def _lead(scores: Reals) -> Reals:
    """How far the best reading is ahead of the second, as a logarithm."""
    second = scores[:, 1] if scores.shape[1] > 1 else np.zeros(len(scores))
    return np.asarray(np.log(np.maximum(scores[:, 0], SMALLEST)) - np.log(np.maximum(second, SMALLEST)))


def _geometry(boxes: Reals, layout: ReadingOrder) -> list[Reals]:
    """Columns height to ruby."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST)
    medians = np.median(sides, axis=0)
    width, height = (sides / medians).T
    middles = (boxes[:, 0] + boxes[:, 2]) / 2
    aside = np.zeros(len(boxes))
    length = np.zeros(len(boxes))
    above, below = np.full((2, len(boxes)), WIDEST_GAP)
    for column in range(int(layout.column.max()) + 1):
        members = np.flatnonzero((layout.column == column) & ~layout.ruby)
        if not len(members):
            continue
        members = members[np.argsort(boxes[members, 1] + boxes[members, 3], kind="stable")]
        aside[members] = np.abs(middles[members] - np.median(middles[members])) / medians[0]
        length[members] = len(members)
        gaps = (boxes[members[1:], 1] - boxes[members[:-1], 3]) / medians[1]
        above[members[1:]] = below[members[:-1]] = np.minimum(gaps, WIDEST_GAP)
    slenderness = np.log(sides[:, 1] / sides[:, 0])
    return [height, width, slenderness, aside, above, below, length, layout.ruby.astype(np.float64)]


def _overlaps(boxes: Reals, scores: Reals) -> list[Reals]:
    """Columns overlap (the largest intersection over union) and covered_by_better (part under better-scored boxes)."""
    areas = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), SMALLEST)
    overlap, covered = np.zeros((2, len(boxes)))
    for index, box in enumerate(boxes):  # one against all: all against all would not fit in memory on a scroll
        sides = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
        shared = np.maximum(sides, 0).prod(axis=1)
        shared[index] = 0
        overlap[index] = (shared / np.maximum(areas + areas[index] - shared, SMALLEST)).max()
        covered[index] = shared[scores > scores[index]].sum() / areas[index]
    return [overlap, np.minimum(covered, 1)]


def _ink(page: PageReading) -> list[Reals]:
    """Columns ink_share and ink_share_on_page (against the page's median)."""
    if page.ink_shares is None:
        return [np.full(len(page), np.nan)] * 2
    shares = page.ink_shares.astype(np.float64)
    return [shares, shares / max(float(np.median(shares)), SMALLEST)]


def _neighbors(scores: Reals, order: NDArray[np.intp]) -> list[Reals]:
    """Columns score_before, score_after (in reading order) and page_score (the median)."""
    median = float(np.median(scores))
    before, after = np.full((2, len(scores)), median)
    before[order[1:]], after[order[:-1]] = scores[order[:-1]], scores[order[1:]]
    return [before, after, np.full(len(scores), median)]
