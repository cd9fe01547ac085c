"""The column model's way from texts and a recognizer's crops to its weights file."""

import json

import numpy as np
import pytest
import torch

from kuzushiji_submit.cli import main
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.page.ink import InkConfig
from recognition.column.weights_file import load_column
from recognition.crops import CropConfig, Crops
from recognition.training.crop_store import CropStore
from recognition.training.crop_store_writer import CropStoreWriter, PageCrops

SETTINGS = {
    "network.width": "8",
    "network.layers": "1",
    "network.heads": "2",
    "network.window": "8",
    "network.candidates": "2",
    "split.folds": "2",
    "epochs": "2",
    "batch_size": "2",
    "windows_per_epoch": "6",
    "runtime.accelerator": "cpu",
    "runtime.progress": "false",
}
ASSIGNED = [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]


@pytest.fixture
def store(tmp_path):
    """A page of the kind that recognizers are trained on, of two characters and one that the recognizer lacks."""
    crop = CropConfig()
    ids = np.array([0, 1, 2, -1] * 3, np.int64)
    pixels = np.random.default_rng(0).integers(0, 255, (len(ids), crop.size, crop.size)).astype(np.uint8)
    crops = Crops(pixels, np.tile(np.float32([0.5, 0.5, 0.0]), (len(ids), 1)))
    boxes = np.tile(np.float32([5, 5, 15, 15]), (len(ids), 1))
    with CropStoreWriter(tmp_path / "crops", Charset(("U+306E", "U+306F", "U+4E8C")), crop, InkConfig()) as writer:
        writer.add_page("page", "book", PageCrops(crops, ids, boxes, np.arange(len(ids))), (900, 20))
    return tmp_path / "crops"


@pytest.fixture
def truth(write_csv):
    """Pages of three books."""
    rows = ["image_id,labels"]
    for book in ("a", "b", "c"):
        boxes = " ".join(f"U+30{code} 100 {60 * row} 50 50" for row, code in enumerate(("6E", "6F") * 6))
        rows.append(f"{book}_1,{boxes}")
    return write_csv("truth.csv", rows)


@pytest.fixture
def text(write_csv):
    return write_csv("genji.txt", ["のはのはのは（かな）" * 3])


@pytest.fixture
def command(store, truth, text, weights, tmp_path):
    argv = ["train", "column", "--truth", truth, "--text", text, "--crops", store, "--recognizer-weights", weights]
    return [str(argument) for argument in [*argv, "--out", tmp_path / "run", "--device", "cpu", *ASSIGNED]]


