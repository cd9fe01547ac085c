"""Texts that were read against transcriptions."""

import json
import sys

import pytest

from kuzushiji_submit.core.errors import CompetitionFileError
from tests.load_module import load_script


@pytest.fixture(scope="module")
def script():
    return load_script("measure_transcriptions")


@pytest.mark.parametrize(
    ("written", "transcribed", "common", "edits", "bag_f1", "error_rate"),
    [
        ("", "", 0, 0, 0.0, 0.0),
        ("", "いろは", 0, 3, 0.0, 1.0),
        ("いろ\nは\n", "", 0, 3, 0.0, 3.0),
        ("いろ\nは\n", "いろは", 3, 0, 1.0, 0.0),
        ("いろ\n（イロ）\nは（ハ）\n", "いろ は", 3, 0, 1.0, 0.0),
        ("はろい", "いろは", 3, 2, 1.0, 2 / 3),
        ("いいい", "い", 1, 2, 0.5, 2.0),
        ("いに", "いろはに", 2, 2, 2 / 3, 0.5),
    ],
)
def test_one_page(script, written, transcribed, common, edits, bag_f1, error_rate):
    counts = script.compare(written, transcribed)
    assert (counts.common, counts.edits) == (common, edits)
    assert (counts.bag_f1, counts.error_rate) == pytest.approx((bag_f1, error_rate))


def test_books_and_all_of_them(script, tmp_path, monkeypatch, capsys):
    (tmp_path / "texts" / "text").mkdir(parents=True)
    for name, text in {"a_1": "いろ\n", "a_2": "は", "b_1": "に", "unknown_1": "ほ"}.items():
        (tmp_path / "texts" / "text" / f"{name}.txt").write_text(text, encoding="utf-8")
    transcriptions = tmp_path / "t.json"
    transcriptions.write_text(json.dumps({"a_1": "いろ", "a_2": "に", "b_1": "に", "c_1": "へ"}), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["x", "--texts", str(tmp_path / "texts"), "--transcriptions", str(transcriptions)])
    assert script.main() == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows == [
        ["a", "2", "3", "3", "0.6667", "0.3333"],
        ["b", "1", "1", "1", "1.0000", "0.0000"],
        ["all", "3", "4", "4", "0.7500", "0.2500"],
    ]
    transcriptions.write_text("{}")
    with pytest.raises(CompetitionFileError, match="no text of a page that"):
        script.main()
