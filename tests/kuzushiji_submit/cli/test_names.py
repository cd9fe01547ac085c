"""Files whose names are no UTF-8, as old Shift-JIS archives hold them, through the commands."""

import json
import os
import shutil
from pathlib import Path

import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.competition.submission import read_submission
from kuzushiji_submit.reading import default_weights

PAGE = os.fsdecode("頁_1.jpg".encode("cp932"))
BROKEN = os.fsdecode("壊_2.jpg".encode("cp932"))
PAGE_ID, BROKEN_ID = "\\x95\\xc5_1", "\\x89\\xf3_2"


@pytest.fixture
def folder(pages, tmp_path) -> Path:
    """Pages in a folder with such a name: one of ASCII, one of Shift-JIS, one of Shift-JIS that is no image."""
    folder = tmp_path / os.fsdecode("資料".encode("cp932"))
    folder.mkdir()
    shutil.copy(pages / "b_3.jpg", folder / "b_3.jpg")
    shutil.copy(pages / "b_1.jpg", folder / PAGE)
    (folder / BROKEN).write_bytes(b"no image")
    return folder


def predict(folder: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, *extra: object) -> int:
    monkeypatch.setattr(default_weights, "DETECTOR_WEIGHTS", folder / "none.safetensors")
    argv = ["predict", "--images", folder, "--out", folder / "out.csv", "--recognizer-weights", weights]
    return main([*map(str, argv), "--device", "cpu", "--set", "min_score=0", *map(str, extra)])


def test_pages_are_read_or_named_and_found_again(folder, weights, monkeypatch, capsys):
    characters = folder / "characters.jsonl"
    assert predict(folder, weights, monkeypatch, "--characters", characters) == 1
    assert BROKEN_ID in capsys.readouterr().err
    lengths = {page.image_id: len(page) for page in read_submission(folder / "out.csv")}
    assert list(lengths) == [BROKEN_ID, PAGE_ID, "b_3"]
    assert lengths[BROKEN_ID] == 0
    assert min(lengths[PAGE_ID], lengths["b_3"]) > 0
    settings = json.loads((folder / "out.settings.json").read_text(encoding="utf-8"))
    assert settings["images"] == str(folder)
    assert list(settings["failures"]) == [BROKEN_ID]
    shutil.copy(folder / "b_3.jpg", folder / BROKEN)
    assert predict(folder, weights, monkeypatch, "--characters", characters, "--resume") == 0
    assert "resumed: 2 of 3 pages" in capsys.readouterr().err
    report = ["--images", folder, "--submission", folder / "out.csv", "--characters", characters]
    assert main(["report", *map(str, report), "--out", str(folder / "report")]) == 0
    assert PAGE_ID in (folder / "report" / "index.html").read_text(encoding="utf-8")


def test_a_data_folder_is_checked_counted_and_cut(folder, write_csv, tmp_path, capsys):
    data = folder / "data"
    shutil.copytree(folder, data / "train_images", ignore=lambda *_: ["data"])
    rows = [f"{image_id},U+306F 550 80 90 90" for image_id in ("b_3", PAGE_ID, BROKEN_ID)]
    write_csv(str(data / "train.csv"), ["image_id,labels", *rows])
    assert main(["check", str(data)]) == 1
    (unreadable,) = [line for line in capsys.readouterr().out.splitlines() if "error: unreadable" in line]
    assert "\\x89\\xf3_2.jpg: not an image" in unreadable
    assert main(["stats", str(data), "--out", str(folder / "stats")]) == 0
    assert main(["crops", "--data", str(data), "--out", str(folder / "crops")]) == 0
    assert (folder / "crops" / "U+306F" / f"{PAGE_ID}_0.png").is_file()
    assert "2 files of 2 pages" in capsys.readouterr().out


def test_one_text_comes_out_of_standard_output(folder, weights, monkeypatch, capsys):
    (folder / BROKEN).unlink()
    before = sorted(folder.iterdir())
    assert predict(folder, weights, monkeypatch, "--out", "-") == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0] == "image_id,labels"
    assert [line.partition(",")[0] for line in captured.out.splitlines()[1:]] == [PAGE_ID, "b_3"]
    assert "-: " in captured.err
    assert sorted(folder.iterdir()) == before
    assert predict(folder, weights, monkeypatch, "--out", "/dev/null", "--resume") == 1
    assert "leaves no unfinished run" in capsys.readouterr().err
    assert predict(folder, weights, monkeypatch, "--out", "-", "--characters", "/dev/stdout") == 1
    assert "is also --out" in capsys.readouterr().err
