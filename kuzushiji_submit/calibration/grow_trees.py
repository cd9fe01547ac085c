"""Boosted trees out of scikit-learn, as the arrays that are asked without it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.reading.second_level.boosted_trees import BoostedTrees
from kuzushiji_submit.reading.second_level.features import FEATURES

RISES = (
    "joint_score",
    "detection_score",
    "eye_score",
    "eye_score_of_chosen",
    "text_score",
    "text_lead",
    "score_before",
    "score_after",
)
"""Features that only ever speak for a character, however little data there is."""
FALLS = ("overlap", "covered_by_better", "aside")
"""Features that only ever speak against it."""


@dataclass(frozen=True)
class TreesConfig:
    """How trees are grown.

    Attributes:
        trees: how many.
        leaves: of each.
        learning_rate: what part of a tree's correction is taken.
        least_in_leaf: candidates that a leaf holds.
        l2: pulls the leaves' values to zero.
        seed: of the binning, where there are very many candidates.
    """

    trees: int = 60
    leaves: int = 4
    learning_rate: float = 0.05
    least_in_leaf: int = 20
    l2: float = 1.0
    seed: int = 0


def grow_trees(rows: NDArray[np.float32], hits: NDArray[np.bool_], config: TreesConfig | None = None) -> BoostedTrees:
    """Trees that tell hits from others.

    Args:
        rows: float32 (N, len(FEATURES)), the columns of `candidate_features`.
        hits: bool (N,).
        config: how they are grown.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    config = config or TreesConfig()
    if hits.all() or not hits.any():
        return _constant(float(hits.mean()) if len(hits) else 0.5)
    model = HistGradientBoostingClassifier(
        max_iter=config.trees,
        max_leaf_nodes=config.leaves,
        learning_rate=config.learning_rate,
        min_samples_leaf=config.least_in_leaf,
        l2_regularization=config.l2,
        monotonic_cst=[int(name in RISES) - int(name in FALLS) for name in FEATURES],
        early_stopping=False,
        random_state=config.seed,
    ).fit(rows, hits)
    return to_arrays(model)


def to_arrays(model: object) -> BoostedTrees:
    """A fitted HistGradientBoostingClassifier of two classes as arrays.

    Scikit-learn has no public way to its trees; that the arrays say what it says is tested.
    """
    tables = [predictor.nodes for (predictor,) in model._predictors]  # type: ignore[attr-defined]
    starts = np.cumsum([0, *(len(table) for table in tables)])
    nodes = np.concatenate(tables)
    first = np.repeat(starts[:-1], [len(table) for table in tables])
    leaf = nodes["is_leaf"].astype(np.bool_)
    own = np.arange(len(nodes))
    return BoostedTrees(
        baseline=float(np.ravel(model._baseline_prediction)[0]),  # type: ignore[attr-defined]
        roots=starts[:-1].astype(np.int64),
        features=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
        thresholds=np.where(leaf, 0, nodes["num_threshold"]).astype(np.float64),
        missing_left=nodes["missing_go_to_left"].astype(np.bool_),
        lefts=np.where(leaf, own, first + nodes["left"].astype(np.int64)).astype(np.int64),
        rights=np.where(leaf, own, first + nodes["right"].astype(np.int64)).astype(np.int64),
        values=np.where(leaf, nodes["value"], 0).astype(np.float64),
        depth=int(nodes["depth"].max()),
    )


def _constant(share: float) -> BoostedTrees:
    """No tree at all: everything is a hit, or nothing is."""
    sure = float(np.clip(share, 1e-3, 1 - 1e-3))
    nothing, flags = np.zeros(0, np.int64), np.zeros(0, np.bool_)
    reals = np.zeros(0)
    return BoostedTrees(float(np.log(sure / (1 - sure))), nothing, nothing, reals, flags, nothing, nothing, reals, 0)
