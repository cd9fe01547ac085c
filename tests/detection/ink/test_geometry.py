import numpy as np

from detection.ink.cut_lattice import FEATURES, Candidates
from detection.ink.geometry import WEIGHTS, measures, potentials, skip_potentials


def features(**values: float) -> np.ndarray:
    usual = {"width": 0.9, "height": 1.0, "density": 0.25, "ink": 0.22, "gap_above": 0.2, "gap_below": 0.2}
    usual |= {"cut_inside": 0.3, **values}
    return np.array([[usual.get(name, 0.0) for name in FEATURES]], np.float32)


def test_the_weights_are_those_of_the_measures() -> None:
    assert list(WEIGHTS) == list(measures(features()))


def test_no_candidates_no_potentials() -> None:
    assert potentials(np.zeros((0, len(FEATURES)), np.float32)).shape == (0,)


def test_measures_are_finite_for_a_candidate_without_size() -> None:
    assert np.isfinite(potentials(np.zeros((1, len(FEATURES)), np.float32))).all()


def test_a_plain_character_is_likelier_than_doubtful_ones() -> None:
    plain = potentials(features())[0]
    assert plain > potentials(features(height=3.5, ink=0.8, gap_inside=0.4))[0]
    assert plain > potentials(features(cut_above=0.5, cut_below=0.5))[0]
    assert plain > potentials(features(gap_inside=0.4))[0]
    assert plain > potentials(features(width=0.1, height=0.1, ink=0.005))[0]


def test_skipping_counts_every_piece() -> None:
    table = np.concatenate([features(), features(height=2.0), features()])
    candidates = Candidates(np.array([0, 1, 0]), np.array([1, 2, 2]), np.zeros((3, 4), np.float32), table)
    skip = skip_potentials(candidates, 2)
    assert skip.shape == (2,)
    assert np.isfinite(skip).all()
    assert skip[0] != skip[1]
