import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.interpretation.cases import Case, Leaders


def case(rank: float, place: int) -> Case:
    return Case(rank, place, 0, 1, 0.1, 0.9)


@pytest.mark.parametrize("most", [0, 1])
def test_no_cases(most: int) -> None:
    leaders = Leaders(most)
    assert leaders.ranked() == []
    leaders.add(case(1.0, 0))
    assert len(leaders.ranked()) == most


@given(st.lists(st.integers(-3, 3)), st.integers(1, 5))
def test_the_highest_are_kept_highest_first(ranks: list[int], most: int) -> None:
    leaders = Leaders(most)
    cases = [case(rank, place) for place, rank in enumerate(ranks)]
    for one in cases:
        leaders.add(one)
    assert leaders.ranked() == sorted(cases, reverse=True)[:most]
