"""What may stand between the tokens of a labels cell."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.competition.separators import separator_faults

WHITE_SPACE = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace() and chr(code) != " "]


@pytest.mark.parametrize("cell", ["", "U+3042", "U+3042 1 2", "U+3042 1 2 U+3044 3 4", "は 1 2"])
def test_sound_cells(cell):
    assert separator_faults(cell) == []


@pytest.mark.parametrize(
    ("cell", "starts"),
    [
        (" ", ["token 1: a blank before the first token"]),
        (" U+3042 1 2", ["token 1: a blank before the first token"]),
        ("U+3042 1 2 ", ["token 3: a blank behind the last token '2'"]),
        ("U+3042 1  2", ["token 2: 2 blanks in a row after '1'"]),
        ("U+3042\t1\t2", ["token 1: a tab after 'U+3042' and 1 more such"]),
        ("U+3042 1 2\nU+3044 3 4", ["token 3: a line end after '2'"]),
        ("U+3042 1 2\r\nU+3044 3 4", ["token 3: a line end after '2'"]),
        ("U+3042 1 2\u3000U+3044\xa03 4", ["token 3: U+3000 (ideographic space)", "token 4: U+00A0 (no-break space)"]),
        ("U+3042 1\x1c2", ["token 2: U+001C (a control character) after '1'"]),
        # what is no white space separates nothing, neither here nor in the metric
        ("U+3042\u200b 1 2\x1b", []),
    ],
)
def test_faults_name_token_and_separator(cell, starts):
    faults = separator_faults(cell)
    assert len(faults) == len(starts)
    for fault, start in zip(faults, starts, strict=True):
        assert fault.startswith(start)
        assert "single blanks" in fault


@pytest.mark.parametrize("sign", WHITE_SPACE, ids=lambda sign: f"U+{ord(sign):04X}")
def test_every_white_space_of_unicode_is_named(sign):
    (fault,) = separator_faults(f"U+3042 1{sign}2")
    assert fault.startswith("token 2: ")
    name = unicodedata.name(sign, "").lower()
    assert (f"U+{ord(sign):04X} ({name or 'a control character'})" in fault) or sign in "\t\n\r"


@given(st.text(alphabet="U1\u3042 \t\u3000\u200b\x1c", max_size=12))
def test_no_fault_means_that_the_metric_splits_the_same(cell):
    if cell and not separator_faults(cell):
        assert cell.split(" ") == cell.split()
    elif cell:
        assert cell.split(" ") != cell.split()
