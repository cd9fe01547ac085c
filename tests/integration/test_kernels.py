"""The kernels as they would be pushed: built, run in a clean process without a network, their submissions scored."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kuzushiji_submit.competition.sample import read_sample_ids
from kuzushiji_submit.competition.scoring import score_pages, total
from kuzushiji_submit.competition.submission import find_faults, read_submission
from kuzushiji_submit.competition.truth import read_truth
from tests.integration.kaggle_session import (
    DETECTING,
    READING_COLUMNS,
    READING_PAGES,
    TRAINING,
    Kaggle,
    cut_network_off,
    draw_competition,
    flat,
    make_image_python,
    nested,
    zipped,
)

pytestmark = pytest.mark.timeout(1200)

EVERY_BOX = ("--set", "min_score=0")
FOLD = {"folds": 2, "fold": 0}


def arguments(**steps: tuple[str, ...] | list[str]) -> dict[str, object]:
    """Further arguments of steps, beside those that make the trainings small."""
    small = {"recognizer": TRAINING, "detector": DETECTING, "dense": READING_PAGES, "column": READING_COLUMNS}
    small["predict"] = EVERY_BOX
    return {"arguments": {**small, **steps}}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("competition")
    draw_competition(folder)
    return folder


@pytest.fixture(scope="module")
def image_python(tmp_path_factory) -> Path:
    return make_image_python(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def cut_off(image_python) -> tuple[str, ...]:
    return cut_network_off(image_python)


@pytest.fixture
def new_session(tmp_path, cut_off, image_python) -> Callable[[], Kaggle]:
    numbers = iter(range(10))
    return lambda: Kaggle(tmp_path / f"session{next(numbers)}", cut_off, image_python)


@pytest.fixture(scope="module")
def trained(data, image_python, cut_off, tmp_path_factory) -> Kaggle:
    """A session in which the training kernel has run."""
    session = Kaggle(tmp_path_factory.mktemp("trained"), cut_off, image_python)
    zipped(data, session.inputs)
    session.run("train", steps=["recognizer", "predict"], **FOLD, **arguments())
    return session


def check_submission(session: Kaggle, data: Path, *, at_least: float) -> None:
    submission = session.working / "submission.csv"
    assert find_faults(submission, read_sample_ids(data / "sample_submission.csv")) == []
    pages = read_submission(submission)
    assert total(score_pages(read_truth(data / "truth.csv"), pages).values()).f1 >= at_least


def test_training_ends_with_weights_submission_report_and_logs(trained, data):
    assert trained.statuses() == dict.fromkeys(("run", "recognizer", "predict", "merge", "report"), "done")
    check_submission(trained, data, at_least=0.6)
    assert (trained.working / "recognizer.safetensors").stat().st_size > 1000
    assert (trained.working / "runs" / "recognizer" / "checkpoints" / "last.ckpt").is_file()
    assert json.loads((trained.working / "runs" / "recognizer" / "result.json").read_text())["completed"]
    assert (trained.working / "report" / "index.html").is_file()
    logs = {path.name for path in (trained.working / "logs").iterdir()}
    assert logs == {f"{name}.log" for name in ("recognizer", "predict-1", "predict-2", "merge", "validate", "report")}
    # The packages came with the code file: this environment's own are out of reach.
    assert "kuzushiji-packages-" in trained.record["packages"]
    # Crops and unzipped pages are not kept.
    assert {path.name for path in trained.working.iterdir()} == {
        *("kuzushiji_run.json", "logs", "runs", "shards", "report"),
        *("recognizer.safetensors", "submission.csv", "characters.jsonl"),
    }


def count_lines(path):
    """Lines of a file that may vanish at any moment; 0 where it is not there."""
    try:
        return path.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def test_killed_while_it_predicts_and_run_again_with_its_own_output(trained, data, new_session):
    weights = trained.working / "recognizer.safetensors"
    first = new_session()
    shutil.copytree(trained.inputs / "competitions", first.inputs / "competitions")
    (first.inputs / "weights").mkdir()
    shutil.copy(weights, first.inputs / "weights")
    settings = {"steps": ["predict"], **arguments(predict=[*EVERY_BOX, "--batch-pages", "1"])}
    process = first.start("predict", **settings)
    journals = [first.working / "shards" / f"{shard}.journal.jsonl" for shard in (1, 2)]
    # One page of either shard is enough; to wait for both may be to wait until the faster one is done.
    while process.poll() is None and not any(count_lines(one) >= 2 for one in journals):
        time.sleep(0.005)
    first.kill(process)
    assert not (first.working / "submission.csv").exists()
    assert first.statuses()["predict"] == "running"
    second = new_session()
    for name in ("competitions", "weights"):
        shutil.copytree(first.inputs / name, second.inputs / name)
    shutil.copytree(first.working, second.inputs / "notebooks" / "tester" / "kuzushiji-predict")
    text = second.run("predict", **settings)
    assert "going on from" in text
    assert "resumed: " in text
    assert second.statuses()["predict"] == "done"
    assert (second.working / "submission.csv").read_text() == (trained.working / "submission.csv").read_text()


def test_without_inputs_it_says_what_to_attach(new_session):
    session = new_session()
    text = session.run("predict", code=1)
    assert "add the competition kuzushiji-recognition to the kernel's inputs" in text
    assert session.statuses() == {"run": "failed"}


@pytest.mark.slow
@pytest.mark.parametrize("lay_out", [flat, zipped, nested])
def test_every_mount_layout(trained, data, new_session, lay_out):
    session = new_session()
    weights = lay_out(data, session.inputs)
    weights.mkdir(parents=True)
    shutil.copy(trained.working / "recognizer.safetensors", weights)
    session.run("predict", steps=["predict"], **arguments())
    assert set(session.statuses().values()) == {"done"}
    assert (session.working / "submission.csv").read_text() == (trained.working / "submission.csv").read_text()


@pytest.mark.slow
def test_time_that_is_too_short_gives_a_partial_submission_and_goes_on(data, new_session):
    first = new_session()
    zipped(data, first.inputs)
    run = {**arguments(predict=[*EVERY_BOX, "--batch-pages", "1"]), "steps": ["recognizer", "predict"], **FOLD}
    # A second for each part, less than it takes to load torch; the reserve is what a slow machine may overdraw it by.
    first.run("train", **run, time_budget="1801s", reserve="30m")
    assert first.statuses() == {
        **dict.fromkeys(("recognizer", "predict"), "partial"),
        **dict.fromkeys(("run", "merge", "report"), "done"),
    }
    rows = read_submission(first.working / "submission.csv")
    assert {len(page) > 0 for page in rows} == {True, False}
    second = new_session()
    zipped(data, second.inputs)
    shutil.copytree(first.working, second.inputs / "kuzushiji-train")
    text = second.run("train", **run)
    assert "going on from" in text
    assert set(second.statuses().values()) == {"done"}
    check_submission(second, data, at_least=0.6)


@pytest.mark.slow
def test_a_detector_trained_first_is_read_with(data, new_session):
    session = new_session()
    flat(data, session.inputs)
    steps = ["detector", "recognizer", "predict"]
    session.run("train", steps=steps, **FOLD, **arguments())
    # Two epochs make no detector that finds anything for sure, so nothing is said of the submission.
    assert {session.statuses()[step] for step in steps} == {"done"}
    weights = (session.working / "detector.safetensors").read_bytes()
    settings = json.loads((session.working / "shards" / "1.settings.json").read_text())
    assert settings["detector_weights"][0]["sha256"] == hashlib.sha256(weights).hexdigest()
    assert (session.working / "runs" / "detector" / "checkpoints" / "last.ckpt").is_file()


@pytest.mark.slow
def test_a_dense_reader_is_stopped_goes_on_and_reads_with_the_recognizer(data, new_session):
    first = new_session()
    zipped(data, first.inputs)
    run = {**FOLD, **arguments(), "steps": ["detector", "recognizer", "dense", "predict"]}
    # A second for the dense reader, less than it takes to load torch; a step after it has the rest of the time.
    first.run("train", **{**run, "steps": [*run["steps"][:3], "threshold"]}, shares={"dense": 1e-9})
    assert first.statuses() == {
        **dict.fromkeys(("run", "detector", "recognizer"), "done"),
        "dense": "partial",
        "threshold": "skipped",
    }
    second = new_session()
    zipped(data, second.inputs)
    shutil.copytree(first.working, second.inputs / "kuzushiji-train")
    second.run("train", **run)
    # Two epochs make no detector that finds anything for sure, so nothing is said of the submission.
    assert {second.statuses()[step] for step in run["steps"]} == {"done"}
    assert json.loads((second.working / "runs" / "dense" / "result.json").read_text())["scores"]["val/top1"] > 0.6
    files = [second.working / name for name in ("recognizer.safetensors", "dense.safetensors")]
    settings = json.loads((second.working / "shards" / "1.settings.json").read_text())
    read_with = [each["sha256"] for each in settings["recognizer_weights"]]
    assert read_with == [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


@pytest.mark.slow
def test_a_column_model_is_stopped_goes_on_and_reads_after_the_text_prior(data, new_session):
    first = new_session()
    zipped(data, first.inputs)
    run = {**FOLD, **arguments(), "steps": ["recognizer", "prior", "column", "calibrate", "predict"]}
    # A second for the column model, less than it takes to load torch; a step after it has the rest of the time.
    first.run("train", **{**run, "steps": [*run["steps"][:3], "threshold"]}, shares={"column": 1e-9})
    assert first.statuses() == {
        **dict.fromkeys(("run", "recognizer", "prior"), "done"),
        "column": "partial",
        "threshold": "skipped",
    }
    second = new_session()
    zipped(data, second.inputs)
    shutil.copytree(first.working, second.inputs / "kuzushiji-train")
    second.run("train", **run)
    assert {second.statuses()[step] for step in run["steps"]} == {"done"}
    settings = json.loads((second.working / "shards" / "1.settings.json").read_text())
    for name in ("column", "prior"):
        digest = hashlib.sha256((second.working / f"{name}.safetensors").read_bytes()).hexdigest()
        assert digest in {(settings[key] or {}).get("sha256") for key in ("column_model", "text_prior")}
    check_submission(second, data, at_least=0.6)


@pytest.mark.slow
def test_two_processes_train_together_stop_and_go_on(data, new_session, cut_off):
    if not cut_off:
        pytest.skip("a network of its own needs the right to make one")
    two = [*TRAINING, "--set", "runtime.accelerator=cpu", "--set", 'runtime.devices="2"']
    run = {**arguments(recognizer=two), "steps": ["recognizer"], **FOLD}
    first = new_session()
    zipped(data, first.inputs)
    first.run("train", **run, time_budget="1801s", reserve="30m")
    assert first.statuses() == {"run": "done", "recognizer": "partial"}
    second = new_session()
    zipped(data, second.inputs)
    shutil.copytree(first.working, second.inputs / "kuzushiji-train")
    second.run("train", **run)
    assert second.statuses() == {"run": "done", "recognizer": "done"}
    result = json.loads((second.working / "runs" / "recognizer" / "result.json").read_text())
    assert [row["epoch"] for row in result["history"]] == list(range(6))
    assert result["scores"]["val/top1"] > 0.6


@pytest.mark.slow
def test_a_training_that_fails_leaves_the_rest(trained, data, new_session):
    session = new_session()
    flat(data, session.inputs).mkdir()
    shutil.copy(trained.working / "recognizer.safetensors", session.inputs / "kuzushiji-weights")
    wrong = arguments(recognizer=["--set", "no_such_key=1"])
    session.run("train", steps=["recognizer", "predict"], **FOLD, **wrong)
    assert session.statuses()["recognizer"] == "failed"
    assert "no_such_key" in session.record["steps"]["recognizer"]["message"]
    assert session.statuses()["predict"] == "done"
    check_submission(session, data, at_least=0.6)
