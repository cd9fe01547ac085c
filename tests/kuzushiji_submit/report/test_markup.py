"""Escaping and numbers."""

import json

import pytest

from kuzushiji_submit.report.markup import count, json_script, notice, number, plural, text


@pytest.mark.parametrize(
    ("raw", "escaped"),
    [
        ("", ""),
        ("は", "は"),
        ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;"),
        ("a\x00b\x1bc", "a\ufffdb\ufffdc"),
        ("\ud800", "\ufffd"),
        ("\ufffe", "\ufffd"),
    ],
)
def test_text(raw, escaped):
    assert text(raw) == escaped
    escaped.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "written"), [(0.0, "0"), (12.0, "12"), (12.34, "12.3"), (-0.5, "-0.5"), (1e6, "1000000")]
)
def test_number(value, written):
    assert number(value) == written


def test_counts_and_plurals():
    assert (count(1234567), plural(1, "page"), plural(1200, "page"), plural(0, "page")) == (
        "1,234,567",
        "1 page",
        "1,200 pages",
        "0 pages",
    )


def test_data_cannot_end_its_script():
    data = {"a": "</script><!--&\u2028は"}
    script = json_script("x", data)
    assert script.count("<") == 2
    inner = script.removeprefix('<script type="application/json" id="x">').removesuffix("</script>")
    assert json.loads(inner) == data


def test_notice():
    assert notice([]) == ""
    assert "<p>&lt;x&gt;</p>" in notice(["<x>"])
