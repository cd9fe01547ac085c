import numpy as np
import pytest

from recognition.training.column_texts import UNKNOWN, ClassText
from recognition.training.column_vectors import start_vectors


@pytest.mark.parametrize("ids", [[], [0], [UNKNOWN] * 9, [0, UNKNOWN, UNKNOWN, UNKNOWN, 1]])
@pytest.mark.parametrize(("classes", "width"), [(2, 1), (2, 8), (30, 4)])
def test_without_neighbors_there_is_noise(ids: list[int], classes: int, width: int) -> None:
    vectors = start_vectors([ClassText(np.array(ids, np.int64))], classes, width)
    assert vectors.shape == (classes, width)
    assert vectors.dtype == np.float32
    assert 0 < np.abs(vectors).max() < 1


def test_what_stands_in_the_same_places_is_alike() -> None:
    """Classes 0 and 1 stand between 4 and 5, classes 2 and 3 between 6 and 7."""
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 2, 900), rng.integers(2, 4, 900)
    text = np.stack([np.full(900, 4), first, np.full(900, 5), np.full(900, 6), second, np.full(900, 7)], axis=1)
    vectors = start_vectors([ClassText(text.ravel().astype(np.int64))], 9, 8)
    length = np.linalg.norm(vectors, axis=1)
    alike = vectors @ vectors.T / np.outer(length, length)
    assert min(alike[0, 1], alike[2, 3]) > 0.8
    assert np.abs(alike[:2, 2:4]).max() < 0.5
    np.testing.assert_allclose(length[:8], 0.8 * np.sqrt(7), rtol=0.4)
    assert length[8] < 1  # it stands nowhere


def test_a_seed_is_the_same_vectors() -> None:
    texts = [ClassText(np.random.default_rng(1).integers(0, 20, 500), share) for share in (0.3, 0.7)]
    np.testing.assert_array_equal(start_vectors(texts, 20, 6, seed=3), start_vectors(texts, 20, 6, seed=3))
    assert not np.array_equal(start_vectors(texts, 20, 6, seed=3), start_vectors(texts, 20, 6, seed=4))
    assert not np.allclose(start_vectors(texts, 20, 6, seed=3), start_vectors(texts[::-1], 20, 6, seed=5))
