"""Words, numbers, and data for scripts."""

import json

import pytest

from kuzushiji_submit.report.markup import clean, coordinate, count, plural, script_json


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [("", ""), ("は<", "は<"), ("a\x00b\x1bc", "a\ufffdb\ufffdc"), ("\ud800", "\ufffd"), ("\ufffe", "\ufffd")],
)
def test_what_html_forbids_is_replaced(raw, cleaned):
    assert clean(raw) == cleaned
    cleaned.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "written"), [(0.0, "0"), (12.0, "12"), (12.34, "12.3"), (-0.5, "-0.5"), (1e6, "1000000")]
)
def test_coordinate(value, written):
    assert coordinate(value) == written


def test_counts_and_plurals():
    assert (count(1234567), plural(1, "page"), plural(1200, "page"), plural(0, "page")) == (
        "1,234,567",
        "1 page",
        "1,200 pages",
        "0 pages",
    )


def test_data_cannot_end_its_script():
    data = {"a": "</script><!--&\u2028は"}
    code = script_json(data)
    assert not set(code) & set("<>&\u2028")
    assert json.loads(code) == data
