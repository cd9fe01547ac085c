r"""Gradient-boosted decision trees as arrays: what scikit-learn grew, asked without it.

    node      0                 feature, threshold      a row goes left where its feature is at most the threshold,
            /   \                                       or is missing and the node sends what is missing to the left;
           1     2              a leaf points to        the value of the leaf that it ends in is added up over the
          / \                   itself, on both sides   trees: the logarithm of the odds
         3   4                  value

All trees lie one behind the other in the same arrays, and every row walks down all of them at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """T trees of M nodes together.

    Attributes:
        baseline: the logarithm of the odds before the first tree.
        roots: int64 (T,), the first node of each tree.
        features: int64 (M,), the column that a node asks; 0 for a leaf.
        thresholds: float64 (M,).
        missing_left: bool (M,), whether a NaN goes left.
        lefts: int64 (M,), the next node; a leaf's own number.
        rights: int64 (M,), likewise.
        values: float64 (M,), what a leaf adds.
        depth: steps from a root to the deepest leaf.

    Raises:
        ValueError: if the arrays do not agree, or a node points out of them.
    """

    baseline: float
    roots: NDArray[np.int64]
    features: NDArray[np.int64]
    thresholds: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    lefts: NDArray[np.int64]
    rights: NDArray[np.int64]
    values: NDArray[np.float64]
    depth: int

    def __post_init__(self) -> None:
        count = len(self.features)
        for name in ("features", "thresholds", "missing_left", "lefts", "rights", "values"):
            if getattr(self, name).shape != (count,):
                raise ValueError(f"{name} of {count} nodes must have ({count},), got {getattr(self, name).shape}")
        for name in ("roots", "lefts", "rights"):
            nodes = getattr(self, name)
            if nodes.ndim != 1 or (len(nodes) and not 0 <= nodes.min() <= nodes.max() < count):
                raise ValueError(f"{name} must point to nodes 0 to {count - 1}")
        if count and self.features.min() < 0:
            raise ValueError("features must be columns")

    def log_odds(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """The logarithm of the odds that the trees give rows float32 (N, F), float64 (N,).

        Raises:
            ValueError: if a node asks for a column that the rows lack.
        """
        if len(self.features) and self.features.max() >= rows.shape[1]:
            raise ValueError(f"the trees ask for {int(self.features.max()) + 1} features, got {rows.shape[1]}")
        exact = rows.astype(np.float64)
        nodes = np.repeat(self.roots[None], len(rows), axis=0)  # (N, T)
        for _ in range(self.depth):
            asked = np.take_along_axis(exact, self.features[nodes], axis=1)
            left = (asked <= self.thresholds[nodes]) | (np.isnan(asked) & self.missing_left[nodes])
            nodes = np.where(left, self.lefts[nodes], self.rights[nodes])
        return self.baseline + np.asarray(self.values[nodes].sum(axis=1))

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """The same as probabilities, float64 (N,)."""
        return np.asarray(1 / (1 + np.exp(-self.log_odds(rows))))
