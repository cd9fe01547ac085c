"""Trees as arrays."""

from dataclasses import replace

import numpy as np
import pytest

from kuzushiji_submit.reading.second_level.boosted_trees import BoostedTrees


def stump(missing_left=True):
    """Left, and -1, up to 0.5 in column 1; right, and +2, above."""
    return BoostedTrees(
        baseline=0.25,
        roots=np.array([0]),
        features=np.array([1, 0, 0]),
        thresholds=np.array([0.5, 0.0, 0.0]),
        missing_left=np.array([missing_left, False, False]),
        lefts=np.array([1, 1, 2]),
        rights=np.array([2, 1, 2]),
        values=np.array([0.0, -1.0, 2.0]),
        depth=1,
    )


@pytest.mark.parametrize(
    ("value", "missing_left", "expected"),
    [(0.5, True, -0.75), (0.51, True, 2.25), (np.nan, True, -0.75), (np.nan, False, 2.25), (np.inf, True, 2.25)],
)
def test_a_row_ends_in_its_leaf(value, missing_left, expected):
    rows = np.array([[9, value]], np.float32)
    assert stump(missing_left).log_odds(rows).tolist() == [expected]
    assert stump(missing_left).probabilities(rows)[0] == pytest.approx(1 / (1 + np.exp(-expected)))


def test_no_rows_and_no_trees():
    assert stump().log_odds(np.zeros((0, 2), np.float32)).shape == (0,)
    nothing, reals = np.zeros(0, np.int64), np.zeros(0)
    flags = np.zeros(0, np.bool_)
    bare = BoostedTrees(0.5, nothing, nothing, reals, flags, nothing, nothing, reals, 0)
    assert bare.log_odds(np.zeros((2, 3), np.float32)).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("values", np.zeros(2)),
        ("lefts", np.array([1, 1, 3])),
        ("rights", np.array([-1, 1, 2])),
        ("roots", np.array([3])),
        ("roots", np.array([[0]])),
        ("features", np.array([-1, 0, 0])),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(field, value):
    with pytest.raises(ValueError, match=field):
        replace(stump(), **{field: value})


def test_rows_without_the_column_are_refused():
    with pytest.raises(ValueError, match="ask for 2 features, got 1"):
        stump().log_odds(np.zeros((1, 1), np.float32))
