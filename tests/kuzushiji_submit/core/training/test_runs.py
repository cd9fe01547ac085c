"""The table of training runs."""

import csv
import io
import json
import logging

import pytest

from kuzushiji_submit.core.errors import RunError
from kuzushiji_submit.core.training.runs import differing_settings, find_runs, format_table, write_csv

CONFIG = {
    "model": {"architecture": "kuzu_char_rec"},
    "epochs": 3,
    "seed": 7,
    "optimizer": {"learning_rate": 0.001},
    "split": {"folds": 5, "fold": 2, "validation_books": []},
    "runtime": {"devices": "1"},
}


@pytest.fixture
def make_run(tmp_path):
    """A run's folder; `rows` are history.csv's, `result` is result.json."""

    def make(name, rows=(), result=None, **settings):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        described = {"crop": {"size": 32}, "classes": 10, "data_fingerprint": "0123456789abcdef"}
        (folder / "config.json").write_text(json.dumps({"config": {**CONFIG, **settings}, **described}))
        if rows:
            with (folder / "history.csv").open("w", newline="") as stream:
                writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        if result is not None:
            (folder / "result.json").write_text(json.dumps(result))
        return folder

    return make


def row(epoch, top1, **others):
    return {"epoch": epoch, "train/loss": 0.5, "val/top1": top1, "seconds": 30.0, "images_per_second": 600.4, **others}


def test_no_runs(tmp_path):
    assert find_runs([tmp_path]) == []
    assert format_table([]) == "\n"
    with pytest.raises(RunError, match="no such folder"):
        find_runs([tmp_path / "none"])


def test_figures_are_those_of_the_best_epoch(make_run, tmp_path):
    make_run("a", [row(0, 0.5), row(1, 0.75), row(2, 0.7)], {"completed": True, "trained_on": 90, "held_out": 9})
    figures = find_runs([tmp_path])[0].figures()
    assert figures["status"] == "done"
    assert (figures["best"], figures["error"], figures["epochs done"]) == ("2", "0.2500", "3/3")
    assert (figures["minutes"], figures["images/s"], figures["trained"]) == ("1.5", "600", "90")
    assert (figures["px"], figures["classes"], figures["seed"], figures["data"]) == ("32", "10", "7", "01234567")
    assert figures["split"] == "fold 2/5"
    assert figures["macro"] == ""


def test_detectors_are_shown_as_fully(make_run, tmp_path):
    folder = make_run("d", [], {"completed": True, "trained_on": 29, "held_out": 4}, epochs=2, tile_size=320)
    described = json.loads((folder / "config.json").read_text())
    described |= {"stage": "detector", "model": "heatmap_fpn", "monitor": "val/f1", "crop": {}, "classes": ""}
    described["config"].pop("model")
    (folder / "config.json").write_text(json.dumps(described))
    scored = {"val/precision": 0.9, "val/recall": 0.8, "train/loss": 1.5, "seconds": 60.0, "images_per_second": 7.0}
    with (folder / "history.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=["epoch", "val/f1", *scored])
        writer.writeheader()
        writer.writerows([{"epoch": 0, "val/f1": 0.85, **scored}, {"epoch": 1, "val/f1": 0.75, **scored}])
    (run,) = find_runs([tmp_path])
    figures = run.figures()
    assert (figures["model"], figures["px"], figures["best"], figures["error"]) == ("heatmap_fpn", "320", "1", "0.1500")
    assert (figures["f1"], figures["precision"], figures["recall"]) == ("0.8500", "0.9000", "0.8000")
    assert (figures["trained"], figures["held out"], figures["images/s"]) == ("29", "4", "7")
    # What no run has is no column.
    head = format_table([run]).splitlines()[0].split()
    assert "recall" in head
    assert "macro" not in head
    make_run("r", [row(0, 0.5, **{"val/macro": 0.4})])
    head = format_table(find_runs([tmp_path])).splitlines()[0].split()
    assert {"recall", "macro"} <= set(head)


@pytest.mark.parametrize(
    ("rows", "result", "status"),
    [
        ((), None, "open"),
        ([row(0, 0.5)], None, "open"),
        ([row(0, 0.5)], {"completed": False}, "open"),
        ([row(0, 0.5)], {"scores": {}}, "done"),
    ],
)
def test_status(make_run, tmp_path, rows, result, status):
    make_run("a", rows, result)
    run = find_runs([tmp_path])[0]
    assert run.status == status
    assert format_table([run]).count("\n") == 2


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ({"folds": 0}, "none"),
        ({"folds": 5, "validation_books": ["b"]}, "named books"),
    ],
)
def test_split_in_words(make_run, tmp_path, split, words):
    make_run("a", split=split)
    assert find_runs([tmp_path])[0].figures()["split"] == words


def test_runs_below_a_folder_are_found_once_and_broken_ones_named(make_run, tmp_path, caplog):
    first = make_run("b/deep", [row(0, 0.5)])
    make_run("a", [{"epoch": 0, "train/loss": 1.0}])
    broken = make_run("c")
    (broken / "config.json").write_text("{")
    (tmp_path / "runs" / "config.json").write_text('{"other": 1}')
    with caplog.at_level(logging.WARNING):
        runs = find_runs([tmp_path, first])
    assert [run.folder.name for run in runs] == ["a", "deep"]
    assert runs[0].figures()["error"] == ""
    assert str(broken) in caplog.text


def test_settings_that_differ_become_columns(make_run, tmp_path):
    make_run("a", runtime={"devices": "2"})
    make_run("b", optimizer={"learning_rate": 0.01})
    runs = find_runs([tmp_path])
    assert differing_settings(runs) == ["optimizer.learning_rate"]
    lines = format_table(runs, ["optimizer.learning_rate"]).splitlines()
    assert [line.split()[-1] for line in lines] == ["optimizer.learning_rate", "0.001", "0.01"]


def test_settings_do_not_hide_figures_of_the_same_name(make_run, tmp_path):
    make_run("a", [row(0, 0.5)], seed=8)
    make_run("b", [row(0, 0.5)], epochs=9)
    runs = find_runs([tmp_path])
    assert differing_settings(runs) == ["epochs", "seed"]
    lines = [line.split() for line in format_table(runs, ["epochs", "seed"]).splitlines()]
    assert lines[0].count("seed") == 1
    assert [line[-1] for line in lines] == ["epochs", "3", "9"]
    assert ["1/3" in line for line in lines[1:]] == [True, False]


def test_csv_has_every_setting(make_run, tmp_path):
    make_run("a", [row(0, 0.5)])
    stream = io.StringIO()
    write_csv(find_runs([tmp_path]), stream)
    found = next(csv.DictReader(io.StringIO(stream.getvalue())))
    assert found["optimizer.learning_rate"] == "0.001"
    assert found["split.validation_books"] == "[]"
    assert found["error"] == "0.5000"
