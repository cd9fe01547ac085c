"""An error that nobody foresaw costs its page alone, in every command that goes through pages."""

import importlib
from pathlib import Path

import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.core.page import read
from kuzushiji_submit.core.page.page_files import PageFile

RECOGNIZER = ("--set", "model=kuzu_char_rec", "--set", "model.stage_widths=[4, 8]", "--set", "crop.size=32")
SMALL = ("--set", "epochs=1", "--set", "runtime.accelerator=cpu", "--set", "split.folds=0")


@pytest.fixture
def no_page(monkeypatch):
    """Lets the reading of b_1 fail as nobody foresaw, in the module that a command reads pages in."""
    read_page = read.read_page

    def fail(file: PageFile):
        if file.image_id == "b_1":
            raise ZeroDivisionError("oops")
        return read_page(file)

    def patch(module: str) -> None:
        found = importlib.import_module(f"kuzushiji_submit.{module}")
        monkeypatch.setattr(found, "read_page", fail)

    return patch


@pytest.fixture
def submission(write_csv) -> Path:
    return write_csv("submission.csv", ["image_id,labels", "b_1,U+306F 600 120", "c_1,U+306F 600 120"])


@pytest.mark.parametrize(
    ("module", "command", "code", "made"),
    [
        ("core.page.read", ["check", "DATA"], 1, None),
        ("stats.build_statistics", ["stats", "DATA", "--out", "OUT"], 0, "index.html"),
        ("training_data.crop_files", ["crops", "--data", "DATA", "--out", "OUT"], 0, "manifest.csv"),
        (
            "report.build_report",
            ["report", "--images", "DATA/train_images", "--submission", "CSV", "--out", "OUT"],
            1,
            "pages/c_1.html",
        ),
        (
            "interpretation.page_crops",
            ["interpret", "--data", "DATA", "--weights", "WEIGHTS", "--all", "--device", "cpu", "--out", "OUT"],
            1,
            "index.html",
        ),
        (
            "training_data.prepare_crops",
            ["train", "recognizer", "--data", "DATA", "--out", "OUT", *RECOGNIZER, *SMALL],
            0,
            "recognizer.safetensors",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_the_other_page_comes_out(
    data, submission, weights, tmp_path, no_page, monkeypatch, capsys, module, command, code, made
):
    no_page(module)
    places = {"DATA": data, "OUT": tmp_path / "out", "CSV": submission, "WEIGHTS": weights}
    for name, path in places.items():
        command = [part.replace(name, str(path)) for part in command]
    assert main(command) == code
    captured = capsys.readouterr()
    assert "ZeroDivisionError: oops" in captured.out + captured.err
    assert "unexpected error" not in captured.err
    assert made is None or (tmp_path / "out" / made).is_file()
