"""train.csv."""

import numpy as np
import pytest

from kuzushiji_submit.competition.problems import Kind, Problem, count_by_kind
from kuzushiji_submit.competition.truth import PageTruth, charset_of, read_repaired_truth, read_truth, write_truth
from kuzushiji_submit.core.errors import CompetitionFileError, LabelsError

HEADER = "image_id,labels"


def test_boxes_become_xyxy(write_csv):
    pages = read_truth(write_csv("train.csv", [HEADER, "a_1,U+306F 10 20 30 40 U+3070 0 0 1 1", "b-2,", "c,nan"]))
    assert [(page.image_id, len(page)) for page in pages] == [("a_1", 2), ("b-2", 0), ("c", 0)]
    assert pages[0].codepoints == ("U+306F", "U+3070")
    assert pages[0].boxes.dtype == np.float32
    assert pages[0].boxes.tolist() == [[10, 20, 40, 60], [0, 0, 1, 1]]
    assert pages[1].boxes.shape == (0, 4)


def test_quoted_cells_byte_order_mark_and_extra_columns(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes('\ufeffimage_id,labels,x\r\na,"U+002C 1 2 3 4",9\r\n\r\n'.encode())
    (page,) = read_truth(path)
    assert page.codepoints == ("U+002C",)


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        ("a,U+306F 1 2 3", LabelsError, r"line 2: a: token 1: 3 numbers after 'U\+306F' instead of 4"),
        ("a,U+306F 1 2 3 4 は 1 2 3 4", LabelsError, r"line 2: a: token 1: 9 numbers"),
        ("a,U+306F 1\t2 3 4", LabelsError, "line 2: a: token 2: a tab after '1'"),
        ("a,U+0306F 1 2 3 4", LabelsError, r"'U\+0306F' is not a codepoint like U\+306F: write U\+306F"),
        (",U+306F 1 2 3 4", CompetitionFileError, "line 2: no image_id"),
    ],
)
def test_faults_are_named(write_csv, row, error, message):
    path = write_csv("train.csv", [HEADER, row])
    with pytest.raises(error, match=message) as caught:
        read_truth(path)
    assert str(path) in str(caught.value)
    assert "kuzushiji check" in str(caught.value)


def test_faults_are_collected_and_what_is_good_is_kept(write_csv):
    rows = ["a,U+306F 1 2 3 U+3070 1 2 3 4", "a,", "b,U+3042 1\u30001 0 5", "c,nan"]
    problems: list[Problem] = []
    pages = read_repaired_truth(write_csv("train.csv", [HEADER, *rows]), problems)
    assert [(page.image_id, page.codepoints) for page in pages] == [("a", ("U+3070",)), ("b", ("U+3042",)), ("c", ())]
    assert [problem.kind for problem in problems] == [
        Kind.BAD_GROUP,
        Kind.DUPLICATE_ID,
        Kind.ODD_SEPARATOR,
        Kind.NO_AREA,
        Kind.NAN_LABELS,
    ]
    assert count_by_kind(problems)["no-area"] == 1
    assert "line 4: b: token 2: U+3000 (ideographic space)" in str(problems[2])
    assert "line 4: b" in str(problems[3])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"id,labels\na,\n", "line 1: no column image_id among id,labels"),
        (b"image_id,labels\na\n", "line 2: 1 cells where the header has more"),
        (b"image_id,labels\n\xff\xfe,\n", "is not UTF-8"),
        (b'image_id,labels\na,"U+3042 1\n', "not CSV"),
    ],
)
def test_unreadable_files(tmp_path, content, message):
    path = tmp_path / "train.csv"
    path.write_bytes(content)
    with pytest.raises(CompetitionFileError, match=message):
        read_truth(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(CompetitionFileError, match="no such file"):
        read_truth(tmp_path / "none.csv")
    with pytest.raises(CompetitionFileError, match="is a folder"):
        read_truth(tmp_path)


def test_write_then_read(tmp_path, make_truth):
    pages = [make_truth(("U+3042", 1, 2, 3, 4), ("U+20000", 5.5, 6, 7, 8)), make_truth(image_id="empty")]
    write_truth(tmp_path / "t.csv", pages)
    assert (tmp_path / "t.csv").read_text() == ("image_id,labels\nbook_1,U+3042 1 2 3 4 U+20000 5.5 6 7 8\nempty,\n")
    back = read_truth(tmp_path / "t.csv")
    assert [page.codepoints for page in back] == [page.codepoints for page in pages]
    assert all(np.array_equal(one.boxes, other.boxes) for one, other in zip(back, pages, strict=True))


def test_charset_is_ordered_by_code(make_truth):
    pages = [make_truth(("U+20000", 0, 0, 1, 1), ("U+3042", 0, 0, 1, 1)), make_truth(("U+4E00", 0, 0, 1, 1))]
    assert charset_of(pages).codepoints == ("U+3042", "U+4E00", "U+20000")
    assert len(charset_of([])) == 0


def test_lengths_must_agree():
    with pytest.raises(ValueError, match=r"boxes must have shape \(1, 4\), got \(0, 4\)"):
        PageTruth("a", ("U+3042",), np.zeros((0, 4), np.float32))
