"""The dense reader in a kernel's run: what it is trained with, and who reads with it."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.kaggle_kernels.run_kernel import run_kernel
from tests.kuzushiji_submit.kaggle_kernels.conftest import (
    CHARACTERS,
    attach,
    calibrates,
    option,
    reads,
    save_weights,
    trains,
    weights_after,
    write_shard,
)

TRAINING = ["detector", "recognizer", "dense"]
READING = ["prior", "calibrate", "held_out", "threshold", "predict"]
FOLD = {"folds": 4, "fold": 1}
SHAPE = {"widths": [8, 8, 16, 16, 16], "depths": [1, 1, 1, 1], "pyramid": 8}


@pytest.fixture
def commands(roots, pretended):
    """Commands that leave what the real ones do, and no weights attached."""
    shutil.rmtree(roots.inputs / "weights")
    pretended.acts |= {"train detector": trains(**SHAPE), "train recognizer": trains(), "train dense": trains()}
    pretended.acts |= {"calibrate": calibrates, "held-out": reads, "predict": write_shard}
    pretended.acts["prior"] = lambda call: Path(option(call, "--out")).write_bytes(b"prior") and 0
    return pretended


def run(steps, kernel: str = "train", **values) -> int:
    return run_kernel(kernel, {"steps": steps, **values})


def test_it_learns_the_recognizer_s_characters_from_the_detector_s_pages(roots, commands, record):
    assert run(TRAINING, **FOLD) == 0
    detector, _, dense = commands.of("train")
    assert option(dense, "--pages") == option(detector, "--pages")
    assert Path(option(dense, "--pages")).is_relative_to(roots.scratch)
    with Path(option(dense, "--charset")).open() as stream:
        assert tuple(row["codepoint"] for row in csv.DictReader(stream)) == CHARACTERS
    assert f"split.validation_books={json.dumps(record()['held_out'])}" in dense
    # It starts from this run's detector, in its shape, and keeps what it started from.
    start = roots.working / "runs" / "dense" / "detector.safetensors"
    assert f"initial_weights={start}" in dense
    assert start.read_bytes() == (roots.working / "detector.safetensors").read_bytes()
    assert {word for word in dense if word.startswith("network.body.")} == {
        f"network.body.{name}={json.dumps(value)}" for name, value in SHAPE.items()
    }
    assert (roots.working / "dense.safetensors").is_file()


def test_without_a_detector_of_the_fold_it_starts_from_nothing(roots, commands):
    # This one says nothing of the books that it has not seen, so it may have seen those held out.
    save_weights(roots.inputs / "weights" / "detector.safetensors", [], **SHAPE)
    run(["recognizer", "dense"], **FOLD)
    assert not [word for word in commands.of("train", "dense")[0] if word.startswith(("initial", "network"))]


def test_where_nothing_is_held_out_any_detector_will_do(roots, commands):
    detector = save_weights(roots.inputs / "weights" / "detector.safetensors", [], **SHAPE)
    run(["dense"])
    (dense,) = commands.of("train")
    assert (roots.working / "runs" / "dense" / "detector.safetensors").read_bytes() == detector.read_bytes()
    assert "split.folds=0" in dense
    # There is no recognizer to agree with: the characters are those that one would learn.
    assert Path(option(dense, "--charset")).name == "train.csv"


@pytest.mark.parametrize("content", [b"", b"no weights"])
def test_a_detector_that_tells_nothing_of_its_shape(roots, commands, record, content):
    (roots.inputs / "weights").mkdir()
    (roots.inputs / "weights" / "detector.safetensors").write_bytes(content)
    assert run(["dense"]) == 0
    assert not [word for word in commands.of("train")[0] if word.startswith("initial")]


def test_one_that_was_begun_goes_on_from_the_detector_it_started_from(roots, commands, record):
    commands.acts["train dense"] = trains(TIME_IS_UP)
    run(TRAINING, **FOLD)
    assert record()["steps"]["dense"]["status"] == "partial"
    started = (roots.working / "runs" / "dense" / "detector.safetensors").read_bytes()
    commands.calls.clear()
    # Settings of the detector change, so it is another one.
    commands.acts["train dense"] = trains()
    run(TRAINING, **FOLD, arguments={"detector": ["--set", "epochs=1"]})
    assert [call[1] for call in commands.of("train")] == ["detector", "dense"]
    assert (roots.working / "runs" / "dense" / "detector.safetensors").read_bytes() == started
    assert (roots.working / "detector.safetensors").read_bytes() != started
    assert record()["steps"]["dense"]["status"] == "done"


def test_a_finished_one_is_not_trained_again_when_the_recognizer_goes_on(roots, commands, record):
    commands.acts["train recognizer"] = trains(TIME_IS_UP)
    run([*TRAINING, *READING], **FOLD)
    attach(roots, "kuzushiji-train")
    commands.calls.clear()
    commands.acts["train recognizer"] = trains()
    run([*TRAINING, *READING], **FOLD)
    assert [call[1] for call in commands.of("train")] == ["recognizer"]
    assert (roots.working / "dense.safetensors").is_file()
    # What was calibrated with the recognizer before is calibrated again.
    assert len(commands.of("calibrate")) == 2


def test_all_later_steps_of_the_run_read_with_it(roots, commands, record):
    assert run([*TRAINING, *READING], **FOLD) == 0
    dense = str(roots.working / "dense.safetensors")
    trained = str(roots.working / "runs" / "recognizer" / "recognizer.safetensors")
    assert weights_after(commands.of("calibrate")[0]) == [trained, dense]
    assert option(commands.of("calibrate")[0], "--out") == str(roots.working / "recognizer.safetensors")
    for call in (*commands.of("held-out"), commands.of("predict")[0]):
        assert weights_after(call) == [str(roots.working / "recognizer.safetensors"), dense]
    assert record()["readers"]["dense"] == [dense]


def test_a_new_dense_reader_is_calibrated_with_again(commands):
    run([*TRAINING, *READING], **FOLD)
    commands.calls.clear()
    run([*TRAINING, *READING], **FOLD, arguments={"dense": ["--set", "epochs=3"]})
    assert {call[0] for call in commands.calls} >= {"train", "calibrate", "held-out", "predict"}
    assert [call[1] for call in commands.of("train")] == ["dense"]


@pytest.mark.parametrize("steps", [["detector", "recognizer"], TRAINING])
def test_a_step_that_is_left_out_or_fails_leaves_the_recognizer(commands, record, steps):
    commands.acts["train dense"] = lambda _: 1
    assert run([*steps, *READING], **FOLD) == 0
    assert record()["steps"].get("dense", {"status": "failed"})["status"] == "failed"
    assert len(weights_after(commands.of("calibrate")[0])) == 1
    assert record()["readers"]["dense"] == []


@pytest.fixture
def folds(roots, commands) -> list[Path]:
    """Two attached folds, each with a dense reader."""
    attached = []
    for fold in (0, 1):
        run(TRAINING, folds=4, fold=fold, name=f"train-fold-{fold}")
        attached.append(attach(roots, f"kuzushiji-train-fold-{fold}"))
    commands.calls.clear()
    return attached


def test_those_of_attached_kernels_and_data_sets_are_read_with_each_content_once(roots, commands, record, folds):
    copy = roots.inputs / "copy" / "dense.safetensors"
    copy.parent.mkdir()
    shutil.copyfile(folds[1] / "dense.safetensors", copy)
    assert run(["predict"], "predict") == 0
    # Nearer files come first, as among recognizers.
    dense = [str(copy), str(folds[0] / "dense.safetensors")]
    assert record()["readers"]["dense"] == dense
    recognizers = [str(folder / "recognizer.safetensors") for folder in folds]
    assert weights_after(commands.of("predict")[0]) == [*recognizers, *dense]


def test_settings_name_them_or_leave_them_out(roots, commands, record, folds):
    named = (folds[1] / "dense.safetensors").relative_to(roots.inputs).as_posix()
    run(["predict"], "predict", dense_weights=[named])
    assert record()["readers"]["dense"] == [str(folds[1] / "dense.safetensors")]
    run(["predict"], "predict", use_dense=False)
    assert record()["readers"]["dense"] == []
    assert run(["predict"], "predict", dense_weights=["none.safetensors"]) == 1
    assert "none.safetensors: no such file" in record()["steps"]["run"]["message"]


def test_one_that_says_other_characters_is_left_out_by_name(roots, commands, record, folds, capsys):
    other = save_weights(roots.inputs / "other" / "dense.safetensors", [], b"other", ("U+4E00", "U+4E8C"))
    run(["predict"], "predict")
    assert len(record()["readers"]["dense"]) == 2
    assert f"{other}: left out: it says other characters than the recognizer" in capsys.readouterr().out


def test_a_fold_is_calibrated_with_the_one_that_has_not_seen_its_books(roots, commands, record, folds):
    """Another session of fold 1, in which nothing is trained."""
    assert run(READING, folds=4, fold=1, name="train-again") == 0
    own = roots.working / "dense.safetensors"
    assert own.read_bytes() == (folds[1] / "dense.safetensors").read_bytes()
    assert weights_after(commands.of("calibrate")[0]) == [str(folds[1] / "recognizer.safetensors"), str(own)]
    # What was calibrated stands for the recognizer that it was; the others join it.
    readers = record()["readers"]
    both = [roots.working / "recognizer.safetensors", folds[0] / "recognizer.safetensors"]
    assert readers["recognizers"] == [str(path) for path in both]
    assert readers["dense"] == [str(own), str(folds[0] / "dense.safetensors")]


def test_pseudo_labels_are_what_dense_readers_say_as_well(roots, commands, folds):
    run(["adapt"], folds=4, fold=1, name="train-adapted")
    (call,) = commands.of("adapt")
    # What learns is the reader of crops.
    assert option(call, "--recognizer-weights") == str(folds[1] / "recognizer.safetensors")
    dense = [roots.working / "dense.safetensors", folds[0] / "dense.safetensors"]
    assert weights_after(call, "--teachers") == [str(folds[0] / "recognizer.safetensors"), *map(str, dense)]
