"""The training kernel's main program."""

import json
import shutil
from pathlib import Path

import pytest

from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.kaggle_kernels.run_train import run_train
from tests.kuzushiji_submit.kaggle_kernels.conftest import option, write_shard


def trains(code: int = 0):
    """What a training leaves: a checkpoint and weights named after the model."""

    def act(call: list[str]) -> int:
        run = Path(option(call, "--out"))
        (run / "checkpoints").mkdir(parents=True, exist_ok=True)
        (run / "checkpoints" / "last.ckpt").touch()
        (run / f"{call[1]}.safetensors").write_text(f"{call[1]} {code}")
        return code

    return act


@pytest.fixture
def record(roots):
    return lambda: json.loads((roots.working / "kuzushiji_run.json").read_text())


@pytest.fixture
def training(pretended):
    """Commands that train and predict."""
    pretended.acts |= {"train": trains(), "predict": write_shard}
    return pretended


def statuses(record) -> dict[str, str]:
    return {name: step["status"] for name, step in record()["steps"].items()}


def seconds(call: list[str]) -> float:
    return float(option(call, "--time-budget")[:-1])


def test_both_are_trained_in_their_time_and_read_the_pages(roots, training, record):
    assert run_train({"time_budget": "8h", "reserve": "1h", "predict_budget": "2h", "detector_share": 0.4}) == 0
    detector, recognizer = training.of("train")
    assert (detector[1], recognizer[1]) == ("detector", "recognizer")
    assert seconds(detector) == pytest.approx(5 * 3600 * 0.4, abs=30)
    # The detector took no time here, so the recognizer has all of it.
    assert seconds(recognizer) == pytest.approx(5 * 3600, abs=30)
    assert all(not Path(option(call, "--data")).is_relative_to(roots.working) for call in (detector, recognizer))
    assert Path(option(recognizer, "--crops")).is_relative_to(roots.scratch)
    call = training.of("predict")[0]
    assert seconds(call) == pytest.approx(7 * 3600, abs=30)
    assert option(call, "--recognizer-weights") == str(roots.working / "recognizer.safetensors")
    assert option(call, "--detector-weights") == str(roots.working / "detector.safetensors")
    assert set(statuses(record).values()) == {"done"}


def test_further_arguments_and_precision(training, monkeypatch):
    monkeypatch.setattr("kuzushiji_submit.kaggle_kernels.session.count_gpus", lambda: 2)
    run_train({"detector": ["--fold", "1"], "recognizer": ["--set", "epochs=3"], "steps": ["detector", "recognizer"]})
    detector, recognizer = training.of("train")
    assert detector[-2:] == ["--fold", "1"]
    assert recognizer[-2:] == ["--set", "epochs=3"]
    assert "runtime.precision=16-mixed" in detector
    # Both GPUs are there for each, one after the other.
    assert training.environments == [{}, {}]
    assert not training.of("predict")


def test_a_config_becomes_a_file_for_the_command(roots, training):
    run_train({"steps": ["detector", "recognizer"], "recognizer_config": "epochs = 2\n"})
    detector, recognizer = training.of("train")
    assert Path(option(recognizer, "--config")).read_text() == "epochs = 2\n"
    assert "--config" not in detector


def test_without_a_gpu_the_precision_stays(training):
    run_train({"steps": ["recognizer"]})
    assert "runtime.precision=16-mixed" not in training.of("train")[0]


def test_time_that_is_up_leaves_weights_to_predict_with(roots, training, record):
    training.acts["train"] = trains(TIME_IS_UP)
    assert run_train({}) == 0
    assert statuses(record) == {
        **dict.fromkeys(("run", "predict", "merge", "report"), "done"),
        **dict.fromkeys(("detector", "recognizer"), "partial"),
    }
    assert (roots.working / "recognizer.safetensors").read_text() == "recognizer 3"


def test_a_training_that_fails_leaves_the_other_and_the_pages(roots, training, record):
    training.acts["train detector"] = lambda _: 1
    assert run_train({}) == 0
    assert statuses(record)["detector"] == "failed"
    assert record()["steps"]["detector"]["message"] == "ended with 1"
    assert statuses(record)["predict"] == "done"
    assert option(training.of("predict")[0], "--detector") == "ink"


def test_pages_are_read_with_attached_weights_where_none_were_trained(roots, training, record):
    training.acts["train"] = lambda _: 1
    assert run_train({}) == 1  # the pretended merge writes nothing
    call = training.of("predict")[0]
    assert option(call, "--recognizer-weights") == str(roots.inputs / "weights" / "recognizer.safetensors")


def test_without_any_weights_it_says_where_to_look(roots, training, record):
    training.acts["train"] = lambda _: 1
    shutil.rmtree(roots.inputs / "weights")
    assert run_train({}) == 1
    assert "see logs/train-recognizer.log" in record()["steps"]["run"]["message"]
    assert not training.of("predict")


def attach(roots) -> Path:
    """What a session left becomes an input of the next."""
    attached = roots.inputs / "notebooks" / "someone" / "kuzushiji-train"
    attached.parent.mkdir(parents=True)
    shutil.move(roots.working, attached)
    roots.working.mkdir()
    return attached


def test_an_attached_run_goes_on_and_what_was_finished_is_not_done_again(roots, training, record):
    training.acts["train recognizer"] = trains(TIME_IS_UP)
    run_train({"steps": ["detector", "recognizer"]})
    attached = attach(roots)
    shutil.rmtree(roots.inputs / "weights")
    training.calls.clear()
    training.acts["train recognizer"] = trains()
    assert run_train({}) == 0
    assert [call[1] for call in training.of("train")] == ["recognizer"]
    assert (roots.working / "runs" / "recognizer" / "checkpoints" / "last.ckpt").is_file()
    assert record()["earlier_run"] == str(attached)
    assert statuses(record)["detector"] == "done"
    assert (roots.working / "detector.safetensors").read_text() == "detector 0"
    assert (roots.working / "recognizer.safetensors").read_text() == "recognizer 0"


def test_a_run_begun_on_other_gpus_does_not_go_on(roots, training, record, monkeypatch):
    training.acts["train"] = trains(TIME_IS_UP)
    run_train({"steps": ["recognizer"]})
    attach(roots)
    training.calls.clear()
    monkeypatch.setattr("kuzushiji_submit.kaggle_kernels.session.count_gpus", lambda: 2)
    assert run_train({"steps": ["recognizer"]}) == 1
    assert "was begun on 0 GPUs, here are 2" in record()["steps"]["run"]["message"]
    assert training.calls == []


def test_pages_alone_need_no_training_pages(roots, training, record):
    shutil.rmtree(roots.inputs / "competitions" / "kuzushiji-recognition" / "train_images")
    run_train({"steps": ["predict"]})
    assert statuses(record)["predict"] == "done"
    run_train({"steps": ["recognizer"]})
    assert "neither train_images" in record()["steps"]["run"]["message"]
