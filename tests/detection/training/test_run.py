"""A run from prepared pages to a weights file: what it leaves, how it is resumed, what it refuses."""

import csv
import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from detection.heatmap.weights_file import load_detector, save_detector
from detection.training.config import HeatmapOptimizer, HeatmapTraining
from detection.training.data import StoreSource
from detection.training.page_store import ROUGH
from detection.training.run import train_heatmap
from kuzushiji_submit.core import time_budget
from kuzushiji_submit.core.errors import TrainingError, WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.core.training import trainer
from kuzushiji_submit.core.training.config import BookSplit
from kuzushiji_submit.core.training.history import EpochHistory
from kuzushiji_submit.core.training.run import TrainingResult
from kuzushiji_submit.core.weights_record import Provenance
from tests.detection.training.conftest import match, tiny_config, write_store

PAGES = [(f"page{n}", f"book{n % 3}", 2) for n in range(6)]
# With a day, lest a run that ends after midnight has other bytes.
PROVENANCE = Provenance(training_data="squares", license="MIT", attribution="by a test", date="2020-01-02")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def train(config: HeatmapTraining, store: Path, out: Path, **options: object) -> TrainingResult:
    return train_heatmap(config, [StoreSource(store)], out, match, provenance=PROVENANCE, **options)


def last(run: Path) -> dict[str, object]:
    state: dict[str, object] = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    return state


def assert_same_weights(first: Path, second: Path) -> None:
    one, other = last(first)["state_dict"], last(second)["state_dict"]
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def untimed(result: TrainingResult) -> list[dict[str, float]]:
    timed = {"seconds", "images_per_second", "waited"}
    return [{name: value for name, value in row.items() if name not in timed} for row in result.history]


def logged(run: Path) -> list[dict[str, str]]:
    """The rows of the CSV log, of one attempt after the other."""
    files = sorted((run / "logs").glob("version_*/metrics.csv"))
    return [row for file in files for row in csv.DictReader(file.read_text().splitlines())]


@dataclasses.dataclass(frozen=True)
class Finished:
    """A run that the tests only look at."""

    result: TrainingResult
    store: Path
    out: Path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("finished")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    store = write_store(folder / "store", *PAGES)
    result = train(tiny_config(), store, folder / "run")
    torch.set_num_threads(threads)
    return Finished(result, store, folder / "run")


def test_it_leaves_what_it_promises(finished: Finished) -> None:
    out, result = finished.out, finished.result
    assert {path.name for path in out.iterdir()} == {
        "checkpoints",
        "config.json",
        "detector.safetensors",
        "history.csv",
        "history.png",
        "logs",
        "result.json",
    }
    assert {path.name for path in (out / "checkpoints").iterdir()} == {
        "best.ckpt",
        "last.ckpt",
        *(f"epoch-{epoch:03d}.ckpt" for epoch in range(3)),
    }
    described = json.loads((out / "config.json").read_text())
    assert described["config"]["tile_size"] == 64
    assert described["validation_books"] == ["book0"]
    assert described["sources"] == [{"name": "store", "share": 1.0, "validate": True, "pages": 4, "boxes": 24}]
    assert (described["stage"], described["monitor"], len(described["data_fingerprint"])) == ("detector", "val/f1", 16)
    assert json.loads((out / "result.json").read_text()) == {
        **to_plain(result),
        "weights": str(result.weights),
        "checkpoint": str(result.checkpoint),
    }
    assert (result.trained_on, result.held_out, len(result.history), result.completed) == (4, 2, 3, True)


def test_the_log_has_every_epoch(finished: Finished) -> None:
    rows = logged(finished.out)
    validated = [row for row in rows if row["val/f1"]]
    assert [row["epoch"] for row in validated] == ["0", "1", "2"]
    trained = [float(row["train/heat"]) for row in rows if row["train/heat"]]
    assert len(trained) == 3
    assert all(np.isfinite(trained))
    assert [row["step"] for row in rows if row["train/step_loss"]] == [str(step) for step in range(6)]


def test_the_best_epoch_is_exported(finished: Finished) -> None:
    rows = list(csv.DictReader((finished.out / "history.csv").read_text().splitlines()))
    assert [row["val/f1"] for row in rows] == [str(row["val/f1"]) for row in finished.result.history]
    assert set(finished.result.scores) == {"val/precision", "val/recall", "val/f1"}
    assert finished.result.scores["val/f1"] == max(float(row["val/f1"]) for row in rows)
    best = torch.load(finished.out / "checkpoints" / "best.ckpt", weights_only=True)
    assert float(rows[best["epoch"]]["val/f1"]) == finished.result.scores["val/f1"]


