"""The train and lr-find commands for the detector, on a tiny competition."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from detection.heatmap.weights_file import load_detector
from kuzushiji_submit.cli import main, train
from kuzushiji_submit.core.training.run import TrainingResult

SETTINGS = {
    "network.widths": "[4, 4, 6, 6, 8]",
    "network.depths": "[1, 1, 1, 1]",
    "network.pyramid": "4",
    "split.folds": "2",
    "epochs": "2",
    "batch_size": "2",
    "tiles_per_epoch": "4",
    "tile_size": "64",
    "runtime.accelerator": "cpu",
    "runtime.progress": "false",
}
ASSIGNED = [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]


def test_a_detector_is_trained_resumed_and_not_overwritten(data, tmp_path, capsys):
    out = tmp_path / "run"
    train = ["train", "detector", "--data", str(data), "--out", str(out), "--fold", "1", *ASSIGNED]
    provenance = ["--training-data", "crosses", "--license", "MIT", "--attribution", "a test"]
    assert main([*train, *provenance]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{out}/detector.safetensors: 1 pages trained on, 1 held out: ")
    assert printed.count("\n") == 1
    assert "f1 0." in printed
    metadata = load_detector(out / "detector.safetensors")[1]
    assert (metadata.provenance.training_data, metadata.provenance.license, metadata.provenance.attribution) == (
        "crosses",
        "MIT",
        "a test",
    )
    assert metadata.provenance.split == "by book; held out: b"
    assert json.loads((out / "config.json").read_text())["config"]["split"]["fold"] == 1
    assert len(list((out / "pages" / "00-data" / "pages").glob("*.json"))) == 2
    assert main(train) == 1
    assert "holds a run: resume it (--resume)" in capsys.readouterr().err
    assert main([*train, "--resume", *provenance]) == 0
    assert capsys.readouterr().out == printed
    assert main(["runs", str(tmp_path)]) == 0
    assert "done" in capsys.readouterr().out


def test_time_that_is_up_is_exit_code_3(data, tmp_path, capsys):
    train = ["train", "detector", "--data", str(data), "--out", str(tmp_path / "run"), *ASSIGNED]
    assert main([*train, "--time-budget", "1s", "--set", "epochs=200"]) == 3
    captured = capsys.readouterr()
    assert "detector.safetensors" in captured.out
    assert "run again with --resume" in captured.err


@pytest.mark.parametrize(
    ("rank", "code", "out", "err"),
    [
        (None, 3, "weights: 1 pages trained on, 0 held out; 0 images/s\n", "time is up after 2 epochs"),
        ("0", 3, "weights: 1 pages trained on, 0 held out; 0 images/s\n", "time is up"),
        ("1", 0, "", ""),
    ],
)
def test_only_the_first_of_several_processes_tells_the_end(monkeypatch, capsys, rank, code, out, err):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("LOCAL_RANK", rank)
    result = TrainingResult(Path("weights"), Path("last.ckpt"), {}, ({}, {}), 0.0, 1, 0, completed=False)
    assert train._end(result, "pages") == code
    captured = capsys.readouterr()
    assert captured.out == out
    assert captured.err.startswith(err)
    assert train._end(replace(result, completed=True), "pages") == 0


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--fold", "7"], "0 <= fold < folds: got 7/2"),
        (["--set", "split.folds=3"], "2 books cannot be dealt into 3 folds"),
        (["--set", 'split.validation_books=["x"]'], "cannot hold out book x: the books are b, c"),
        (["--shares", "1", "2"], "--shares has 2 numbers for 1 data folders"),
        (["--shares", "0"], "give numbers above 0"),
        (["--weights", "1", "2"], "--weights is no option of training: write --shares 1 2 for shares"),
        (["--set", "tile_size=50"], "tile_size must be a multiple of 32"),
        (["--set", "augment.smallest=0"], "0 < smallest <= largest"),
        (["--set", "network.pyramid=0"], "5 widths and 4 depths"),
        (["--set", "initial_weights=none.safetensors"], "none.safetensors: no such weights file"),
        (["--data", "nowhere"], "nowhere"),
        (["--crops", "crops"], "--crops is an option of the recognizer"),
        (["--charset", "classes.csv"], "--charset is an option of the recognizer"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(data, tmp_path, capsys, extra, message):
    assert main(["train", "detector", "--data", str(data), "--out", str(tmp_path / "run"), *ASSIGNED, *extra]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.splitlines()[-1]
    assert last.startswith("kuzushiji: error: ")
    assert message in last


def test_the_learning_rate_of_a_detector(data, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "lr"
    assert main(["lr-find", "detector", "--data", str(data), "--out", str(out), *ASSIGNED]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("learning rate ")
    assert printed[1:] == [f"curve {out}/lr_find.csv", f"picture {out}/lr_find.png"]
    assert (out / "lr_find.csv").read_text().startswith("learning_rate,loss\n")
    assert (out / "lr_find.png").read_bytes().startswith(b"\x89PNG")
