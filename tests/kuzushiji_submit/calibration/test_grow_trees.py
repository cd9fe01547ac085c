"""Trees out of scikit-learn."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from kuzushiji_submit.calibration.grow_trees import FALLS, RISES, TreesConfig, grow_trees, to_arrays
from kuzushiji_submit.reading.second_level.features import FEATURES


def some(count=600, seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, len(FEATURES))).astype(np.float32)
    hits = rows[:, 0] + rows[:, 3] * rows[:, 9] + rng.normal(size=count) > 0
    rows[rng.random(rows.shape) < 0.1] = np.nan
    return rows, hits


def test_the_arrays_say_what_scikit_learn_says():
    rows, hits = some()
    model = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=9, early_stopping=False).fit(rows, hits)
    trees = to_arrays(model)
    # Also at the thresholds themselves, and where nothing was missing at that node in training.
    asked = np.concatenate([rows, some(seed=1)[0], np.full((1, len(FEATURES)), np.nan, np.float32)])
    asked[:50, 0] = trees.thresholds[trees.features == 0][:50].mean()
    np.testing.assert_allclose(trees.log_odds(asked), model.decision_function(asked), atol=1e-12)
    np.testing.assert_allclose(trees.probabilities(asked), model.predict_proba(asked)[:, 1], atol=1e-12)


def test_more_certainty_never_counts_against_a_character():
    rows, hits = some()
    trees = grow_trees(rows, ~hits, TreesConfig(least_in_leaf=5))  # the data say the opposite
    asked = np.repeat(np.nan_to_num(rows[:1]), 21, axis=0)
    for name in (*RISES, *FALLS):
        changed = asked.copy()
        changed[:, FEATURES.index(name)] = np.linspace(-3, 3, 21)
        steps = np.diff(trees.log_odds(changed))
        assert (steps >= 0).all() if name in RISES else (steps <= 0).all()


@pytest.mark.parametrize(("count", "hit", "sure"), [(0, True, 0.5), (3, True, 0.999), (40, False, 0.001)])
def test_where_there_is_nothing_to_tell_apart_there_are_no_trees(count, hit, sure):
    trees = grow_trees(np.zeros((count, len(FEATURES)), np.float32), np.full(count, hit))
    assert trees.probabilities(np.zeros((2, len(FEATURES)), np.float32)) == pytest.approx([sure] * 2)


def test_a_few_candidates_are_enough_to_run():
    trees = grow_trees(*some(3))
    assert np.isfinite(trees.log_odds(some(5)[0])).all()