def test_the_weights_file_says_where_it_comes_from(finished: Finished) -> None:
    network, metadata = load_detector(finished.result.weights)
    assert (metadata.provenance.training_data, metadata.provenance.license, metadata.provenance.attribution) == (
        "squares",
        "MIT",
        "by a test",
    )
    assert metadata.provenance.split == "by book; held out: book0"
    assert metadata.provenance.seed == 0
    assert dict(metadata.provenance.scores) == finished.result.scores
    assert metadata.provenance.date == "2020-01-02"
    assert metadata.network == tiny_config().network
    best = torch.load(finished.out / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
    for name, value in network.state_dict().items():
        exported = best[f"model.{name}"]
        expected = exported.half().float() if exported.is_floating_point() and exported.ndim > 1 else exported
        assert torch.equal(value, expected), name


class Killed(BaseException):
    """As abrupt as a signal."""


@pytest.mark.parametrize(("epoch", "step"), [(0, 1), (1, 0), (2, 1)])
def test_interrupted_and_resumed_is_as_uninterrupted(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int, step: int
) -> None:
    original = EpochHistory.on_train_batch_end

    def kill(self: EpochHistory, trainer: object, *args: object) -> None:
        original(self, trainer, *args)
        if (trainer.current_epoch, args[-1]) == (epoch, step):
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(EpochHistory, "on_train_batch_end", kill)
        with pytest.raises(Killed):
            train(tiny_config(), finished.store, tmp_path / "run")
    assert not (tmp_path / "run" / "detector.safetensors").exists()
    # What was drawn before in this process must not matter.
    torch.rand(5)
    resumed = train(tiny_config(), finished.store, tmp_path / "run", resume=True)
    assert_same_weights(tmp_path / "run", finished.out)
    assert resumed.scores == finished.result.scores
    assert untimed(resumed) == untimed(finished.result)
    assert resumed.completed
    assert resumed.weights.read_bytes() == finished.result.weights.read_bytes()
    assert last(tmp_path / "run")["global_step"] == 6
    validated = [row["epoch"] for row in logged(tmp_path / "run") if row.get("val/f1")]
    assert validated == ["0", "1", "2"]


def test_a_finished_run_is_resumed_by_exporting_again(finished: Finished) -> None:
    before = finished.result.weights.read_bytes()
    finished.result.weights.unlink()
    again = train(tiny_config(), finished.store, finished.out, resume=True)
    assert again == finished.result
    assert again.weights.read_bytes() == before


class Clock:
    """Each look at it takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 1.0
        return self.now


def with_budget(seconds: float) -> HeatmapTraining:
    config = tiny_config()
    return dataclasses.replace(config, runtime=dataclasses.replace(config.runtime, time_budget=seconds))


def test_a_time_budget_ends_the_run_after_an_epoch_and_it_goes_on(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    # Looks: begin at 1 s, start of training at 2 s, one of two steps at 3 s, the epoch's end at 4 s; another takes 2 s.
    for epochs in (1, 2):
        monkeypatch.setattr(time_budget, "time", Clock())
        part = train(with_budget(4.0), finished.store, out, resume=epochs > 1)
        assert (len(part.history), part.completed) == (epochs, False)
        assert json.loads((out / "result.json").read_text())["completed"] is False
        load_detector(part.weights)
    monkeypatch.undo()
    whole = train(with_budget(3600), finished.store, out, resume=True)
    assert (len(whole.history), whole.completed) == (3, True)
    assert_same_weights(out, finished.out)


def test_a_time_budget_cuts_an_epoch_short_and_no_step_is_lost(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    monkeypatch.setattr(time_budget, "time", Clock())
    cut = train(with_budget(2.0), finished.store, out)
    monkeypatch.undo()
    assert (cut.completed, cut.history, cut.scores, cut.checkpoint.name) == (False, (), {}, "last.ckpt")
    assert last(out)["global_step"] == 1
    # The average has taken that step, too.
    assert last(out)["averaging_state"]["n_averaged"] == 1
    load_detector(cut.weights)
    resumed = train(with_budget(3600), finished.store, out, resume=True)
    assert resumed.completed
    assert last(out)["global_step"] == last(finished.out)["global_step"]


def test_a_folder_with_a_run_is_not_overwritten(finished: Finished, store: Path) -> None:
    before = (finished.out / "checkpoints" / "last.ckpt").read_bytes()
    config = tiny_config()
    with pytest.raises(TrainingError, match=r"holds a run: resume it \(--resume\), or choose another"):
        train(config, finished.store, finished.out)
    for changes, named in (
        ({"batch_size": 2}, "batch_size"),
        ({"augment": dataclasses.replace(config.augment, seal=0.5)}, "augment"),
        ({"split": BookSplit(3, 1)}, "sources, data_fingerprint, split_|data_fingerprint, split_"),
    ):
        with pytest.raises(TrainingError, match=f"the run to resume had other ({named})"):
            train(dataclasses.replace(config, **changes), finished.store, finished.out, resume=True)
    sources = [StoreSource(finished.store, share=2.0)]
    with pytest.raises(TrainingError, match="had other sources"):
        train_heatmap(config, sources, finished.out, match, resume=True)
    assert (finished.out / "checkpoints" / "last.ckpt").read_bytes() == before


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b'{"format": 2, "config": 3}'])
def test_a_run_without_its_settings_cannot_be_resumed(finished: Finished, content: bytes | None) -> None:
    file = finished.out / "config.json"
    before = file.read_bytes()
    try:
        file.unlink() if content is None else file.write_bytes(content)
        with pytest.raises(TrainingError, match=r"config\.json: cannot be read .*start another"):
            train(tiny_config(), finished.store, finished.out, resume=True)
    finally:
        file.write_bytes(before)


def test_a_run_that_was_copied_elsewhere_still_knows_its_best_epoch(finished: Finished, tmp_path: Path) -> None:
    folder = finished.out / "checkpoints"
    out = tmp_path / "run"
    shutil.copytree(finished.out, out, ignore=shutil.ignore_patterns("epoch-002.ckpt", "last.ckpt"))
    shutil.copyfile(folder / "epoch-001.ckpt", out / "checkpoints" / "last.ckpt")
    resumed = train(tiny_config(), finished.store, out, resume=True)
    assert resumed.scores == finished.result.scores
    assert resumed.weights.read_bytes() == finished.result.weights.read_bytes()
    (state,) = (value for name, value in last(out)["callbacks"].items() if "'val/f1'" in name)
    assert state["best_model_path"] == str(out / "checkpoints" / "best.ckpt")
    assert state["best_model_score"] == finished.result.scores["val/f1"]


def test_without_the_best_checkpoint_the_last_one_is_exported_with_its_own_scores(
    finished: Finished, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "run"
    shutil.copytree(finished.out, out)
    best = max(finished.result.history, key=lambda row: row["val/f1"])
    (out / "checkpoints" / "best.ckpt").unlink()
    (out / "checkpoints" / f"epoch-{best['epoch']:03d}.ckpt").write_bytes(b"")
    again = train(tiny_config(), finished.store, out, resume=True)
    assert again.checkpoint.name == "last.ckpt"
    assert again.scores["val/f1"] == again.history[-1]["val/f1"]
    assert "the best epoch's checkpoint is lost or damaged: the last epoch is exported" in caplog.text


@pytest.mark.parametrize("content", [b"", b"no checkpoint"])
def test_a_damaged_last_checkpoint_costs_an_epoch_and_no_more(
    finished: Finished, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    out = tmp_path / "run"
    shutil.copytree(finished.out, out)
    for name in ("last.ckpt", "epoch-002.ckpt", "best.ckpt"):
        (out / "checkpoints" / name).write_bytes(content)
    resumed = train(tiny_config(), finished.store, out, resume=True)
    assert "last.ckpt: damaged: going on from the newest whole checkpoint, epoch-001.ckpt" in caplog.text
    assert resumed.completed
    assert untimed(resumed) == untimed(finished.result)
    assert_same_weights(out, finished.out)
    assert resumed.weights.read_bytes() == finished.result.weights.read_bytes()


def test_the_place_may_change_when_a_run_is_resumed(finished: Finished) -> None:
    config = tiny_config()
    runtime = dataclasses.replace(config.runtime, num_workers=1, keep_every_epoch=False, time_budget=99.0)
    assert train(dataclasses.replace(config, runtime=runtime), finished.store, finished.out, resume=True).completed


def test_nothing_to_resume_is_said_and_nothing_written_elsewhere(
    store: Path, tmp_path: Path, in_an_empty_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = dataclasses.replace(tiny_config(), epochs=1)
    result = train_heatmap(config, [StoreSource(store)], tmp_path / "run", match, resume=True)
    assert "nothing to resume, starting from the beginning" in caplog.text
    assert os.listdir(in_an_empty_folder) == []
    assert len(load_detector(result.weights)[1].provenance.date) == 10


def test_of_several_stores_and_empty_pages_only_the_last_epoch_is_kept_where_asked(
    store: Path, make_store: Callable[..., Path], tmp_path: Path
) -> None:
    made = make_store(("m0", "made", 3), ("m1", "made", 0), name="made")
    sources = [StoreSource(store, 1.0), StoreSource(made, 3.0, validate=False)]
    config = dataclasses.replace(tiny_config(), export="last", epochs=2)
    config = dataclasses.replace(config, runtime=dataclasses.replace(config.runtime, keep_every_epoch=False))
    result = train_heatmap(config, sources, tmp_path / "run", match)
    assert (result.trained_on, result.held_out) == (6, 2)
    names = sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir())
    assert names == ["best.ckpt", "epoch-001.ckpt", "last.ckpt"]
    assert result.scores == {name: result.history[-1][name] for name in ("val/precision", "val/recall", "val/f1")}


def test_without_validation_the_last_epoch_is_exported(store: Path, tmp_path: Path) -> None:
    config = dataclasses.replace(tiny_config(), epochs=1, split=BookSplit(0), optimizer=HeatmapOptimizer(ema_decay=0.0))
    result = train(config, store, tmp_path / "run")
    assert (result.scores, result.trained_on, result.held_out) == ({}, 6, 0)
    assert not (tmp_path / "run" / "checkpoints" / "best.ckpt").exists()
    network, metadata = load_detector(result.weights)
    assert metadata.provenance.scores == ()
    assert metadata.provenance.split == "by book; held out: none"
    assert torch.equal(network.head[1].bias, last(tmp_path / "run")["state_dict"]["model.head.1.bias"])


def test_roughly_annotated_pages_do_not_validate(
    make_store: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rough = make_store(*PAGES[:3], kind=ROUGH)
    result = train(dataclasses.replace(tiny_config(), epochs=1), rough, tmp_path / "run")
    assert (result.scores, result.trained_on, result.held_out) == ({}, 2, 0)
    assert "the run goes without validation" in caplog.text


def test_a_run_starts_from_initial_weights(finished: Finished, tmp_path: Path) -> None:
    still = dataclasses.replace(
        tiny_config(),
        epochs=1,
        initial_weights=str(finished.result.weights),
        optimizer=HeatmapOptimizer(learning_rate=1e-12, weight_decay=0.0, ema_decay=0.0),
    )
    result = train(still, finished.store, tmp_path / "run")
    before, after = (load_detector(path)[0].state_dict() for path in (finished.result.weights, result.weights))
    for name in ("stem.0.weight", "head.1.weight"):
        torch.testing.assert_close(after[name], before[name], rtol=0, atol=1e-3)


def test_initial_weights_that_do_not_fit_are_refused(finished: Finished, tmp_path: Path) -> None:
    config = dataclasses.replace(tiny_config(), initial_weights=str(finished.result.weights))
    wider = dataclasses.replace(config, network=dataclasses.replace(config.network, pyramid=5))
    with pytest.raises(TrainingError, match=r"its network is HeatmapNetConfig\(.*, the run's .*: set the same"):
        train(wider, finished.store, tmp_path / "run")
    with pytest.raises(WeightsError, match="no such weights file"):
        train(dataclasses.replace(config, initial_weights="none"), finished.store, tmp_path / "other")


def test_initial_weights_that_were_trained_on_ink_are_refused(finished: Finished, tmp_path: Path) -> None:
    initial = tmp_path / "ink.safetensors"
    network, metadata = load_detector(finished.result.weights)
    save_detector(initial, network.state_dict(), dataclasses.replace(metadata, ink=InkConfig()))
    config = dataclasses.replace(tiny_config(), initial_weights=str(initial))
    with pytest.raises(TrainingError, match=r"ink\.safetensors: was trained on the ink of pages"):
        train(config, finished.store, tmp_path / "run")


def test_a_diverging_run_stops(store: Path, tmp_path: Path) -> None:
    config = dataclasses.replace(tiny_config(), optimizer=HeatmapOptimizer(learning_rate=1e30, gradient_clip=0.0))
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf) in epoch \d+, step \d+, at .*: lower"):
        train(config, store, tmp_path / "run")
    assert not (tmp_path / "run" / "detector.safetensors").exists()


def test_tensorboard_that_is_not_installed_is_named(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*args: object, **kwargs: object) -> None:
        raise ModuleNotFoundError("tensorboard")

    monkeypatch.setattr(trainer, "TensorBoardLogger", missing)
    config = tiny_config()
    config = dataclasses.replace(config, runtime=dataclasses.replace(config.runtime, tensorboard=True))
    with pytest.raises(TrainingError, match="pip install tensorboard"):
        train(config, store, tmp_path / "run")


@pytest.mark.slow
def test_it_learns_to_find_squares(tmp_path: Path) -> None:
    # As many in a column as in a book: of a page of three the first look would show squares larger than any trained on.
    store = write_store(tmp_path / "store", *((f"page{n}", f"book{n % 3}", 6) for n in range(6)), rows=18)
    config = dataclasses.replace(
        tiny_config(),
        network=dataclasses.replace(tiny_config().network, widths=(8, 12, 16, 16, 16), pyramid=12),
        optimizer=HeatmapOptimizer(learning_rate=0.01, ema_decay=0.9),
        epochs=6,
        tiles_per_epoch=160,
        batch_size=8,
        tile_size=128,
    )
    result = train(config, store, tmp_path / "run")
    assert result.scores["val/f1"] > 0.9
