"""The adapt command, on pages of crosses."""

import json
import os
import shutil
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

from kuzushiji_submit.cli.main import main
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.core.training.history import EpochHistory
from kuzushiji_submit.core.weights import Provenance, replace_record
from kuzushiji_submit.reading import default_weights
from kuzushiji_submit.training_data.adaptation import adapt as adapting
from kuzushiji_submit.training_data.adaptation import read_folder
from kuzushiji_submit.training_data.adaptation.adapt import AdaptResult
from kuzushiji_submit.training_data.prepare_crops import prepare_crops
from recognition.weights_file import load_weights, read_metadata, with_calibration

LEARNS = {
    "least_score": 0.01,
    "training.epochs": 2,
    "training.balance.epoch_size": 16,
    "training.batch_size": 8,
    "training.runtime.accelerator": "cpu",
    "training.runtime.progress": "false",
    "training.runtime.precision": "32-true",
    "pipeline.min_score": 0.0,
}


@pytest.fixture
def crops(data, weights, tmp_path):
    """Labeled crops of two books, cut as the weights need them."""
    metadata, store = read_metadata(weights), tmp_path / "labeled"
    prepare_crops(DataFolder(data), store, metadata.charset, metadata.crop, metadata.ink)
    return store


@pytest.fixture
def guard(tmp_path, draw_page, save_drawn_page):
    """One page of another book, with its truth."""
    folder, (page, boxes) = DataFolder(tmp_path / "guard"), draw_page(1)
    save_drawn_page(folder.train_images / "g_1.jpg", page)
    write_truth(folder.train_csv, [PageTruth("g_1", ("U+306E",) * len(boxes), np.array(boxes, np.float32))])
    return folder.root


@pytest.fixture
def unlabeled(tmp_path, draw_page, save_drawn_page):
    """Two pages of a book that nobody has labeled."""
    for image_id, columns in (("u_1", 2), ("u_2", 1)):
        save_drawn_page(tmp_path / "book" / f"{image_id}.jpg", draw_page(columns)[0])
    return tmp_path / "book"


@pytest.fixture
def command(unlabeled, crops, weights, tmp_path):
    """The command's arguments; the run goes into "run"."""
    settings = [part for key, value in LEARNS.items() for part in ("--set", f"{key}={value}")]
    images = ["--images", str(unlabeled), "--crops", str(crops), "--out", str(tmp_path / "run")]
    return ["adapt", *images, "--recognizer-weights", str(weights), "--detector", "ink", "--device", "cpu", *settings]


def test_without_weights_the_project_s_first_is_taught_by_all_of_them(command, weights, tmp_path, monkeypatch):
    own = [tmp_path / "own" / name for name in ("recognizer.safetensors", "recognizer-2.safetensors")]
    own[0].parent.mkdir()
    for path in own:
        shutil.copy(weights, path)
    monkeypatch.setattr(default_weights, "RECOGNIZER_WEIGHTS", own[0])
    monkeypatch.setattr(default_weights, "DENSE_WEIGHTS", tmp_path / "own" / "dense.safetensors")
    jobs = []
    monkeypatch.setattr(adapting, "adapt", lambda job, config: jobs.append(job) or AdaptResult())
    place = command.index("--recognizer-weights")
    alone, bare = command, [*command[:place], *command[place + 2 :]]
    assert [main(words) for words in (alone, bare, [*bare, "--teachers", str(weights)])] == [3, 3, 3]
    assert [job.readers for job in jobs] == [(weights,), tuple(own), (own[0], weights)]


