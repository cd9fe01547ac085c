"""Probabilities of matches between boxes and text."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.training_data.alignment.path import PathConfig, match_posteriors

CONFIG = PathConfig()


def by_enumeration(log_scores):
    """The posteriors summed over every path, written out."""
    boxes, characters = log_scores.shape
    shares, total = np.zeros((boxes, characters)), 0.0
    for count in range(min(boxes, characters) + 1):
        subsets = itertools.product(
            itertools.combinations(range(boxes), count), itertools.combinations(range(characters), count)
        )
        for rows, columns in subsets:
            pairs = list(zip(rows, columns, strict=True))
            cost = (boxes - count) * CONFIG.box_left_out + (characters - count) * CONFIG.character_left_out
            for pair in pairs:
                cost += -math.inf if log_scores[pair] == -math.inf else max(log_scores[pair], CONFIG.least_match)
            shares[list(rows), list(columns)] += math.exp(cost)
            total += math.exp(cost)
    return shares / total


@given(st.integers(0, 3), st.integers(0, 3), st.randoms(use_true_random=False))
def test_posteriors_are_those_of_all_paths_together(boxes, characters, random):
    values = [random.choice([0.0, -0.5, -3.0, -9.0, -math.inf]) for _ in range(boxes * characters)]
    log_scores = np.array(values, np.float64).reshape(boxes, characters)
    np.testing.assert_allclose(match_posteriors(log_scores), by_enumeration(log_scores), atol=1e-9)


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0)])
def test_nothing_to_match(shape):
    assert match_posteriors(np.zeros(shape)).shape == shape


def test_a_missed_box_and_a_false_alarm_shift_nothing_else():
    text = [0, 1, 2, 3, 4, 5]
    boxes = [0, 1, 9, 2, 4, 5]  # a false alarm after 1, the box of 3 missed
    log_scores = np.where(np.array(boxes)[:, None] == np.array(text)[None], -0.1, -8.0)
    posteriors = match_posteriors(log_scores)
    assert [(row, column) for row, column in zip(*np.nonzero(posteriors > 0.8), strict=True)] == [
        (0, 0),
        (1, 1),
        (3, 2),
        (4, 4),
        (5, 5),
    ]


def test_unreadable_boxes_between_sure_ones_are_matched_by_their_number():
    log_scores = np.full((4, 4), -20.0)
    log_scores[0, 0] = log_scores[3, 3] = 0.0
    assert (match_posteriors(log_scores).diagonal() > 0.9).all()
    log_scores = np.full((4, 5), -20.0)  # one more character than boxes: nobody knows which
    log_scores[0, 0] = log_scores[3, 4] = 0.0
    assert match_posteriors(log_scores)[1:3].max() < 0.9
