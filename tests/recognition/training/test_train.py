import csv
import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, TrainingError, WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.registry import NetworkConfig
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.core.training.history import EpochHistory
from kuzushiji_submit.core.training.run import TrainingResult
from kuzushiji_submit.core.weights_record import Provenance
from recognition.crops import CropConfig
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.registry import build_model
from recognition.models.simple_kuzu_rec import SimpleKuzuRecConfig
from recognition.preprocess import PreprocessConfig
from recognition.recognizer import Recognizer
from recognition.training.config import AugmentConfig, BalanceConfig, OptimizerConfig, SplitConfig, TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.sources import CropSource
from recognition.training.train import train
from recognition.weights_file import load_weights, read_metadata, save_weights
from recognition.weights_metadata import WeightsMetadata

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def last_state(result: TrainingResult) -> dict[str, torch.Tensor]:
    return last_checkpoint(result)["state_dict"]


def last_checkpoint(result: TrainingResult) -> dict:
    return torch.load(result.weights.parent / "checkpoints" / "last.ckpt", weights_only=True)


def test_run_leaves_what_it_promises(
    store: CropStore, config: TrainConfig, tmp_path: Path, in_an_empty_folder: Path
) -> None:
    out = tmp_path / "run"
    result = train(config, store, out, provenance=Provenance("bars", "MIT", "by a test"))
    assert os.listdir(in_an_empty_folder) == []
    assert {path.name for path in (out / "checkpoints").iterdir()} == {
        "best.ckpt",
        "last.ckpt",
        "epoch-000.ckpt",
        "epoch-001.ckpt",
    }
    rows = list(csv.DictReader((out / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert all(float(row["images_per_second"]) > 0 for row in rows)
    assert all(0 < float(row["waited"]) < 1 for row in rows)
    assert (out / "history.png").read_bytes().startswith(b"\x89PNG")
    assert [float(row["val/top1"]) for row in rows] == [row["val/top1"] for row in result.history]
    logged = (out / "logs" / "version_0" / "metrics.csv").read_text()
    assert "images_per_second" in logged.splitlines()[0]
    described = json.loads((out / "config.json").read_text())
    assert described["config"]["batch_size"] == 16
    assert described["ink"]["floor"] == 0.25
    assert json.loads((out / "result.json").read_text())["images_per_second"] == result.images_per_second
    assert (result.trained_on, result.held_out) == (72, 24)
    described = read_metadata(result.weights)
    assert described.charset == store.charset
    assert described.crop == store.crop_config
    assert described.preprocess.mean > 0
    assert described.provenance.license == "MIT"
    assert described.provenance.split == "by book; held out: book0"
    assert dict(described.provenance.scores) == result.scores
    assert described.provenance.date


def test_it_learns_and_the_weights_are_as_good_as_the_scores(
    store: CropStore, config: TrainConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(
        config, epochs=12, augment=AugmentConfig(strength=0.3), half=False, balance=BalanceConfig(at_least=40)
    )
    result = train(config, store, tmp_path / "run")
    assert result.scores["val/top1"] > 0.9
    assert result.scores["val/top1"] == max(row["val/top1"] for row in result.history)
    held_out = np.flatnonzero(store.book_index == store.book_ids.index("book0"))
    found = Recognizer.load(result.weights, "cpu").recognize(store.read(held_out))
    assert (found.class_ids == store.class_ids[held_out]).mean() == pytest.approx(result.scores["val/top1"])


class Killed(BaseException):
    """As abrupt as a signal."""


@pytest.mark.parametrize(("epoch", "step"), [(1, 0), (1, 2), (2, 3)])
def test_interrupted_and_resumed_is_as_uninterrupted(
    store: CropStore, config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int, step: int
) -> None:
    config = dataclasses.replace(
        config, epochs=3, optimizer=OptimizerConfig(learning_rate=0.02, ema_decay=0.9, label_smoothing=0.1)
    )
    whole = train(config, store, tmp_path / "whole")
    original = EpochHistory.on_train_batch_end

    def kill(self: EpochHistory, trainer: object, *args: object) -> None:
        original(self, trainer, *args)
        if (trainer.current_epoch, args[-1]) == (epoch, step):
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(EpochHistory, "on_train_batch_end", kill)
        with pytest.raises(Killed):
            train(config, store, tmp_path / "parts")
    resumed = train(config, store, tmp_path / "parts", resume=True)
    expected, found = last_state(whole), last_state(resumed)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    timed = {"seconds", "images_per_second", "waited"}
    assert [{k: v for k, v in row.items() if k not in timed} for row in resumed.history] == [
        {k: v for k, v in row.items() if k not in timed} for row in whole.history
    ]
    assert resumed.scores == whole.scores
    assert whole.weights.read_bytes() == resumed.weights.read_bytes()


def test_another_seed_gives_other_weights(store: CropStore, config: TrainConfig, tmp_path: Path) -> None:
    config = dataclasses.replace(config, epochs=1)
    states = [
        last_state(train(dataclasses.replace(config, seed=seed), store, tmp_path / f"{name}"))
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    weight = "model.head.2.weight"
    assert torch.equal(states[0][weight], states[1][weight])
    assert not torch.equal(states[0][weight], states[2][weight])


def test_finished_run_is_resumed_by_exporting_again(store: CropStore, config: TrainConfig, tmp_path: Path) -> None:
    first = train(config, store, tmp_path / "run")
    content = first.weights.read_bytes()
    first.weights.unlink()
    assert train(config, store, tmp_path / "run", resume=True).scores == first.scores
    assert first.weights.read_bytes() == content


def test_averaged_weights_are_the_exported_ones(store: CropStore, config: TrainConfig, tmp_path: Path) -> None:
    config = dataclasses.replace(
        config, epochs=1, export="last", half=False, optimizer=OptimizerConfig(learning_rate=0.02, ema_decay=0.99)
    )
    result = train(config, store, tmp_path / "run")
    exported, state = load_weights(result.weights)[0].state_dict(), last_state(result)
    assert torch.equal(exported["head.2.weight"], state["model.head.2.weight"])
    going_on = last_checkpoint(result)["current_model_state"]
    assert not torch.equal(exported["head.2.weight"], going_on["model.head.2.weight"])


def test_without_validation_the_last_epoch_is_exported(store: CropStore, config: TrainConfig, tmp_path: Path) -> None:
    result = train(dataclasses.replace(config, epochs=1, split=SplitConfig(folds=0)), store, tmp_path / "run")
    assert result.scores == {}
    assert result.held_out == 0
    assert result.checkpoint.name == "last.ckpt"
    assert result.weights.is_file()


@pytest.mark.parametrize("model", [KuzuCharRecConfig((4, 8), 1), SimpleKuzuRecConfig()])
@pytest.mark.parametrize("binarize", ["none", "height", "two-thirds"])
def test_models_and_binarizations_train(
    store: CropStore, config: TrainConfig, tmp_path: Path, model: NetworkConfig, binarize: str
) -> None:
    config = dataclasses.replace(
        config,
        model=model,
        epochs=1,
        preprocess=dataclasses.replace(config.preprocess, binarize=binarize),
        balance=BalanceConfig(epoch_size=16),
    )
    result = train(config, store, tmp_path / "run")
    assert read_metadata(result.weights).preprocess.binarize == binarize


def test_several_sources_are_mixed(
    store: CropStore, make_store: Callable[..., CropStore], config: TrainConfig, tmp_path: Path
) -> None:
    made = make_store(("p", "synthetic", [0, 1, 2] * 10), name="made")
    sources = [CropSource(store, 1.0, name="real"), CropSource(made, 3.0, validate=False, name="made")]
    result = train(dataclasses.replace(config, epochs=1), sources, tmp_path / "run")
    assert (result.trained_on, result.held_out) == (72 + 30, 24)
    described = json.loads((tmp_path / "run" / "config.json").read_text())["sources"]
    assert [source["name"] for source in described] == ["real", "made"]


def test_initial_weights_are_matched_by_codepoint(
    make_store: Callable[..., CropStore], config: TrainConfig, charset: Charset, tmp_path: Path
) -> None:
    config = dataclasses.replace(config, epochs=1, half=False, split=SplitConfig(folds=0), export="last")
    pages = [("p", "b", [0, 1, 2, 3] * 4)]
    first = train(config, make_store(*pages), tmp_path / "first")
    turned = Charset(("U+3060", *reversed(charset.codepoints)))
    # A learning rate so small that nothing moves: what differs was matched wrongly.
    still = dataclasses.replace(
        config,
        initial_weights=str(first.weights),
        optimizer=OptimizerConfig(learning_rate=1e-12, weight_decay=0.0),
    )
    second = train(still, make_store(*pages, name="turned", charset=turned), tmp_path / "second")
    before, after = (load_weights(result.weights)[0].state_dict() for result in (first, second))
    torch.testing.assert_close(after["head.2.weight"][1:], before["head.2.weight"].flip(0))
    torch.testing.assert_close(after["stages.0.0.0.weight"], before["stages.0.0.0.weight"])
    assert after["head.2.weight"][0].abs().max() > 0


def test_initial_weights_of_another_shape_are_refused(
    store: CropStore, config: TrainConfig, tmp_path: Path, weights: Path
) -> None:
    wider = dataclasses.replace(config.model, stage_widths=(5, 9))
    config = dataclasses.replace(config, initial_weights=str(weights), model=wider)
    with pytest.raises(TrainingError, match="choose the same shape"):
        train(config, store, tmp_path / "run")


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"ink": InkConfig(floor=0.7)}, WeightsError, r"the ink of the crops is not .* \(floor 0\.25, not 0\.7\)"),
        ({"preprocess": PreprocessConfig(binarize="height")}, TrainingError, "preprocess: binarize none, not height"),
        ({"crop": CropConfig(size=24)}, TrainingError, "crop: size 32, not 24"),
        ({"crop": CropConfig(size=32, resize="squish")}, TrainingError, "crop: .*resize fit, not squish"),
    ],
)
def test_initial_weights_that_saw_other_crops_are_refused(
    store: CropStore, config: TrainConfig, tmp_path: Path, changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    model = build_model(config.model, len(store.charset))
    metadata = WeightsMetadata(config.model, store.charset, store.crop_config, ink=store.ink)
    initial = tmp_path / "initial.safetensors"
    save_weights(initial, model.state_dict(), dataclasses.replace(metadata, **changed))
    config = dataclasses.replace(config, initial_weights=str(initial))
    with pytest.raises(error, match=message):
        train(config, store, tmp_path / "run")


def test_initial_weights_keep_their_normalization_unless_another_is_set(
    store: CropStore, config: TrainConfig, tmp_path: Path
) -> None:
    model = build_model(config.model, len(store.charset))
    used_to = PreprocessConfig(mean=0.25, std=0.5)
    initial = tmp_path / "initial.safetensors"
    save_weights(initial, model.state_dict(), WeightsMetadata(config.model, store.charset, store.crop_config, used_to))
    config = dataclasses.replace(config, initial_weights=str(initial), epochs=1)
    result = train(config, store, tmp_path / "run")
    assert read_metadata(result.weights).preprocess == used_to
    config = dataclasses.replace(config, measure_normalization=False)
    with pytest.raises(TrainingError, match=r"preprocess: mean 0\.0, not 0\.25, std 1\.0, not 0\.5"):
        train(config, store, tmp_path / "other")


def test_folder_with_a_run_is_not_overwritten(store: CropStore, config: TrainConfig, tmp_path: Path) -> None:
    config = dataclasses.replace(config, epochs=1)
    train(config, store, tmp_path / "run")
    before = (tmp_path / "run" / "checkpoints" / "last.ckpt").read_bytes()
    with pytest.raises(TrainingError, match="holds a run"):
        train(config, store, tmp_path / "run")
    with pytest.raises(TrainingError, match="had other batch_size"):
        train(dataclasses.replace(config, batch_size=8), store, tmp_path / "run", resume=True)
    with pytest.raises(TrainingError, match="had other split_description, validation_books, split"):
        train(dataclasses.replace(config, split=SplitConfig(4, 1)), store, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").read_bytes() == before


def test_run_is_not_resumed_with_other_characters(
    make_store: Callable[..., CropStore], config: TrainConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(config, epochs=1, split=SplitConfig(folds=0))
    train(config, make_store(("p", "b", [0, 1, 2, 3] * 4)), tmp_path / "run")
    relabeled = make_store(("p", "b", [0, 1, 2, 2] * 4), name="relabeled")
    with pytest.raises(TrainingError, match="had other data_fingerprint"):
        train(config, relabeled, tmp_path / "run", resume=True)
    # A run of an earlier version kept its weights otherwise.
    run_file = tmp_path / "run" / "config.json"
    described = json.loads(run_file.read_text())
    del described["format"]
    run_file.write_text(json.dumps(described))
    with pytest.raises(TrainingError, match=r"of an earlier version, which cannot be resumed: start another run"):
        train(config, relabeled, tmp_path / "run", resume=True)


def test_tensorboard_that_is_not_installed_is_named(
    store: CropStore, config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*args: object, **kwargs: object) -> None:
        raise ModuleNotFoundError("tensorboard")

    monkeypatch.setattr("kuzushiji_submit.core.training.trainer.TensorBoardLogger", missing)
    runtime = dataclasses.replace(config.runtime, tensorboard=True)
    with pytest.raises(TrainingError, match="pip install tensorboard"):
        train(dataclasses.replace(config, runtime=runtime), store, tmp_path / "run")


KILLED_RUN = """
import json, os, signal, sys
from pathlib import Path
from kuzushiji_submit.core.settings import from_plain
from recognition.training.config import TrainConfig
from recognition.training.crop_store import CropStore
from kuzushiji_submit.core.training.history import EpochHistory
from recognition.training.train import train

original = EpochHistory.on_train_batch_end

def kill(self, trainer, *args):
    original(self, trainer, *args)
    if (trainer.current_epoch, args[-1]) == (1, 2):
        os.kill(os.getpid(), signal.SIGKILL)

EpochHistory.on_train_batch_end = kill
config = from_plain(TrainConfig, json.loads(sys.argv[1]))
train(config, CropStore(Path(sys.argv[2])), Path(sys.argv[3]))
"""


@pytest.mark.slow
def test_killed_process_is_resumed_to_the_same_weights(store: CropStore, config: TrainConfig, tmp_path: Path) -> None:
    whole = train(config, store, tmp_path / "whole")
    arguments = [json.dumps(to_plain(config)), str(store.folder), str(tmp_path / "killed")]
    code = subprocess.run([sys.executable, "-c", KILLED_RUN, *arguments], check=False, env={**os.environ, **ONE_THREAD})
    assert code.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "recognizer.safetensors").exists()
    resumed = train(config, store, tmp_path / "killed", resume=True)
    assert whole.weights.read_bytes() == resumed.weights.read_bytes()


def test_diverging_run_stops(store: CropStore, config: TrainConfig, tmp_path: Path) -> None:
    config = dataclasses.replace(config, optimizer=OptimizerConfig(learning_rate=1e30))
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf) in epoch \d+, step \d+, at learning rate"):
        train(config, store, tmp_path / "run")
    assert not (tmp_path / "run" / "recognizer.safetensors").exists()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model": SplitConfig()}, "no registered network's settings"),
        ({"epochs": 0}, "at least 1 epoch"),
        ({"batch_size": 1}, "batches of at least 2"),
        ({"export": "first"}, "export must be"),
    ],
    ids=["model", "epochs", "batch", "export"],
)
def test_config_out_of_range_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainConfig(**values)


@pytest.mark.parametrize("values", [{"learning_rate": 0.0}, {"learning_rate": float("nan")}, {"ema_decay": 1.0}])
def test_optimizer_out_of_range_is_refused(values: dict) -> None:
    with pytest.raises(ConfigError, match="optimizer"):
        OptimizerConfig(**values)


def test_the_ink_of_the_crops_goes_into_record_and_weights_and_a_run_of_another_is_not_resumed(
    make_store: Callable[..., CropStore], config: TrainConfig, tmp_path: Path
) -> None:
    pages = [(f"page{n}", f"book{n % 4}", [0, 1, 2, 3, 4, 5] * 2) for n in range(8)]
    faint, usual = make_store(*pages, name="faint", floor=0.1), make_store(*pages, name="usual")
    result = train(config, faint, tmp_path / "run")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["ink"]["floor"] == 0.1
    assert read_metadata(result.weights).ink == faint.ink
    with pytest.raises(TrainingError, match="other ink"):
        train(config, usual, tmp_path / "run", resume=True)
