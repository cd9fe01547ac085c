"""The charset command."""

import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.training_data.recognizer_sources import read_charset


@pytest.fixture
def data(write_csv):
    write_csv("data/train.csv", ["image_id,labels", "a_1,U+306E 0 0 1 1 U+306E 5 5 1 1 U+300C 0 0 1 1", "a_2,"])
    return write_csv("data/unicode_translation.csv", ["Unicode,char", "U+306E,の", "U+0031,1"]).parent


def test_report_on_stdout_and_a_file_that_training_takes(data, tmp_path, capsys):
    out = tmp_path / "charset.csv"
    assert main(["charset", "--data", str(data), "--drop-symbols", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "2 codepoints in the table" in printed
    assert "1 remain, 66.67% of 3 annotated characters" in printed
    assert read_charset(out).codepoints == ("U+306E",)
    assert main(["charset", "--counts", str(out)]) == 0
    assert "1 remain, 100.00% of 2" in capsys.readouterr().out


def test_characters_may_be_named_and_nothing_left_is_an_error(data, tmp_path, capsys):
    out = tmp_path / "charset.csv"
    assert main(["charset", "--data", str(data), "--only", "「", "U+306E", "--out", str(out)]) == 0
    assert len(read_charset(out)) == 2
    assert main(["charset", "--data", str(data), "--only", "ん", "--out", str(tmp_path / "none.csv")]) == 1
    assert "no character is left" in capsys.readouterr().err
    assert not (tmp_path / "none.csv").exists()
    assert main(["charset", "--data", str(data), "--only", "んん"]) == 1
