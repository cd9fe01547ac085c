"""The column model in a kernel's run: what it is trained with, and who reads with it."""

import json
import shutil
from pathlib import Path

import pytest

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.truth import read_truth
from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.kaggle_kernels.run_kernel import run_kernel
from tests.kuzushiji_submit.kaggle_kernels.conftest import (
    attach,
    calibrates,
    option,
    reads,
    save_weights,
    trains,
    write_shard,
)

TRAINING = ["recognizer", "column"]
READING = ["calibrate", "held_out", "threshold", "predict"]
FOLD = {"folds": 4, "fold": 1}


@pytest.fixture
def commands(roots, pretended):
    """Commands that leave what the real ones do, and no weights attached."""
    shutil.rmtree(roots.inputs / "weights")
    pretended.acts |= {"train recognizer": trains(), "train column": trains()}
    pretended.acts |= {"calibrate": calibrates, "held-out": reads, "predict": write_shard}
    return pretended


def run(steps, kernel: str = "train", **values) -> int:
    return run_kernel(kernel, {"steps": steps, **values})


def columns(commands, *names: str) -> list[str]:
    """What the commands of these names read columns with; "" for nothing."""
    calls = [call for name in names for call in commands.of(name) if "--readings" not in call]
    return [option(call, "--column") if "--column" in call else "" for call in calls]


def test_it_learns_from_the_text_and_from_what_the_recognizer_of_the_fold_mistakes(roots, commands, record):
    assert run(TRAINING, **FOLD) == 0
    (column,) = commands.of("train", "column")
    held_out = record()["held_out"]
    assert Path(option(column, "--truth")).name == "train.csv"
    assert f"split.validation_books={json.dumps(held_out)}" in column
    # Crops are cut of pages that the books held out have no part in, and not into what is kept.
    labeled = Path(option(column, "--labeled"))
    books = {book_of(page.image_id) for page in read_truth(labeled / "train.csv")}
    assert len(books) == 3
    assert books.isdisjoint(held_out)
    assert Path(option(column, "--store")).is_relative_to(roots.scratch)
    recognizer = Path(option(column, "--recognizer-weights"))
    assert recognizer == roots.working / "runs" / "column" / "recognizer.safetensors"
    assert recognizer.read_bytes() == (roots.working / "runs" / "recognizer" / "recognizer.safetensors").read_bytes()
    assert (roots.working / "column.safetensors").is_file()
    assert record()["steps"]["column"]["status"] == "done"


def test_where_nothing_is_held_out_it_learns_from_all_books_and_any_recognizer(roots, commands):
    weights = save_weights(roots.inputs / "weights" / "recognizer.safetensors", [])
    assert run(["column"]) == 0
    (column,) = commands.of("train")
    assert "split.folds=0" in column
    assert len(read_truth(Path(option(column, "--labeled")) / "train.csv")) == 4
    assert Path(option(column, "--recognizer-weights")).read_bytes() == weights.read_bytes()


def test_without_a_recognizer_or_without_text_it_is_skipped(roots, commands, record):
    run(["prior", "column"], **FOLD)
    assert record()["steps"]["column"]["status"] == "skipped"
    save_weights(roots.inputs / "weights" / "recognizer.safetensors", [])
    (roots.inputs / "competitions" / "kuzushiji-recognition" / "train.csv").unlink()
    run(["column"])
    assert record()["steps"]["column"]["status"] == "skipped"
    assert commands.of("train") == []


def test_one_that_was_begun_goes_on_with_the_recognizer_it_began_with(roots, commands, record):
    commands.acts["train column"] = trains(TIME_IS_UP)
    run(TRAINING, **FOLD)
    assert record()["steps"]["column"]["status"] == "partial"
    begun = roots.working / "runs" / "column" / "recognizer.safetensors"
    before = begun.read_bytes()
    attach(roots, "kuzushiji-train")
    commands.calls.clear()
    commands.acts["train column"] = trains()
    run(TRAINING, **FOLD, arguments={"recognizer": ["--set", "epochs=1"]})
    assert [call[1] for call in commands.of("train")] == ["recognizer", "column"]
    assert begun.read_bytes() == before != (roots.working / "recognizer.safetensors").read_bytes()
    assert record()["steps"]["column"]["status"] == "done"


