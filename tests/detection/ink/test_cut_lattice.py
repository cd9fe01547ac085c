import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from detection.ink.cut_lattice import FEATURES, column_candidates
from detection.ink.profiles import candidate_cuts, column_profiles

UNIT = 10.0


def columns_of(rows: list[tuple[int, int]], height: int = 60) -> np.ndarray:
    """One column; each (top, bottom) is 12 pixels wide."""
    out = np.zeros((height, 30), np.int32)
    for top, bottom in rows:
        out[top:bottom, 8:20] = 1
    return out


def test_one_piece_is_one_candidate() -> None:
    (profile,) = column_profiles(columns_of([(5, 15)]))
    found = column_candidates(profile, np.array([0, 10]), UNIT, 4.0)
    assert found.boxes.tolist() == [[8, 5, 20, 15]]
    assert (found.begin.tolist(), found.end.tolist()) == ([0], [1])
    features = dict(zip(FEATURES, found.features[0], strict=True))
    assert features["width"] == pytest.approx(1.2)
    assert features["height"] == pytest.approx(1.0)
    assert features["density"] == pytest.approx(1.0)
    assert features["cut_above"] == features["cut_below"] == 0
    assert features["gap_above"] == features["gap_below"] == 2.0
    assert features["offset"] == pytest.approx(0.0)


def test_the_gap_between_two_pieces_is_measured() -> None:
    (profile,) = column_profiles(columns_of([(5, 15), (19, 29)]))
    found = column_candidates(profile, np.array([0, 12, 24]), UNIT, 4.0)
    assert found.boxes.tolist() == [[8, 5, 20, 15], [8, 19, 20, 29], [8, 5, 20, 29]]
    gap = {name: found.features[:, FEATURES.index(name)] for name in ("gap_above", "gap_below", "gap_inside")}
    assert gap["gap_below"][0] == pytest.approx(0.4)
    assert gap["gap_above"][1] == pytest.approx(0.4)
    assert gap["gap_inside"].tolist() == pytest.approx([0, 0, 0.4])


def test_a_cut_through_ink_is_measured() -> None:
    (profile,) = column_profiles(columns_of([(5, 25)]))
    found = column_candidates(profile, np.array([0, 10, 20]), UNIT, 4.0)
    cut = {name: found.features[:, FEATURES.index(name)] for name in ("cut_above", "cut_below", "cut_inside")}
    assert cut["cut_below"].tolist() == pytest.approx([1.2, 0, 0])
    assert cut["cut_above"].tolist() == pytest.approx([0, 1.2, 0])
    assert cut["cut_inside"][2] == pytest.approx(1.2)


def test_nothing_taller_than_allowed_is_a_candidate() -> None:
    (profile,) = column_profiles(columns_of([(0, 60)]))
    found = column_candidates(profile, np.arange(0, 61, 5), UNIT, 2.0)
    assert (found.boxes[:, 3] - found.boxes[:, 1]).max() == 20
    assert len(found.begin) == 12 + 11 + 10 + 9


@given(st.lists(st.tuples(st.integers(0, 55), st.integers(1, 20)), min_size=1, max_size=5))
@examples(60)
def test_every_candidate_is_the_ink_between_its_cuts(stripes: list[tuple[int, int]]) -> None:
    columns = columns_of([(top, min(60, top + length)) for top, length in stripes])
    (profile,) = column_profiles(columns)
    cuts = candidate_cuts(profile, UNIT, 0.2, 0.6)
    found = column_candidates(profile, cuts, UNIT, 9.0)
    assert np.isfinite(found.features).all()
    for begin, end, box in zip(found.begin, found.end, found.boxes.astype(int), strict=True):
        between = np.zeros_like(columns)
        rows = slice(cuts[begin] + profile.top, cuts[end] + profile.top)
        between[rows] = columns[rows]
        ys, xs = np.nonzero(between)
        assert box.tolist() == [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
