"""`kuzushiji held-out`, and what is chosen on its readings."""

from dataclasses import replace

import numpy as np
import pytest

from kuzushiji_submit.cli.main import main
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.core.weights import Provenance, replace_record
from kuzushiji_submit.reading.journal import finished_pages
from kuzushiji_submit.reading.load_pipeline import PipelineConfig
from kuzushiji_submit.reading.second_level.second_level_file import load_second_level
from recognition.weights_file import read_metadata


@pytest.fixture
def data(tmp_path, draw_page, save_drawn_page):
    """Four books of a page each."""
    folder = DataFolder(tmp_path / "data")
    truths = []
    for image_id in ("a_1", "b_1", "c_1", "d_1"):
        page, boxes = draw_page(1)
        save_drawn_page(folder.train_images / f"{image_id}.jpg", page)
        truths.append(PageTruth(image_id, ("U+306E",) * len(boxes), np.array(boxes, np.float32)))
    write_truth(folder.train_csv, truths)
    return folder


@pytest.fixture
def read(data, weights, tmp_path):
    """Runs the command; the weights say that books a and b were held out."""
    metadata = read_metadata(weights)
    unseen = replace(metadata, provenance=Provenance(split="by book; held out: a, b"))
    replace_record(weights, weights, unseen.to_record())

    def run(name, *extra):
        argv = ["held-out", "--data", data.root, "--recognizer-weights", weights, "--detector", "ink"]
        return main([*map(str, [*argv, "--device", "cpu", "--out", tmp_path / name, *extra])])

    return run


def books(path):
    return [page.image_id for page in finished_pages(path)]


def test_the_books_that_the_weights_have_not_seen_are_read_and_scored(read, tmp_path, capsys):
    assert read("1.jsonl") == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["book", "F1"]
    assert [line.split()[0] for line in printed[1:4]] == ["a", "b", "all"]
    assert "2 pages of 2 books that were not trained on: F1 " in printed[-1]
    assert books(tmp_path / "1.jsonl") == ["a_1", "b_1"]
    rows = (tmp_path / "1.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["book", "a", "b", "all"]
    assert read("1.jsonl") == 1
    assert "add --resume" in capsys.readouterr().err
    assert read("1.jsonl", "--resume") == 0
    assert capsys.readouterr().out.splitlines() == printed
    assert read("1.jsonl", "--restart", "--books", "a") == 0
    assert books(tmp_path / "1.jsonl") == ["a_1"]


def test_readings_of_several_runs_choose_together(read, data, tmp_path, capsys):
    assert read("1.jsonl") == 0
    assert read("2.jsonl", "--books", "c", "d", "--before", tmp_path / "1.jsonl") == 0
    # The earlier run read none of these books.
    assert "F1 before" not in capsys.readouterr().out
    assert read("3.jsonl", "--books", "a", "c", "--before", tmp_path / "1.jsonl") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["book", "F1", "before", "F1"]
    assert lines[2].split()[:2] == ["c", "-"]
    readings = ["--readings", str(tmp_path / "1.jsonl"), str(tmp_path / "2.jsonl")]
    out = tmp_path / "threshold.toml"
    assert main(["calibrate", "--data", str(data.root), *readings, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "on 4 pages: F1 " in printed
    config = read_settings(PipelineConfig(), str(out))
    assert config == PipelineConfig(min_score=config.min_score)
    assert f"min_score {config.min_score:.3f}" in printed
    level = tmp_path / "level.safetensors"
    assert main(["second-level", "--data", str(data.root), *readings, "--out", str(level)]) == 0
    printed = capsys.readouterr().out
    assert "of 4 books; on books left out F1 " in printed
    assert [line.split()[0] for line in printed.splitlines()[:6]] == ["book", "a", "b", "c", "d", "all"]
    assert load_second_level(level).notes == "4 pages of data"


def test_time_that_is_up_keeps_what_was_read(read, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("kuzushiji_submit.core.time_budget.TimeBudget.used_up", property(lambda _: True))
    assert read("1.jsonl", "--time-budget", "1s") == 3
    assert "1 of 2 pages are read: run again with --resume" in capsys.readouterr().err
    monkeypatch.undo()
    assert read("1.jsonl", "--resume") == 0
    assert books(tmp_path / "1.jsonl") == ["a_1", "b_1"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["--readings", "none.jsonl", "--out", "x.toml"], "none.jsonl: no readings: make them"),
        (["--readings", "none.jsonl", "--out", "x.safetensors"], "name a file ending in .toml"),
        (["--readings", "none.jsonl", "--out", "x.toml", "--pages", "3"], "were read already"),
        (["--readings", "none.jsonl", "--out", "x.toml", "--detector", "ink"], "were read already"),
    ],
)
def test_what_readings_do_not_go_with(data, capsys, monkeypatch, tmp_path, command, message):
    monkeypatch.chdir(tmp_path)
    assert main(["calibrate", "--data", str(data.root), *command]) == 1
    assert message in capsys.readouterr().err


def test_weights_that_do_not_say_what_was_held_out(read, weights, capsys):
    replace_record(weights, weights, replace(read_metadata(weights), provenance=Provenance()).to_record())
    assert read("1.jsonl") == 1
    assert "does not say which books were held out: name them with --books" in capsys.readouterr().err
