import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from detection.ink.profiles import Profile, candidate_cuts, column_profiles


def profile_of(ink: list[float]) -> Profile:
    values = np.array(ink, np.float32)
    inked = values > 0
    left = np.where(inked, 0, 1 << 30).astype(np.int32)
    return Profile(0, values, left, np.where(inked, values, -1).astype(np.int32))


def test_no_columns_no_profiles() -> None:
    assert column_profiles(np.zeros((0, 0), np.int32)) == []
    assert column_profiles(np.zeros((4, 4), np.int32)) == []


def test_a_profile_tells_every_row() -> None:
    columns = np.zeros((6, 9), np.int32)
    columns[1, 2:5] = 2
    columns[3, [1, 7]] = 2
    columns[2, 8] = 5
    first, second = column_profiles(columns)
    assert (first.top, second.top) == (1, 2)
    assert first.ink.tolist() == [3, 0, 2]
    assert first.left[[0, 2]].tolist() == [2, 1]
    assert first.right.tolist() == [5, -1, 8]
    assert second.ink.tolist() == [1]


def test_a_gap_and_a_thin_place_are_cuts() -> None:
    ink = [20.0] * 30 + [0.0] * 10 + [20.0] * 30 + [18, 10, 4, 10, 18] + [20.0] * 30
    cuts = candidate_cuts(profile_of(ink), 40, 0.12, 5.0).tolist()
    assert cuts[0] == 0
    assert cuts[-1] == len(ink)
    assert any(33 <= cut <= 37 for cut in cuts)
    assert any(71 <= cut <= 74 for cut in cuts)


def test_a_long_even_stroke_is_cut_into_pieces() -> None:
    cuts = candidate_cuts(profile_of([6.0] * 200), 40, 0.12, 0.6)
    assert np.diff(cuts).max() <= 24


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=150),
    st.floats(8, 60),
    st.sampled_from([0.05, 0.12, 0.3]),
    st.sampled_from([0.3, 0.6, 4.0]),
)
@examples(150)
def test_cuts_rise_from_the_first_row_to_the_last(ink: list[int], unit: float, spacing: float, longest: float) -> None:
    ink[0], ink[-1] = max(1, ink[0]), max(1, ink[-1])
    cuts = candidate_cuts(profile_of([float(one) for one in ink]), unit, spacing, longest)
    assert cuts[0] == 0
    assert cuts[-1] == len(ink)
    assert (np.diff(cuts) > 0).all()


@pytest.mark.parametrize("height", [1, 2, 3])
def test_the_shortest_columns_have_their_ends(height: int) -> None:
    assert candidate_cuts(profile_of([1.0] * height), 40, 0.12, 0.6).tolist() == [0, height]
