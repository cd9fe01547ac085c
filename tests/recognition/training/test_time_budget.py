"""Runs that stop before a deadline, and go on afterwards."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from kuzushiji_submit.core import time_budget
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.training.config import RuntimeConfig
from kuzushiji_submit.core.training.run import TrainingResult
from recognition.recognizer import Recognizer
from recognition.training.config import TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.train import train


class Clock:
    """Each look at it takes so many seconds."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def monotonic(self) -> float:
        self.now += self.step
        return self.now


def with_budget(config: TrainConfig, seconds: float) -> TrainConfig:
    return dataclasses.replace(config, runtime=dataclasses.replace(config.runtime, time_budget=seconds))


def last(result: TrainingResult) -> dict[str, object]:
    state: dict[str, object] = torch.load(result.weights.parent / "checkpoints" / "last.ckpt", weights_only=True)
    return state


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_a_budget_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ConfigError, match="time_budget"):
        RuntimeConfig(time_budget=seconds)


def test_time_enough_changes_nothing(store: CropStore, config: TrainConfig, tmp_path: Path) -> None:
    plain = train(config, store, tmp_path / "plain")
    timed = train(with_budget(config, 3600), store, tmp_path / "timed")
    assert timed.completed
    assert timed.weights.read_bytes() == plain.weights.read_bytes()


def test_it_ends_with_the_epoch_before_and_goes_on_to_the_same_weights(
    store: CropStore, config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(config, epochs=3)
    whole = train(config, store, tmp_path / "whole")
    # Looks: begin at 1 s, start of training at 2 s, steps at 3, 4, 5 s, end of the epoch at 6 s; another takes 4 s.
    monkeypatch.setattr(time_budget, "time", Clock(1.0))
    first = train(with_budget(config, 8), store, tmp_path / "parts")
    monkeypatch.undo()
    assert (first.completed, len(first.history)) == (False, 1)
    assert json.loads((tmp_path / "parts" / "result.json").read_text())["completed"] is False
    Recognizer.load(first.weights, "cpu")
    second = train(with_budget(config, 3600), store, tmp_path / "parts", resume=True)
    assert (second.completed, len(second.history)) == (True, 3)
    assert second.weights.read_bytes() == whole.weights.read_bytes()


@pytest.mark.parametrize("held_out", [("book0",), ()])
def test_it_cuts_the_first_epoch_short_and_takes_every_step_once(
    store: CropStore, config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_out: tuple[str, ...]
) -> None:
    split = dataclasses.replace(config.split, validation_books=held_out, folds=0)
    config = dataclasses.replace(config, split=split)
    monkeypatch.setattr(time_budget, "time", Clock(1.0))
    cut = train(with_budget(config, 3), store, tmp_path / "run")
    monkeypatch.undo()
    assert (cut.completed, cut.history, cut.scores) == (False, (), {})
    steps = last(cut)["global_step"]
    assert steps == 2
    Recognizer.load(cut.weights, "cpu")
    whole = train(config, store, tmp_path / "whole")
    resumed = train(config, store, tmp_path / "run", resume=True)
    assert resumed.completed
    assert [row["epoch"] for row in resumed.history] == [0, 1]
    assert all(row["seconds"] < 600 for row in resumed.history)
    assert last(resumed)["global_step"] == last(whole)["global_step"]
    # The one cycle comes to its end.
    assert [row["learning_rate"] for row in resumed.history] == [row["learning_rate"] for row in whole.history]
