"""Vectors that classes begin with: what stands near what in the texts.

A decomposition of the positive pointwise mutual information of characters and their neighbors (Levy and Goldberg 2014)
is near to what training would come to, and saves most of its way there.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

from recognition.training.column_texts import UNKNOWN, ClassText

NEIGHBORS = (-2, -1, 1, 2)
_SMOOTHING = 0.75  # of how often a neighbor occurs (Levy, Goldberg and Dagan 2015)
_LENGTH = 0.8  # of a vector, as a part of that of random numbers of variance 1
_NOISE = 0.15


def start_vectors(texts: Sequence[ClassText], classes: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    """A vector for each class.

    Args:
        texts: each counts by its share.
        classes: how many there are.
        width: numbers of a vector.
        seed: of the decomposition, and of the noise that keeps vectors apart.

    Returns:
        float32 (classes, width), about as long as random numbers of variance 0.8 squared; noise alone for classes that
        stand nowhere.
    """
    vectors = np.random.default_rng([seed, 5]).normal(0, _NOISE, (classes, width))
    information = _information(texts, classes)
    # What is left of the width is for noise alone.
    parts = min(width - 1, classes - 1)
    if parts >= 1 and information.nnz:
        found = TruncatedSVD(parts, n_iter=3, random_state=seed).fit_transform(information)
        lengths = np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
        vectors[:, :parts] += found / lengths * np.sqrt(parts) * _LENGTH
    return vectors.astype(np.float32)


def _information(texts: Sequence[ClassText], classes: int) -> sparse.csr_matrix:
    """Positive pointwise mutual information of classes and what stands at each distance, (classes, 4 * classes)."""
    counts = sparse.csr_matrix((classes, len(NEIGHBORS) * classes))
    for text in texts:
        for place, distance in enumerate(NEIGHBORS):
            first, second = text.ids[: -abs(distance)], text.ids[abs(distance) :]
            own, near = (first, second) if distance > 0 else (second, first)
            known = (own != UNKNOWN) & (near != UNKNOWN)
            weights = np.full(int(known.sum()), text.share / max(1, len(text)))
            cells = own[known], near[known] + place * classes
            counts = counts + sparse.coo_matrix((weights, cells), shape=counts.shape).tocsr()
    cells = counts.tocoo()
    of_row = np.asarray(counts.sum(axis=1)).ravel()
    of_column = np.asarray(counts.sum(axis=0)).ravel() ** _SMOOTHING
    if not cells.nnz:
        return counts
    of_column /= of_column.sum()
    values = np.log(cells.data / (of_row[cells.row] * of_column[cells.col]))
    positive = values > 0
    places = cells.row[positive], cells.col[positive]
    return sparse.csr_matrix((values[positive], places), shape=counts.shape)