def test_a_reader_adapts_and_the_old_one_stays(command, weights, guard, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(adapting, "_score", lambda pipeline, pages: Counts(5, 1, 1))  # not worse
    before = weights.read_bytes()
    assert main([*command, "--guard", str(guard)]) == 0
    printed, out = capsys.readouterr().out, tmp_path / "run"
    assert printed.startswith(f"{out}/recognizer.safetensors: adapted to 2 pages by ")
    assert "guard: F1 0.8333 to 0.8333" in printed
    assert weights.read_bytes() == before
    metadata, old = read_metadata(out / "recognizer.safetensors"), read_metadata(weights)
    assert (metadata.charset, metadata.calibration, metadata.preprocess) == (
        old.charset,
        old.calibration,
        old.preprocess,
    )
    assert metadata.provenance.training_data.endswith("unlabeled pages of book, together with labeled crops of labeled")
    assert "adapted from recognizer.safetensors (sha256 " in metadata.provenance.notes
    states = [load_weights(path)[0].state_dict() for path in (weights, out / "recognizer.safetensors")]
    assert any(not states[0][name].equal(states[1][name]) for name in states[0])
    result = json.loads((out / "result.json").read_text())
    assert result["adopted"]
    assert result["changes"]["pages"] == 2
    assert result["changes"]["read_before"] >= 18
    record = json.loads((out / "training" / "config.json").read_text())
    assert record["sources"][0]["name"] == "sure readings"
    # The processes that further devices would take are no part of this command.
    assert record["config"]["runtime"]["devices"] == "1"
    assert main(command) == 1
    assert "holds a run: go on with it (--resume), forget it (--restart)" in capsys.readouterr().err
    assert main([*command, "--guard", str(guard), "--resume"]) == 0
    assert capsys.readouterr().out == printed
    assert main([*command, "--resume", "--set", "share=0.4"]) == 1
    assert "was begun with other settings" in capsys.readouterr().err
    assert main([*command, "--restart", "--set", "share=0.4"]) == 0


def test_several_teachers_and_crops_cut_of_a_data_folder(command, weights, data, tmp_path, capsys):
    """The reader learns what it and a teacher read together; crops of the folder are cut into the store."""
    teacher, without = tmp_path / "teacher.safetensors", [part for part in command if part != "--crops"]
    without.remove(str(tmp_path / "labeled"))
    metadata = read_metadata(weights)
    with_calibration(weights, teacher, replace(metadata.calibration, temperature=4.0))
    replace_record(
        weights, weights, replace(metadata, provenance=Provenance(split="by book; held out: b, z")).to_record()
    )
    store = tmp_path / "store"
    taught = [*without, "--labeled", str(data), "--store", str(store), "--teachers", str(teacher), "--workers", "2"]
    assert main([*taught, "--set", "compared=1"]) == 0
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    # Everything was read before; of what came out one page was read again.
    assert result["changes"]["pages"] == 1
    assert {path.name for path in store.iterdir()} == {"crops", "labeled-1"}
    assert not (tmp_path / "run" / "crops").exists()
    header = json.loads((tmp_path / "run" / "before.jsonl").read_text().splitlines()[0])
    assert [file["file"] for file in header["settings"]["recognizer_weights"]] == [weights.name, teacher.name]
    # Book b is among the crops now, book z is still unseen.
    assert read_metadata(tmp_path / "run" / "recognizer.safetensors").provenance.split == "by book; held out: z"
    capsys.readouterr()
    assert main([*taught, "--set", "compared=1", "--restart"]) == 0
    assert main(without) == 1
    assert "a reader that sees no labeled crops forgets: name their stores" in capsys.readouterr().err


def test_a_result_that_reads_the_guard_worse_is_refused(command, guard, tmp_path, capsys, monkeypatch):
    scores = iter([Counts(6, 1, 1), Counts(5, 1, 1)])
    monkeypatch.setattr(adapting, "_score", lambda pipeline, pages: next(scores))
    assert main([*command, "--guard", str(guard)]) == 1
    captured = capsys.readouterr()
    assert "guard: F1 0.8571 to 0.8333" in captured.out
    assert "the guard's pages are read worse than before" in captured.err
    assert not (tmp_path / "run" / "recognizer.safetensors").exists()
    assert (tmp_path / "run" / "training" / "adapted.safetensors").is_file()
    assert not json.loads((tmp_path / "run" / "result.json").read_text())["adopted"]


def test_the_guard_is_read_and_scored(command, guard, tmp_path, capsys):
    assert main([*command, "--guard", str(guard)]) in {0, 1}
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    for counts in (result["guard_before"], result["guard_after"]):
        assert counts["tp"] + counts["fn"] == 6
    better = adapting.Counts(**result["guard_after"]).f1 >= adapting.Counts(**result["guard_before"]).f1
    assert result["adopted"] == better


def test_without_a_guard_that_is_said(command, capsys):
    assert main(command) == 0
    assert "nothing says whether this is better" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("stage", "signum", "word", "code"),
    [("reading", signal.SIGINT, "interrupted", 130), ("training", signal.SIGTERM, "terminated", 143)],
)
def test_a_stopped_run_goes_on_to_the_same_weights(command, tmp_path, capsys, monkeypatch, stage, signum, word, code):
    assert main(command) == 0
    expected, _ = capsys.readouterr().out, os.rename(tmp_path / "run", tmp_path / "whole")
    target, name = (read_folder.Journal, "add") if stage == "reading" else (EpochHistory, "on_train_batch_end")
    original = getattr(target, name)

    def stop(self, first, *args):
        original(self, first, *args)
        if stage == "reading" or first.current_epoch == 1:
            os.kill(os.getpid(), signum)
            time.sleep(10)

    with monkeypatch.context() as patch:
        patch.setattr(target, name, stop)
        assert main(command) == code
    assert capsys.readouterr().err.splitlines()[-1] == f"kuzushiji: {word}: run again with --resume"
    assert not (tmp_path / "run" / "recognizer.safetensors").exists()
    assert main([*command, "--resume"]) == 0
    assert capsys.readouterr().out == expected
    states = [load_weights(tmp_path / run / "recognizer.safetensors")[0].state_dict() for run in ("whole", "run")]
    assert all(states[0][name].equal(states[1][name]) for name in states[0])


def test_time_that_is_up_is_exit_code_3(command, tmp_path, capsys):
    assert main([*command, "--time-budget", "1s", "--set", "training.epochs=500"]) == 3
    assert "time is up before the pages were read again: run again with --resume" in capsys.readouterr().err
    assert not (tmp_path / "run" / "recognizer.safetensors").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--set", "least_score=1.0"], "0 of the readings have a score of 1: lower least_score"),
        (["--set", "share=1.0"], "share must be a part of the draws between 0 and 1"),
        (["--images", "nowhere"], "nowhere: no such folder"),
        (["--crops", "nowhere"], "no crop store"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(command, capsys, change, message):
    assert main([*command, *change]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("kuzushiji: error")]
    assert message in line


def test_an_empty_folder_and_an_unreadable_page(command, unlabeled, tmp_path, capsys):
    (unlabeled / "u_3.jpg").write_bytes(b"no image")
    assert main(command) == 0
    assert "u_3: " in capsys.readouterr().err
    assert json.loads((tmp_path / "run" / "result.json").read_text())["changes"]["pages"] == 2
    (tmp_path / "none").mkdir()
    assert main([*command, "--images", str(tmp_path / "none"), "--out", str(tmp_path / "other")]) == 1
    assert "holds no page image" in capsys.readouterr().err
