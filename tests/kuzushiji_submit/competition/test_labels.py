"""Label cells, good and broken."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.competition.labels import POINT_NUMBERS, TRUTH_NUMBERS, format_number, is_nan, parse_groups
from kuzushiji_submit.core.charset import CODEPOINT_PATTERN


@pytest.mark.parametrize(
    ("cell", "names", "bad"),
    [
        ("", [], []),
        ("   ", [], []),
        ("nan", [], []),
        ("NaN", [], []),
        ("U+306F 1 2 3 4", ["U+306F"], []),
        ("U+306F 1 2 3 4 U+20000 5 6 7 8", ["U+306F", "U+20000"], []),
        ("  U+306F  1 2 3 4 ", ["U+306F"], []),
        ("U+306F 1.5 -2 3e1 4", ["U+306F"], []),
        ("U+306F", [], [(1, "0 numbers after")]),
        ("U+306F 1 2 3", [], [(1, "3 numbers after")]),
        ("U+306F 1 2 3 U+3070 1 2 3 4", ["U+3070"], [(1, "3 numbers after")]),
        ("U+306F 1 2 3 4 5 U+3070 1 2 3 4", ["U+3070"], [(1, "5 numbers after")]),
        ("U+306F 1 2 x 4 U+3070 1 2 3 4", ["U+3070"], [(1, "'x' is not a number")]),
        ("U+306F 1 2 inf 4", [], [(1, "'inf' is not a number")]),
        ("U+306F 1 2 3 4 u+3070 1 2 3 4", ["U+306F"], [(6, "'u+3070' is not a codepoint")]),
        ("は 1 2 3 4", [], [(1, "'は' is not a codepoint")]),
        ("7 U+306F 1 2 3 4", ["U+306F"], [(1, "'7' is not a codepoint")]),
        ("U+30 1 2 3 4", [], [(1, "'U+30' is not a codepoint")]),
    ],
)
def test_parse(cell, names, bad):
    groups = parse_groups(cell, TRUTH_NUMBERS, codepoints_only=True)
    assert list(groups.names) == names
    assert groups.numbers.shape == (len(names), 4)
    assert [one.token for one in groups.bad] == [token for token, _ in bad]
    for found, (_, reason) in zip(groups.bad, bad, strict=True):
        assert reason in found.reason


def test_points_may_have_any_label():
    groups = parse_groups("u+3042 1 2 ? 3 4", POINT_NUMBERS, codepoints_only=False)
    assert groups.names == ("u+3042", "?")
    assert groups.bad == ()


names = st.from_regex(CODEPOINT_PATTERN, fullmatch=True)
pages = st.lists(st.tuples(names, *[st.integers(-5, 9999)] * 4), max_size=8)


@given(pages)
def test_round_trip(groups):
    cell = " ".join(" ".join(map(str, group)) for group in groups)
    parsed = parse_groups(cell, TRUTH_NUMBERS, codepoints_only=True)
    assert parsed.bad == ()
    back = [(name, *row) for name, row in zip(parsed.names, parsed.numbers.astype(int).tolist(), strict=True)]
    assert back == groups


@given(pages, st.lists(st.sampled_from(["U+3042", "x", "1", "U+", "-3"]), max_size=6), st.integers(0, 40))
def test_one_broken_stretch_never_costs_the_groups_before_it(groups, noise, place):
    before = groups[: place % (len(groups) + 1)]
    cell = " ".join([*(" ".join(map(str, group)) for group in before), "U+FFFF", *noise])
    parsed = parse_groups(cell, TRUTH_NUMBERS, codepoints_only=True)
    assert parsed.names[: len(before)] == tuple(group[0] for group in before)


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (12.0, "12"), (-3.0, "-3"), (12.5, "12.5"), (1 / 3, "0.333")])
def test_format_number(value, text):
    assert format_number(value) == text
    assert np.isclose(float(text), value, atol=1e-3)


@pytest.mark.parametrize(("cell", "expected"), [("", False), (" nan ", True), ("NaN", True), ("nana", False)])
def test_is_nan(cell, expected):
    assert is_nan(cell) is expected
