"""The dense reader's way from data to a submission: train and lr-find, then predict and calibrate with it."""

import json

import pytest

from detection.dense.weights_file import load_dense
from kuzushiji_submit.cli import main
from kuzushiji_submit.competition.submission import read_submission
from kuzushiji_submit.core.weights_record import read_record

SETTINGS = {
    "network.body.widths": "[4, 4, 6, 6, 8]",
    "network.body.depths": "[1, 1, 1, 1]",
    "network.body.pyramid": "4",
    "network.hidden": "16",
    "network.embedding": "8",
    "split.folds": "2",
    "epochs": "2",
    "batch_size": "2",
    "tiles_per_epoch": "4",
    "tile_size": "96",
    "runtime.accelerator": "cpu",
    "runtime.progress": "false",
}
ASSIGNED = [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]


@pytest.fixture
def classes(write_csv):
    """The charset of the tests' recognizer, which knows a character more than the data has."""
    return write_csv("classes.csv", ["Unicode", "U+306E", "U+306F", "U+4E00"])


@pytest.fixture
def command(data, tmp_path, classes):
    argv = ["train", "dense", "--data", data, "--charset", classes, "--out", tmp_path / "run", *ASSIGNED]
    return [str(argument) for argument in argv]


def test_it_is_trained_resumed_and_not_overwritten(command, tmp_path, capsys):
    out = tmp_path / "run"
    provenance = ["--fold", "1", "--training-data", "crosses", "--license", "MIT", "--attribution", "a test"]
    assert main([*command, *provenance]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{out}/dense.safetensors: 1 pages trained on, 1 held out: loss ")
    assert "top1 " in printed
    metadata = load_dense(out / "dense.safetensors")[1]
    assert metadata.charset.codepoints == ("U+306E", "U+306F", "U+4E00")
    told = metadata.provenance
    assert (told.training_data, told.license, told.attribution) == ("crosses", "MIT", "a test")
    assert told.split == "by book; held out: b"
    assert main([*command, *provenance]) == 1
    assert "holds a run: resume it (--resume)" in capsys.readouterr().err
    assert main([*command, *provenance, "--resume"]) == 0
    assert capsys.readouterr().out == printed
    assert main(["runs", str(tmp_path)]) == 0
    assert "done" in capsys.readouterr().out


def test_without_a_charset_its_classes_are_the_characters_of_the_data(data, tmp_path):
    out = tmp_path / "run"
    assert main(["train", "dense", "--data", str(data), "--out", str(out), *ASSIGNED, "--set", "epochs=1"]) == 0
    assert load_dense(out / "dense.safetensors")[1].charset.codepoints == ("U+306E", "U+306F")


def test_pages_that_were_prepared_for_a_detector_are_taken_as_they_are(data, command, tmp_path, capsys):
    detector = ["train", "detector", "--data", str(data), "--out", str(tmp_path / "detector")]
    small = ["network.widths=[4,4,6,6,8]", "network.depths=[1,1,1,1]", "network.pyramid=4", "tile_size=64"]
    small += [f"{key}={SETTINGS[key]}" for key in ("split.folds", "batch_size", "tiles_per_epoch")]
    small += ["epochs=1", "runtime.accelerator=cpu", "runtime.progress=false"]
    pages = ["--pages", str(tmp_path / "pages")]
    assert main([*detector, *pages, *(part for setting in small for part in ("--set", setting))]) == 0
    stored = sorted((tmp_path / "pages").rglob("*.npy"))
    before = [path.stat().st_mtime_ns for path in stored]
    capsys.readouterr()
    initial = ["--set", f"initial_weights={tmp_path}/detector/detector.safetensors"]
    assert main([*command, *pages, *initial, "--set", "epochs=1"]) == 0
    assert "prepare pages" not in capsys.readouterr().err
    assert [path.stat().st_mtime_ns for path in stored] == before
    assert len(stored) == 2


def test_time_that_is_up_is_exit_code_3(command, capsys):
    assert main([*command, "--time-budget", "1s", "--set", "epochs=200"]) == 3
    captured = capsys.readouterr()
    assert "dense.safetensors" in captured.out
    assert "run again with --resume" in captured.err


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--fold", "7"], "0 <= fold < folds: got 7/2"),
        (["--shares", "1", "2"], "--shares has 2 numbers for 1 data folders"),
        (["--shares", "0"], "give numbers above 0"),
        (["--weights", "1"], "--weights is no option of training"),
        (["--set", "tile_size=50"], "tile_size must be a multiple of 32"),
        (["--set", "power=2.0"], "power must lie in 0..1"),
        (["--set", "boxes.far=-1.0"], "boxes take no negative value"),
        (["--set", "network.dropout=1.0"], "a dropout in [0, 1)"),
        (["--set", "network.body.pyramid=0"], "5 widths and 4 depths"),
        (["--set", "initial_weights=none.safetensors"], "none.safetensors: no such weights file"),
        (["--data", "nowhere"], "nowhere"),
        (["--charset", "nowhere.csv"], "nowhere.csv"),
        (["--crops", "crops"], "--crops is an option of the recognizer"),
        (["--false-alarms", "data"], "--false-alarms is an option of the recognizer"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(command, capsys, extra, message):
    assert main([*command, *extra]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.splitlines()[-1]
    assert last.startswith("kuzushiji: error: ")
    assert message in last


def test_a_charset_without_any_character_of_the_data_is_named(command, write_csv, capsys):
    others = write_csv("others.csv", ["Unicode", "U+4E8C"])
    assert main([*command, "--charset", str(others)]) == 1
    assert "give a data folder whose pages hold some of the charset" in capsys.readouterr().err


def test_pages_of_a_recognizer_are_prepared_otherwise(data, tmp_path, capsys):
    argv = ["train", "recognizer", "--data", data, "--pages", tmp_path / "pages", "--out", tmp_path / "run"]
    assert main([str(argument) for argument in argv]) == 1
    assert "--pages is an option of the detector" in capsys.readouterr().err


def test_its_learning_rate(command, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["lr-find", *command[1:]]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("learning rate ")
    assert printed[1:] == [f"curve {tmp_path}/run/lr_find.csv", f"picture {tmp_path}/run/lr_find.png"]
    assert (tmp_path / "run" / "lr_find.png").read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def trained(command, tmp_path):
    """A dense reader that the command has trained."""
    assert main([*command, "--set", "epochs=1"]) == 0
    return tmp_path / "run" / "dense.safetensors"


def test_what_is_trained_reads_with_a_recognizer(trained, pages, weights, tmp_path, capsys):
    def predict(name, *files, code=0):
        out = tmp_path / f"{name}.csv"
        argv = ["predict", "--images", pages, "--out", out, "--detector", "ink", "--device", "cpu"]
        argv += ["--characters", out.with_suffix(".jsonl"), "--set", "min_score=0", "--recognizer-weights", *files]
        assert main([str(argument) for argument in argv]) == code
        return out

    alone, joined = predict("alone", weights), predict("joined", weights, trained)
    assert {page.image_id: len(page) for page in read_submission(joined)} == {"b_1": 12, "b_2": 0, "b_3": 6}
    first, second = (path.with_suffix(".jsonl").read_text() for path in (alone, joined))
    assert first != second
    told = json.loads(joined.with_suffix(".settings.json").read_text())
    assert [file["file"] for file in told["recognizer_weights"]] == ["recognizer.safetensors", "dense.safetensors"]
    capsys.readouterr()
    predict("refused", trained, code=1)
    assert "dense.safetensors: a dense reader joins a recognizer that reads crops" in capsys.readouterr().err
    assert not (tmp_path / "refused.csv").exists()


def test_both_are_calibrated_together(trained, data, weights, pages, tmp_path, capsys):
    out = tmp_path / "both.toml"
    both = ["--recognizer-weights", weights, trained, "--detector", "ink", "--device", "cpu"]
    argv = [str(argument) for argument in ["calibrate", "--data", data, *both]]
    two = [*argv[:4], str(weights), *argv[4:]]  # two readers of crops, and the dense one
    assert main([*two, "--out", str(tmp_path / "both.safetensors")]) == 1
    assert "name a file ending in .toml" in capsys.readouterr().err
    assert main([*argv, "--out", str(out)]) == 0
    assert "on 12 characters" in capsys.readouterr().out
    text = out.read_text()
    assert "#   recognizer.safetensors sha256:" in text
    assert "#   dense.safetensors sha256:" in text
    read = ["predict", "--images", pages, "--out", tmp_path / "submission.csv", "--config", out, *both]
    assert main([str(argument) for argument in read]) == 0


def test_runs_of_one_start_are_averaged(command, trained, tmp_path, capsys):
    again = [argument.replace(str(tmp_path / "run"), str(tmp_path / "again")) for argument in command]
    initial = ["--set", f"initial_weights={trained}", "--set", "epochs=1", "--set", "seed=1"]
    assert main([*again, *initial]) == 0
    out = tmp_path / "average.safetensors"
    capsys.readouterr()
    assert main(["average", str(trained), str(tmp_path / "again" / "dense.safetensors"), "--out", str(out)]) == 0
    assert "the average of 2 dense_readers" in capsys.readouterr().out
    assert read_record(out).kind == "dense_reader"
    load_dense(out)
