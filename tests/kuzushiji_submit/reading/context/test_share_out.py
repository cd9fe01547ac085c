"""What readings have together, shared out anew."""

import numpy as np
import pytest

from kuzushiji_submit.reading.context.share_out import share_out

IDS = np.array([[7, 8, 9], [4, 5, 6]])
SCORES = np.array([[0.6, 0.2, 0.1], [0.5, 0.3, 0.2]], np.float32)


def test_nothing_to_weigh():
    ids, scores = share_out(IDS, SCORES, np.zeros(0, np.intp), np.zeros((0, 3)), np.zeros((0, 3), np.bool_))
    assert (ids.tolist(), scores.tolist()) == (IDS.tolist(), SCORES.tolist())
    empty = share_out(IDS[:0], SCORES[:0], np.zeros(0, np.intp), np.zeros((0, 3)), np.zeros((0, 3), np.bool_))
    assert [array.shape for array in empty] == [(0, 3), (0, 3)]


def test_a_place_keeps_its_sum_and_the_best_comes_first():
    weighed = np.array([[True, True]])
    ids, scores = share_out(IDS, SCORES, np.array([0]), np.array([[0.25, 0.75]]), weighed)
    assert ids.tolist() == [[8, 7, 9], [4, 5, 6]]
    assert scores == pytest.approx(np.array([[0.6, 0.2, 0.1], [0.5, 0.3, 0.2]]))
    assert scores.dtype == np.float32


def test_what_is_not_weighed_keeps_its_score():
    weighed = np.array([[True, False, True], [False, False, False]])
    shares = np.array([[0.0, 0.7, 1.0], [0.2, 0.3, 0.5]])
    ids, scores = share_out(IDS, SCORES, np.array([1, 0]), shares, weighed)
    assert ids.tolist() == [[7, 8, 9], [6, 5, 4]]
    assert scores == pytest.approx(np.array([[0.6, 0.2, 0.1], [0.7, 0.3, 0.0]]))


def test_of_equal_scores_the_one_before_stays_before():
    weighed = np.ones((1, 3), np.bool_)
    ids, scores = share_out(IDS, SCORES, np.array([1]), np.full((1, 3), 1 / 3), weighed)
    assert ids[1].tolist() == [4, 5, 6]
    assert scores[1].sum() == pytest.approx(1)
