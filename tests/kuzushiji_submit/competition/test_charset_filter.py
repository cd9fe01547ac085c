"""Which codepoints stay, and the report of those that go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.competition.charset_filter import CharsetFilter, count_codepoints, filter_charset, is_symbol
from kuzushiji_submit.core.errors import ConfigError

COUNTS = {"U+306E": 9, "U+306F": 5, "U+300C": 5, "U+3005": 2, "U+4FA1": 1}
TABLE = ("U+0031", "U+3005", "U+300C", "U+306E", "U+306F")


def test_nothing_annotated():
    report = filter_charset({}, CharsetFilter(drop_symbols=True, at_least=3, most=2))
    assert len(report.charset) == report.annotated == report.kept_characters == 0
    assert report.lines()[-1] == "        0 remain, 0.00% of 0 annotated characters"


@pytest.mark.parametrize(
    ("codepoint", "symbol"),
    [
        ("U+003F", True),
        ("U+300C", True),
        ("U+25CB", True),
        ("U+303D", True),
        ("U+0020", True),
        ("U+3005", False),
        ("U+3007", False),
        ("U+309D", False),
        ("U+306F", False),
        ("U+FF2F", False),
    ],
)
def test_symbols(codepoint, symbol):
    assert is_symbol(codepoint) == symbol


def test_table_and_annotation_differ_both_ways():
    report = filter_charset(COUNTS, CharsetFilter(), TABLE)
    assert (report.table, report.annotated) == (5, 5)
    assert report.never_annotated == ("U+0031",)
    assert report.not_in_table == ("U+4FA1",)
    assert report.table - len(report.never_annotated) + len(report.not_in_table) == report.annotated
    assert [line.split(" (")[0].strip() for line in report.lines()] == [
        "5 codepoints in the table",
        "-1 of them never annotated",
        "+1 annotated but not in the table",
        "5 annotated, 1 of them symbols",
        "5 remain, 100.00% of 22 annotated characters",
    ]


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        (CharsetFilter(), ["U+3005", "U+300C", "U+306E", "U+306F", "U+4FA1"]),
        (CharsetFilter(drop_symbols=True), ["U+3005", "U+306E", "U+306F", "U+4FA1"]),
        (CharsetFilter(at_least=5), ["U+300C", "U+306E", "U+306F"]),
        (CharsetFilter(most=2), ["U+300C", "U+306E"]),  # equals go by codepoint
        (CharsetFilter(most=2, drop_symbols=True), ["U+306E", "U+306F"]),
        (CharsetFilter(only=("U+306F", "U+0031")), ["U+306F"]),
        (CharsetFilter(only=("U+306F", "U+4FA1"), at_least=2), ["U+306F"]),
    ],
)
def test_rules(rules, left):
    report = filter_charset(COUNTS, rules)
    assert list(report.charset.codepoints) == left
    assert report.kept_characters == sum(COUNTS[codepoint] for codepoint in left)
    assert sorted([*left, *(one for gone in report.dropped.values() for one in gone)]) == sorted(COUNTS)
    assert report.table == 0
    assert len(report.lines()) == 2 + len(report.dropped)


@given(
    st.dictionaries(st.sampled_from([f"U+{code:04X}" for code in range(0x2FF0, 0x3050)]), st.integers(0, 5)),
    st.booleans(),
    st.integers(0, 4),
    st.integers(0, 4),
)
def test_every_annotated_codepoint_is_kept_or_dropped_once(counts, drop_symbols, at_least, most):
    report = filter_charset(counts, CharsetFilter(drop_symbols, at_least, most), TABLE)
    found = [*report.charset.codepoints, *(one for gone in report.dropped.values() for one in gone)]
    assert sorted(found) == sorted(codepoint for codepoint, count in counts.items() if count)


def test_counts_of_pages(make_truth):
    pages = [make_truth(("U+306E", 0, 0, 1, 1), ("U+306F", 0, 0, 1, 1)), make_truth(("U+306E", 0, 0, 0, 0))]
    assert count_codepoints(pages) == {"U+306E": 2, "U+306F": 1}


@pytest.mark.parametrize("values", [{"at_least": -1}, {"most": -1}])
def test_negative_bounds_are_refused(values):
    with pytest.raises(ConfigError, match="not negative"):
        CharsetFilter(**values)