def test_it_is_trained_resumed_and_not_overwritten(command, tmp_path, capsys):
    out = tmp_path / "run"
    more = ["--fold", "1", "--leave-out", "c", "--shares", "3", "1"]
    provenance = ["--training-data", "pairs", "--license", "MIT", "--attribution", "a test"]
    assert main([*command, *more, *provenance]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{out}/column.safetensors: 30 characters trained on, 12 held out: loss ")
    assert printed.endswith(" windows/s\n")
    metadata = load_column(out / "column.safetensors")[1]
    assert metadata.charset.codepoints == ("U+306E", "U+306F", "U+4E00")
    told = metadata.provenance
    assert (told.training_data, told.license, told.attribution) == ("pairs", "MIT", "a test")
    assert told.split == "by book; held out: a"
    described = json.loads((out / "config.json").read_text())
    assert [(each["name"], each["share"]) for each in described["sources"]] == [("truth.csv", 3.0), ("genji.txt", 1.0)]
    assert main([*command, *more, *provenance]) == 1
    assert "holds a run: resume it (--resume)" in capsys.readouterr().err
    assert main([*command, *more, *provenance, "--resume"]) == 0
    assert capsys.readouterr().out == printed
    assert main(["runs", str(tmp_path)]) == 0
    assert "done" in capsys.readouterr().out


def test_crops_are_read_once(command, tmp_path, capsys):
    kept = tmp_path / "kept"
    shown = [argument for argument in command if argument != "runtime.progress=false"]
    shown = [*shown[: shown.index("--set")], "--confusions", str(kept), *ASSIGNED[:-2]]
    assert main([*shown, "--set", "epochs=1"]) == 0
    assert "read crops: 6 of 6 crops" in capsys.readouterr().err
    before = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert set(before) == {"confusions.json", "part-0000.npz"}
    assert main([*shown, "--set", "epochs=1", "--resume"]) == 0
    assert "read crops" not in capsys.readouterr().err
    assert {path.name: path.stat().st_mtime_ns for path in kept.iterdir()} == before
    assert not (tmp_path / "run" / "confusions").exists()


def test_a_dense_reader_among_the_weights_reads_no_crops(command, dense_weights):
    place = command.index("--recognizer-weights") + 2
    assert main([*command[:place], str(dense_weights), *command[place:], "--set", "epochs=1"]) == 0


def test_runs_of_one_start_are_averaged(command, tmp_path, capsys):
    assert main([*command, "--set", "epochs=1"]) == 0
    first, place = tmp_path / "run" / "column.safetensors", command.index("--out") + 1
    again = [*command[:place], str(tmp_path / "again"), *command[place + 1 :], "--set", f"initial_weights={first}"]
    assert main([*again, "--set", "epochs=1", "--set", "seed=1"]) == 0
    out = tmp_path / "average.safetensors"
    capsys.readouterr()
    assert main(["average", str(first), str(tmp_path / "again" / "column.safetensors"), "--out", str(out)]) == 0
    assert "the average of 2 columns" in capsys.readouterr().out
    state, parts = load_column(out)[0].state_dict(), [first, tmp_path / "again" / "column.safetensors"]
    lent = [load_column(path)[0].state_dict() for path in parts]
    for name, value in state.items():
        torch.testing.assert_close(value, (lent[0][name] + lent[1][name]) / 2, rtol=1e-2, atol=1e-3)


def test_time_that_is_up_is_exit_code_3(command, capsys):
    assert main([*command, "--time-budget", "1s", "--set", "epochs=500"]) == 3
    captured = capsys.readouterr()
    assert "column.safetensors" in captured.out
    assert "run again with --resume" in captured.err


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--fold", "7"], "0 <= fold < folds: got 7/2"),
        (["--shares", "1"], "--shares has 1 numbers for 2 files of text: give one a file"),
        (["--shares", "1", "0"], "give numbers above 0"),
        (["--leave-out", "a", "b"], "1 books cannot be dealt into 2 folds"),
        (["--truth", "nowhere.csv"], "nowhere.csv"),
        (["--text", "nowhere.txt"], "nowhere.txt"),
        (["--crops", "nowhere"], "nowhere"),
        (["--recognizer-weights", "nowhere.safetensors"], "nowhere.safetensors: no weights file"),
        (["--device", "tpu9"], "tpu9"),
        (["--set", "eye.noise=-1.0"], "eye noise and spread must not be negative"),
        (["--set", "network.heads=3"], "8 is no multiple of 3"),
        (["--set", "network.depth=3"], "unknown key"),
        (["--set", "initial_weights=none.safetensors"], "none.safetensors: no such weights file"),
        (["--config", "columm"], "did you mean column?"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(command, capsys, extra, message):
    assert main([*command, *extra]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.splitlines()[-1]
    assert last.startswith("kuzushiji: error: ")
    assert message in last


def test_what_is_wrong_with_the_texts_is_said_before_crops_are_read(command, tmp_path, capsys):
    assert main([*command, "--set", "split.folds=9"]) == 1
    assert "3 books cannot be dealt into 9 folds" in capsys.readouterr().err
    assert not (tmp_path / "run" / "confusions").exists()


def test_without_any_text_there_is_nothing_to_train_on(store, weights, tmp_path, capsys):
    argv = ["train", "column", "--crops", store, "--recognizer-weights", weights, "--out", tmp_path / "run"]
    assert main([str(argument) for argument in argv]) == 1
    assert "there is no text to train on: name some (--truth, --text)" in capsys.readouterr().err


def test_other_crops_and_other_readers_are_not_taken_for_the_first(command, dense_weights, tmp_path, capsys):
    assert main([*command, "--set", "epochs=1"]) == 0
    capsys.readouterr()
    assert main([*command, "--set", "epochs=1", "--resume", "--set", "confusions.crops=5"]) == 1
    assert "holds confusions with other crops, settings: take the same" in capsys.readouterr().err


def test_crops_are_cut_of_data_folders(data, truth, weights, tmp_path, capsys):
    argv = ["train", "column", "--truth", truth, "--recognizer-weights", weights, "--out", tmp_path / "run", *ASSIGNED]
    argv = [str(argument) for argument in [*argv, "--device", "cpu"]]
    assert main(argv) == 1
    assert (
        "nothing that readers could mistake: name crops (--crops) or data folders (--labeled)"
        in capsys.readouterr().err
    )
    assert main([*argv, "--labeled", str(data), "--store", str(tmp_path / "cut")]) == 0
    assert len(CropStore(tmp_path / "cut" / "labeled-1")) == 12
    assert "column.safetensors: " in capsys.readouterr().out