def test_one_that_was_not_yet_begun_learns_from_the_recognizer_that_there_is(roots, commands):
    read = roots.working / "runs" / "column" / "confusions" / "part-0000.npz"

    def is_killed_while_it_reads(call: list[str]) -> int:
        read.parent.mkdir(exist_ok=True)
        read.touch()
        return 1

    commands.acts["train column"] = is_killed_while_it_reads
    run(TRAINING, **FOLD)
    run(TRAINING, **FOLD)
    assert read.is_file()  # the same recognizer read it
    commands.acts["train column"] = trains()
    run(TRAINING, **FOLD, arguments={"recognizer": ["--set", "epochs=1"]})
    assert not read.exists()
    kept = roots.working / "runs" / "column" / "recognizer.safetensors"
    assert kept.read_bytes() == (roots.working / "recognizer.safetensors").read_bytes()


def test_a_finished_one_is_taken_up_by_a_later_session(roots, commands, record):
    commands.acts["train recognizer"] = trains(TIME_IS_UP)
    run([*TRAINING, *READING], **FOLD)
    attach(roots, "kuzushiji-train")
    commands.calls.clear()
    commands.acts["train recognizer"] = trains()
    run([*TRAINING, *READING], **FOLD)
    assert [call[1] for call in commands.of("train")] == ["recognizer"]
    assert columns(commands, "calibrate", "held-out") == [str(roots.working / "column.safetensors")] * 2


def test_all_later_steps_of_the_run_read_with_it(roots, commands, record):
    assert run([*TRAINING, *READING], **FOLD) == 0
    own = str(roots.working / "column.safetensors")
    assert set(columns(commands, "calibrate", "held-out", "predict")) == {own}
    assert record()["readers"]["column"] == [own]


def test_a_new_one_is_calibrated_with_again(commands):
    run([*TRAINING, *READING], **FOLD)
    commands.calls.clear()
    run([*TRAINING, *READING], **FOLD, arguments={"column": ["--set", "epochs=3"]})
    assert {call[0] for call in commands.calls} >= {"train", "calibrate", "held-out", "predict"}
    assert [call[1] for call in commands.of("train")] == ["column"]


@pytest.mark.parametrize("steps", [["recognizer"], TRAINING])
def test_a_step_that_is_left_out_or_fails_leaves_the_other_readers(commands, record, steps):
    commands.acts["train column"] = lambda _: 1
    assert run([*steps, *READING], **FOLD) == 0
    assert record()["steps"].get("column", {"status": "failed"})["status"] == "failed"
    assert set(columns(commands, "calibrate", "held-out", "predict")) == {""}
    assert record()["readers"]["column"] == []


def test_it_is_not_read_with_where_the_settings_say_so(roots, commands, record):
    run(TRAINING, **FOLD)
    commands.calls.clear()
    assert run([*TRAINING, *READING], **FOLD, use_column=False) == 0
    assert set(columns(commands, "calibrate", "held-out", "predict")) == {""}
    # Whoever turns it off has everything calibrated anew that was read with it.
    assert run([*TRAINING, *READING], **FOLD) == 0
    assert columns(commands, "calibrate")[-1] == str(roots.working / "column.safetensors")


@pytest.fixture
def folds(roots, commands) -> list[Path]:
    """Two attached folds, each with a column model."""
    attached = []
    for fold in (0, 1):
        run(TRAINING, folds=4, fold=fold, name=f"train-fold-{fold}")
        attached.append(attach(roots, f"kuzushiji-train-fold-{fold}"))
    commands.calls.clear()
    return attached


def test_the_prediction_kernel_reads_with_an_attached_one(commands, record, folds):
    assert run(["predict"], "predict") == 0
    assert record()["readers"]["column"] == [str(folds[0] / "column.safetensors")]
    assert set(columns(commands, "predict")) == {str(folds[0] / "column.safetensors")}


def test_books_held_out_are_read_with_the_one_that_has_not_seen_them(roots, commands, record, folds):
    assert run(READING, folds=4, fold=1, name="train-again") == 0
    own = roots.working / "column.safetensors"  # so that this session can stand for the fold
    assert own.read_bytes() == (folds[1] / "column.safetensors").read_bytes()
    assert set(columns(commands, "calibrate", "held-out", "predict")) == {str(own)}


def test_one_that_has_seen_all_books_reads_the_test_pages_alone(roots, commands, record):
    uploaded = save_weights(roots.inputs / "weights" / "column.safetensors", [])
    assert run(["recognizer", *READING], **FOLD) == 0
    assert columns(commands, "calibrate", "held-out") == ["", ""]
    assert set(columns(commands, "predict")) == {str(uploaded)}


def test_pseudo_labels_are_read_with_it(commands, folds):
    run(["adapt"], folds=4, fold=1, name="train-adapted")
    (column,) = columns(commands, "adapt")
    assert Path(column).read_bytes() == (folds[1] / "column.safetensors").read_bytes()
