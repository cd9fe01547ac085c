"""The threshold with the best F1."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.calibration.threshold import Threshold, best_threshold, judge
from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.reading.characters import Character
from tests.page_readings import page_reading


def f1_from(threshold, scores, hits, truths):
    kept = scores >= threshold
    return Counts(int(hits[kept].sum()), int((~hits[kept]).sum()), truths - int(hits[kept].sum())).f1


@pytest.mark.parametrize(
    ("scores", "hits", "truths", "expected"),
    [
        ([], [], 0, Threshold(0.0, Counts())),
        ([], [], 4, Threshold(0.0, Counts(0, 0, 4))),
        ([0.4, 0.2], [False, False], 4, Threshold(0.0, Counts(0, 2, 4))),
        ([0.4, 0.2], [True, True], 2, Threshold(0.0, Counts(2, 0, 0))),
        ([0.8, 0.4, 0.2], [True, False, False], 1, Threshold(0.6, Counts(1, 0, 0))),
        ([0.4, 0.4, 0.2], [True, False, False], 1, Threshold(0.3, Counts(1, 1, 0))),
    ],
)
def test_threshold_lies_between_the_kept_and_the_dropped(scores, hits, truths, expected):
    found = best_threshold(np.array(scores, np.float64), np.array(hits, np.bool_), truths)
    assert found.min_score == pytest.approx(expected.min_score)
    assert found.counts == expected.counts


@given(
    st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=40),
    st.integers(0, 10),
)
def test_no_other_threshold_is_better(characters, missed):
    scores = np.array([score / 10 for score, _ in characters])
    hits = np.array([hit for _, hit in characters])
    truths = int(hits.sum()) + missed
    found = best_threshold(scores, hits, truths)
    best = max(f1_from(one, scores, hits, truths) for one in [*scores, 2.0])
    assert found.counts.f1 == pytest.approx(best)
    assert f1_from(found.min_score, scores, hits, truths) == pytest.approx(best)


def test_scores_that_are_probabilities_give_half_of_the_f1():
    random = np.random.default_rng(0)
    scores = random.random(20_000)
    hits = random.random(20_000) < scores
    found = best_threshold(scores, hits, int(hits.sum()) + 2_000)
    assert found.min_score == pytest.approx(found.counts.f1 / 2, abs=0.03)


def test_the_surer_of_two_characters_in_a_box_is_the_hit():
    box = np.array([[0, 0, 20, 20]], np.float32)
    characters = tuple(
        Character((0, 0, 20, 20), label, score, 1.0) for label, score in (("U+306E", 0.3), ("U+306E", 0.7))
    )
    scores, hits, truths = judge([(page_reading("p", characters), PageTruth("p", ("U+306E",), box))])
    assert dict(zip(scores.tolist(), hits.tolist(), strict=True)) == {0.7: True, 0.3: False}
    assert truths == 1
    assert judge([])[2] == 0
