"""The doctor: a line for everything, an exit code for what makes reading impossible."""

import importlib
import json

import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.diagnosis import brush_fonts, kaggle_access, reading_trial
from kuzushiji_submit.diagnosis.finding import Finding, Verdict
from kuzushiji_submit.reading import default_weights
from kuzushiji_submit.synthetic import fonts

SECRET = "KGAT_+/0123456789abcdef"


@pytest.fixture
def told(monkeypatch):
    """What the trial, which takes seconds, is to tell."""
    told = [Finding("reading", "part of a sample page")]
    monkeypatch.setattr(reading_trial, "look_at_reading", lambda device: iter(told))
    return told


def test_the_doctor_reads_part_of_a_page(capsys, monkeypatch, tmp_path):
    """The only test with the real trial; everything that was ever a secret is looked for in what it prints."""
    monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET)
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "--device", "cpu"]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[-1] == "pages can be read"
    assert lines[-2].startswith("ok    reading     part of a sample page on cpu: ")
    dense = default_weights.DENSE_WEIGHTS.is_file()
    counts = {"recognizer": len(default_weights.all_recognizer_weights(None)) - dense, "dense": int(dense)}
    for what in (
        "kuzushiji",
        "Python",
        "packages",
        "memory",
        "disk",
        "recognizer",
        "detector",
        "dense",
        "fonts",
        "Kaggle",
    ):
        assert sum(line[6:].startswith(f"{what} ") for line in lines) == counts.get(what, 1)
    assert "credentials in KAGGLE_API_TOKEN (not tried, never shown)" in printed.out
    assert SECRET not in printed.out + printed.err
    assert SECRET[5:] not in printed.out + printed.err


def test_a_fault_is_the_exit_code_and_a_note_is_not(told, capsys):
    told.append(Finding("x", "y", Verdict.NOTE, "z"))
    assert main(["doctor"]) == 0
    told.append(Finding("reading", "torch is broken", Verdict.FAULT, "install it anew"))
    assert main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:] == [
        "FAULT reading     torch is broken",
        f"{'':<18}to do: install it anew",
        "pages cannot be read: 1 FAULT above",
    ]


def test_json_has_the_same_and_nothing_else(told, capsys):
    assert main(["doctor", "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert records[-1] == {"what": "reading", "found": "part of a sample page", "verdict": "ok", "advice": ""}
    assert all(record["verdict"] == "ok" or record["advice"] for record in records)


def test_a_look_that_fails_stops_nothing_and_shows_no_secret(told, capsys, monkeypatch):
    def fail(*args):
        raise ValueError(SECRET)

    monkeypatch.setattr(kaggle_access, "find_credentials", fail)
    assert main(["doctor", "--verbose"]) == 0
    printed = capsys.readouterr()
    assert "note  Kaggle      cannot be looked at (ValueError)" in printed.out
    assert SECRET not in printed.out + printed.err
    assert printed.out.endswith("pages can be read\n")


def test_a_missing_library_keeps_the_rest_from_nothing(told, monkeypatch, capsys):
    load = importlib.import_module

    def fail(name):
        if name.startswith("kuzushiji_submit.diagnosis."):
            raise ImportError("No module named 'numpy'")
        return load(name)

    monkeypatch.setattr(importlib, "import_module", fail)
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.count("cannot be looked at (No module named 'numpy')") == 9


@pytest.mark.parametrize(
    ("names", "found", "verdict"),
    [
        ([], "no brush font is installed", Verdict.NOTE),
        (
            ["KouzanBrushFontSousyo.ttf"],
            "1 found: KouzanBrushFontSousyo.ttf; missing: fonts-kouzan-mouhitsu, ",
            Verdict.NOTE,
        ),
    ],
)
def test_fonts(monkeypatch, tmp_path, names, found, verdict):
    for name in names:
        (tmp_path / name).touch()
    monkeypatch.setattr(fonts, "FONT_FOLDERS", (tmp_path,))
    monkeypatch.setattr(fonts, "FETCHED_FOLDER", tmp_path / "none")
    (finding,) = brush_fonts.look_at_fonts()
    assert finding.found.startswith(found)
    assert (finding.verdict, "scripts/fonts.sh" in finding.advice) == (verdict, True)


def test_on_a_narrow_terminal_lines_are_broken(told, monkeypatch, capsys):
    told[:] = [Finding("reading", "word " * 60, Verdict.NOTE, "advice " * 40)]
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert max(len(line) for line in printed.split("note  reading")[1].splitlines()) <= 70
    assert printed.count("word") == 60
