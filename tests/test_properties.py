"""Property tests say the same everywhere."""

import properties
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.skipif(properties._SEARCHED > 0, reason="a search draws by chance")
def test_two_runs_draw_the_same_and_no_clock_fails_them():
    draws: list[list[str]] = []

    @given(st.text())
    def draw(text: str) -> None:
        draws[-1].append(text)

    for _ in range(2):
        draws.append([])
        draw()
    assert draws[0] == draws[1]
    assert len(draws[0]) > 10
    assert settings().deadline is None


def test_a_slow_property_tries_less_unless_searched():
    assert properties.examples(7).max_examples == (properties._SEARCHED or 7)
