"""check, score, validate and merge, from arguments to exit code."""

import json
import subprocess
import sys

import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.competition.submission import MAX_POINTS


@pytest.fixture
def truth(write_csv):
    rows = ["11_1,U+3042 0 0 10 10 U+3044 20 20 10 10", "11_2,", "22_1,U+3042 0 0 10 10", "22_2,nan"]
    return write_csv("truth.csv", ["image_id,labels", *rows])


@pytest.fixture
def submission(write_csv):
    rows = ["11_1,U+3042 5 5 U+3046 25 25", "11_2,U+3042 5 5", "22_1,", "22_2,"]
    return write_csv("submission.csv", ["image_id,labels", *rows])


def test_score_table(truth, submission, capsys):
    assert main(["score", "--truth", str(truth), "--submission", str(submission), "--by", "book"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert [line.split() for line in lines[1:4]] == [
        ["11", "0.4000", "0.3333", "0.5000", "1", "2", "1"],
        ["22", "0.0000", "0.0000", "0.0000", "0", "0", "1"],
        ["all", "0.3333", "0.3333", "0.3333", "1", "2", "2"],
    ]
    assert lines[-1] == "F1 0.3333 on 4 pages"
    assert "1 nan-labels" in captured.err


@pytest.mark.parametrize("further", [[], ["--by", "book"], ["--by", "page", "--json"]])
def test_a_score_waits_neither_for_torch_nor_for_pandas(truth, submission, further):
    argv = ["score", "--truth", str(truth), "--submission", str(submission), *further]
    code = (
        f"import sys; from kuzushiji_submit.cli import main; assert main({argv!r}) == 0; "
        "sys.exit(bool({'torch', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def test_score_json_by_page_without_labels(truth, submission, capsys):
    argv = [
        "score",
        "--truth",
        str(truth),
        "--submission",
        str(submission),
        "--by",
        "page",
        "--json",
        "--detection-only",
    ]
    assert main(argv) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["tp"], record["fp"], record["fn"], record["pages"]) == (2, 1, 1, 4)
    assert record["by_page"]["11_1"]["f1"] == 1.0
    assert list(record["by_page"]) == ["11_1", "11_2", "22_1", "22_2"]


@pytest.mark.parametrize(("cell", "meant"), [("あ 5 5", "U+3042"), ("u+3042 5 5", "U+3042")])
def test_score_says_which_labels_cannot_match(truth, write_csv, capsys, cell, meant):
    rows = [f"11_1,{cell}", "11_2,", "22_1,U+3042 5 5", "22_2,"]
    odd = write_csv("odd.csv", ["image_id,labels", *rows])
    assert main(["score", "--truth", str(truth), "--submission", str(odd)]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "F1 0.4000 on 4 pages"  # as the metric has it
    assert "odd.csv: 1 of 2 labels are no codepoints like the truth's" in captured.err
    assert f"the first {cell.split()[0]!r} on 11_1: write {meant}" in captured.err
    assert main(["score", "--truth", str(truth), "--submission", str(odd), "--detection-only"]) == 0
    assert "no codepoints" not in capsys.readouterr().err


@pytest.mark.parametrize("sign", ["\t", "\u3000", "\xa0"])
def test_score_and_validate_refuse_what_the_metric_does_not_split(truth, write_csv, capsys, sign):
    rows = [f'11_1,"U+3042{sign}5 5"', "11_2,", "22_1,", "22_2,"]
    odd = write_csv("odd.csv", ["image_id,labels", *rows])
    assert main(["score", "--truth", str(truth), "--submission", str(odd)]) == 1
    assert "odd.csv: line 2: 11_1: token 1: " in capsys.readouterr().err
    assert main(["validate", str(odd), "--sample", str(odd)]) == 1
    assert capsys.readouterr().out.startswith("line 2: 11_1: token 1: ")


def test_score_of_a_subset(truth, write_csv, capsys):
    part = write_csv("part.csv", ["image_id,labels", "22_1,U+3042 5 5"])
    assert main(["score", "--truth", str(truth), "--submission", str(part)]) == 1
    assert "add --subset" in capsys.readouterr().err
    assert main(["score", "--truth", str(truth), "--submission", str(part), "--subset"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "F1 1.0000 on 1 pages"
    assert "3 pages of the truth are not in the submission" in captured.err


def test_validate(submission, write_csv, capsys):
    assert main(["validate", str(submission), "--sample", str(submission)]) == 0
    assert "4 pages, ready to submit" in capsys.readouterr().out
    crowded = write_csv("crowded.csv", ["image_id,labels", "a," + " ".join(["U+3042 1 2"] * (MAX_POINTS + 1))])
    assert main(["validate", str(crowded), "--sample", str(submission)]) == 1
    captured = capsys.readouterr()
    assert "a: 1201 points" in captured.out
    assert captured.err.startswith(f"kuzushiji: error: {crowded}: 6 faults, listed above")


def test_validate_shows_a_bounded_list(write_csv, capsys):
    sample = write_csv("sample.csv", ["image_id,labels", *[f"page_{n}," for n in range(70)]])
    submission = write_csv("s.csv", ["image_id,labels", "page_0,U+3042 1 2"])
    assert main(["validate", str(submission), "--sample", str(sample)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 51
    assert lines[-1] == "... and 19 more"


def test_merge(write_csv, tmp_path, capsys):
    sample = write_csv("sample.csv", ["image_id,labels", "a,", "b,", "c,"])
    first = write_csv("1.csv", ["image_id,labels", "a,U+3042 1 2", "c,"])
    second = write_csv("2.csv", ["image_id,labels", "b,U+3044 3 4.5"])
    out = tmp_path / "all.csv"
    assert main(["merge", str(first), str(second), "--sample", str(sample), "--out", str(out)]) == 0
    assert out.read_text() == "image_id,labels\na,U+3042 1 2\nb,U+3044 3 4.5\nc,\n"
    assert main(["merge", str(first), "--sample", str(sample), "--out", str(out)]) == 1
    assert "b is in none of the files (1 such)" in capsys.readouterr().err
    assert main(["merge", str(first), str(first), "--sample", str(sample), "--out", str(out)]) == 1
    assert "a is in an earlier file too" in capsys.readouterr().err
    odd = write_csv("3.csv", ["image_id,labels", "b.jpg,U+3044 3 4.5"])
    assert main(["merge", str(first), str(odd), "--sample", str(sample), "--out", str(out)]) == 1
    assert "'b.jpg' is 'b' in the sample (a file ending behind it): predict with --sample" in capsys.readouterr().err


def test_check_lists_and_sums_up(write_csv, tmp_path, capsys):
    write_csv("train.csv", ["image_id,labels", "b_1,U+306F 1 2 3"])
    assert main(["check", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("warning: bad-group: ")
    assert lines[-1].startswith("1 train pages, 0 characters of 0 classes (charset ")
    assert "4 errors, 1 warnings (4 missing-file, 1 bad-group)" in lines[-1]
