"""The metric, against a plain re-reading of its definition and against cases worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.competition.scoring import Counts, match_page, score_pages, total
from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.errors import SubmissionError

A, B = "U+3042", "U+3044"
BOX = (A, 10, 10, 20, 20)


@pytest.mark.parametrize(
    ("groups", "points", "expected"),
    [
        ((), (), Counts(0, 0, 0)),
        ((), ((A, 5, 5),), Counts(0, 1, 0)),
        ((BOX,), (), Counts(0, 0, 1)),
        ((BOX,), ((A, 20, 20),), Counts(1, 0, 0)),
        # strict borders, on each of the four sides
        ((BOX,), ((A, 10, 20),), Counts(0, 1, 1)),
        ((BOX,), ((A, 30, 20),), Counts(0, 1, 1)),
        ((BOX,), ((A, 20, 10),), Counts(0, 1, 1)),
        ((BOX,), ((A, 20, 30),), Counts(0, 1, 1)),
        ((BOX,), ((A, 10.001, 29.999),), Counts(1, 0, 0)),
        # a one-pixel box can only be hit between the pixels; a box without area never
        (((A, 5, 5, 1, 1),), ((A, 5, 5), (A, 6, 6), (A, 5.5, 5.5)), Counts(1, 2, 0)),
        (((A, 5, 5, 0, 9),), ((A, 5, 7),), Counts(0, 1, 1)),
        # two right points in one box; right and wrong label at one place; wrong label alone; wrong case
        ((BOX,), ((A, 20, 20), (A, 21, 21)), Counts(1, 1, 0)),
        ((BOX,), ((B, 20, 20), (A, 20, 20)), Counts(1, 1, 0)),
        ((BOX,), ((B, 20, 20),), Counts(0, 1, 1)),
        ((BOX,), (("u+3042", 20, 20),), Counts(0, 1, 1)),
        # greedy: the first box takes the first point even where this starves the second box
        (((A, 0, 0, 20, 20), (A, 0, 0, 10, 10)), ((A, 5, 5), (A, 15, 15)), Counts(1, 1, 1)),
        (((A, 0, 0, 20, 20), (A, 0, 0, 10, 10)), ((A, 15, 15), (A, 5, 5)), Counts(2, 0, 0)),
    ],
)
def test_counts(groups, points, expected, make_truth, make_points):
    assert match_page(make_truth(*groups), make_points(*points)).counts == expected


def test_detection_only_ignores_labels(make_truth, make_points):
    truth, points = make_truth(BOX, (B, 100, 100, 5, 5)), make_points((B, 20, 20), ("?", 102, 102))
    assert match_page(truth, points).counts == Counts(0, 2, 2)
    assert match_page(truth, points, detection_only=True).counts == Counts(2, 0, 0)


def test_match_names_the_pairs(make_truth, make_points):
    match = match_page(make_truth(BOX, (B, 100, 100, 5, 5)), make_points((B, 102, 102), (B, 1, 1)))
    assert match.prediction_of_box.tolist() == [-1, 0]
    assert match.box_of_prediction.tolist() == [1, -1]


numbers = st.integers(0, 12)
truths = st.lists(st.tuples(st.sampled_from([A, B]), numbers, numbers, numbers, numbers), max_size=12)
predictions = st.lists(
    st.tuples(
        st.sampled_from([A, B, "x"]), st.integers(0, 48).map(lambda n: n / 4), st.integers(0, 48).map(lambda n: n / 4)
    ),
    max_size=14,
)


@given(truths, predictions, st.booleans())
def test_equals_the_definition(groups, points, detection_only):
    """The metric's text, word by word, as nested loops."""
    used = [False] * len(points)
    tp = 0
    for codepoint, x, y, w, h in groups:
        for place, (label, px, py) in enumerate(points):
            if not used[place] and x < px < x + w and y < py < y + h and (detection_only or label == codepoint):
                used[place] = True
                tp += 1
                break
    boxes = np.array([(x, y, x + w, y + h) for _, x, y, w, h in groups], np.float32).reshape(-1, 4)
    truth = PageTruth("p", tuple(group[0] for group in groups), boxes)
    page = PagePoints("p", tuple(p[0] for p in points), np.array([p[1:] for p in points], float).reshape(-1, 2))
    counts = match_page(truth, page, detection_only=detection_only).counts
    assert counts == Counts(tp, len(points) - tp, len(groups) - tp)


@pytest.mark.parametrize(
    ("counts", "precision", "recall", "f1"),
    [
        (Counts(0, 0, 0), 0.0, 0.0, 0.0),
        (Counts(0, 3, 0), 0.0, 0.0, 0.0),
        (Counts(0, 0, 3), 0.0, 0.0, 0.0),
        (Counts(3, 1, 2), 0.75, 0.6, 2 / 3),
    ],
)
def test_ratios(counts, precision, recall, f1):
    assert (counts.precision, counts.recall, counts.f1) == pytest.approx((precision, recall, f1))


def test_pages_are_summed_before_the_ratio(make_truth, make_points):
    truth = [make_truth(BOX, image_id="a"), make_truth(*[BOX] * 9, image_id="b"), make_truth(image_id="c")]
    pages = [make_points(image_id="c"), make_points(image_id="b"), make_points((A, 20, 20), image_id="a")]
    scored = score_pages(truth, pages)
    assert list(scored) == ["a", "b", "c"]
    assert total(scored.values()) == Counts(1, 0, 9)
    assert total([]) == Counts(0, 0, 0)


def test_other_pages_are_an_error_unless_a_subset_is_meant(make_truth, make_points):
    truth = [make_truth(BOX, image_id="a"), make_truth(BOX, image_id="b")]
    pages = [make_points((A, 20, 20), image_id="b"), make_points(image_id="z")]
    with pytest.raises(SubmissionError, match=r"a is not in the submission \(1 pages missing, 1 unknown"):
        score_pages(truth, pages)
    assert score_pages(truth, pages, subset=True) == {"b": Counts(1, 0, 0)}
    other_form = [make_points(image_id="b.jpg"), make_points(image_id="a")]
    with pytest.raises(SubmissionError, match=r"b is not in the submission, which writes 'b.jpg' \(a file ending"):
        score_pages(truth, other_form)
    with pytest.raises(SubmissionError, match="no page in common"):
        score_pages(truth[:1], pages, subset=True)
