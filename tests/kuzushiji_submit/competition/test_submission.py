"""Writing, reading and refusing submissions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.competition.submission import (
    MAX_POINTS,
    SAMPLE_CELL,
    PagePoints,
    find_faults,
    keep_best,
    read_submission,
    settings_path,
    write_settings,
    write_submission,
)
from kuzushiji_submit.core.errors import CompetitionFileError, OutputError, SubmissionError


def points_of(count, image_id="p"):
    return PagePoints(image_id, ("U+3042",) * count, np.arange(2.0 * count).reshape(-1, 2))


@pytest.mark.parametrize(("count", "limit", "kept"), [(0, 3, []), (1, 0, []), (3, 3, [0, 1, 2]), (5, 2, [1, 3])])
def test_keep_best(count, limit, kept):
    scores = np.array([0.1, 0.9, 0.2, 0.8, 0.8], np.float32)[:count]
    best = keep_best(points_of(count), scores, limit)
    assert best.points[:, 0].tolist() == [2.0 * place for place in kept]


def test_rows_follow_the_sample(tmp_path):
    path = tmp_path / "deep" / "submission.csv"
    pages = {"b": PagePoints("b", ("U+3042", "U+3044"), np.array([[1, 2], [3.5, 4]])), "a": points_of(0, "a")}
    write_submission(path, ["c", "b", "a"], pages)
    assert path.read_text() == "image_id,labels\nc,\nb,U+3042 1 2 U+3044 3.5 4\na,\n"
    assert [(page.image_id, len(page)) for page in read_submission(path)] == [("c", 0), ("b", 2), ("a", 0)]


def test_refuses_to_write_what_the_rules_forbid(tmp_path):
    path = tmp_path / "submission.csv"
    with pytest.raises(SubmissionError, match="z: predicted but not in the sample"):
        write_submission(path, ["a"], {"z": points_of(1, "z")})
    with pytest.raises(SubmissionError, match="a: 1201 points"):
        write_submission(path, ["a"], {"a": points_of(MAX_POINTS + 1, "a")})
    assert not path.exists()


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "submission.csv"
    write_submission(path, ["a"], {})
    before = path.read_text()
    with pytest.raises(OutputError, match="cannot be written"):
        write_submission(path / "below-a-file.csv", ["a"], {})
    bad = PagePoints("a", ("U+3042",) * (MAX_POINTS + 1), np.zeros((MAX_POINTS + 1, 2)))  # fails in the middle
    with pytest.raises(SubmissionError, match="keep the best"):
        write_submission(path, ["b", "a"], {"a": bad})
    assert path.read_text() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["submission.csv"]


def test_settings_lie_beside(tmp_path):
    path = tmp_path / "submission.csv"
    write_settings(path, {"seed": 1, "font": "筆"})
    assert settings_path(path).name == "submission.settings.json"
    assert "筆" in settings_path(path).read_text(encoding="utf-8")


labels = st.from_regex(r"U\+[0-9A-F]{4,5}", fullmatch=True)
coordinates = st.integers(0, 10_000_000).map(lambda n: n / 1000)


@given(st.lists(st.tuples(labels, coordinates, coordinates), max_size=5))
def test_round_trip(tmp_path_factory, groups):
    path = tmp_path_factory.mktemp("round") / "submission.csv"
    page = PagePoints("p", tuple(g[0] for g in groups), np.array([g[1:] for g in groups], float).reshape(-1, 2))
    write_submission(path, ["p"], {"p": page})
    (back,) = read_submission(path)
    assert back.labels == page.labels
    assert back.points == pytest.approx(page.points)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("U+3042 1", "p: token 1: 1 numbers after 'U\\+3042' instead of 2"),
        ("U+3042 1 2 U+3044 3 x", "p: token 4: 'x' is not a number"),
        ("U+3042 1 inf", "'inf' is not a number"),
        ("U+3042\t1 2", "line 2: p: token 1: a tab after 'U\\+3042'"),
        ("U+3042 1\u30002", r"line 2: p: token 2: U\+3000 \(ideographic space\)"),
        ("U+3042 1 2 ", "line 2: p: token 3: a blank behind the last token"),
        ("U+3042 1 2,x", "line 2: 3 cells instead of 2"),
    ],
)
def test_reading_names_page_and_token(write_csv, cell, message):
    with pytest.raises(SubmissionError, match=message):
        read_submission(write_csv("s.csv", ["image_id,labels", f"p,{cell}"]))


def test_reading_keeps_labels_the_metric_would_not_match(write_csv):
    (page,) = read_submission(write_csv("s.csv", ["image_id,labels", "p,u+3042 1 2"]))
    assert page.labels == ("u+3042",)


def test_reading_refuses_other_columns(write_csv):
    with pytest.raises(SubmissionError, match=r"line 1: column 1 .* is an index"):
        read_submission(write_csv("s.csv", [",image_id,labels", "0,p,"]))


def test_ids_are_read_as_they_are(write_csv):
    (page,) = read_submission(write_csv("s.csv", ["image_id,labels", " p,"]))
    assert page.image_id == " p"
    assert find_faults(write_csv("s.csv", ["image_id,labels", f" p,{GOOD}"]), ["p"]) == [
        "line 2: ' p' is not in the sample, the sample writes 'p' (white space around it): write it so"
    ]


def test_reading_refuses_a_second_row(write_csv):
    with pytest.raises(SubmissionError, match="line 3: 'p' occurs twice"):
        read_submission(write_csv("s.csv", ["image_id,labels", "p,", "p,"]))


GOOD = "U+3042 1 2"


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ([f"a,{GOOD}", "b,"], []),
        ([f"b,{GOOD}", f"a,{GOOD}"], []),
        ([f"a,{GOOD}"], ["b: the sample has this page"]),
        ([f"a,{GOOD}", "b,", "c,"], ["line 4: 'c' is not in the sample"]),
        ([f"a,{GOOD}", "b,", "a,"], ["line 4: 'a' occurs twice"]),
        ([f"a,{GOOD} U+3044", "b,"], ["line 2: a: token 4: 0 numbers after"]),
        (["a,u+3042 1 2", "b,"], ["line 2: a: token 1: 'u+3042' is not a codepoint"]),
        (["a,U+3042 1 2 U+3044 -1 5", "b,"], ["line 2: a: token 4: U+3044 lies left of or above"]),
        ([f"a, {GOOD}", "b,"], ["line 2: a: token 1: a blank before the first token"]),
        (['a,"U+3042\t1 2"', "b,"], ["line 2: a: token 1: a tab after 'U+3042'"]),
        (['a,"U+3042 1 2\nU+3044 3 4"', "b,"], ["line 3: a: token 3: a line end after '2'"]),
        (["a,U+3042 1\u30002", "b,"], ["line 2: a: token 2: U+3000 (ideographic space) after '1'"]),
        (["a,U+3042\xa01 2", "b,"], ["line 2: a: token 1: U+00A0 (no-break space) after 'U+3042'"]),
        (["a,U+03042 1 2", "b,"], ["line 2: a: token 1: 'U+03042' is not a codepoint like U+306F: write U+3042"]),
        (["a,U+D800 1 2", "b,"], ["line 2: a: token 1: 'U+D800' is not a codepoint"]),
        (['a,"U+3042 1,234 2"', "b,"], ["line 2: a: token 1: '1,234' is not a number (write plain digits"]),
        (["a,U+3042 1_234 2", "b,"], ["line 2: a: token 1: '1_234' is not a number"]),
        (["a,U+3042 １２ 2", "b,"], ["line 2: a: token 1: '１２' is not a number"]),
        (
            ["a,U+3042\u200b 1 2", "b,"],
            ["line 2: a: token 1: 'U+3042\\u200b' is not a codepoint like U+306F: write U+3042"],
        ),
        (["a,U+3042 \ufeff1 2", "b,"], ["line 2: a: token 1: '\\ufeff1' is not a number"]),
        ([f"a.jpg,{GOOD}", "b,"], ["line 2: 'a.jpg' is not in the sample, the sample writes 'a' (a file ending"]),
        ([f"A,{GOOD}", "b,"], ["line 2: 'A' is not in the sample, the sample writes 'a' (upper and lower case)"]),
        ([f"a,{GOOD},x", "b,"], ["line 2: 3 cells instead of 2, the last is 'x'"]),
        ([f"a,{GOOD},", "b,"], ["line 2: 3 cells instead of 2: the row ends in a comma"]),
        ([f"a,{GOOD}", "b"], ["line 3: 1 cell instead of 2", "b: the sample has this page"]),
        ([f"a,{GOOD}", "b,nan"], ["line 3: b: the text 'nan'"]),
        (["a," + " ".join([GOOD] * 1201), "b,"], ["line 2: a: 1201 points: at most 1200"]),
        (["a,", "b,"], ["every row is empty"]),
        ([f"a,{SAMPLE_CELL}", f"b,{SAMPLE_CELL}"], ["every row holds the sample's own labels"]),
    ],
)
def test_faults(write_csv, rows, faults):
    found = find_faults(write_csv("s.csv", ["image_id,labels", *rows]), ["a", "b"])
    assert len(found) == len(faults)
    for line, start in zip(found, faults, strict=True):
        assert line.startswith(start)


def test_wrong_columns_are_refused(write_csv):
    with pytest.raises(CompetitionFileError, match="line 1: no column labels among image_id,label"):
        find_faults(write_csv("s.csv", ["image_id,label", "a,"]), ["a"])
