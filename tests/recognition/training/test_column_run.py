"""A column model's run: what it leaves, what it learns, how it is resumed, what it starts from, what it refuses.

What every run has in common, such as time budgets and damaged checkpoints, is tested with the detector's.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, TrainingError, WeightsError
from kuzushiji_submit.core.training.config import BookSplit
from kuzushiji_submit.core.training.history import EpochHistory
from kuzushiji_submit.core.training.run import TrainingResult
from kuzushiji_submit.core.weights_record import Provenance
from recognition.column.column_model import ColumnModel
from recognition.column.network import ColumnNetwork
from recognition.column.weights_file import ColumnMetadata, load_column, save_column
from recognition.training import column_eye
from recognition.training.column_config import ColumnOptimizer, ColumnTraining
from recognition.training.column_run import train_column
from recognition.training.column_texts import TextSource
from tests.recognition.training.column_text import CHARSET, TINY_TRAINING, confusions, pages, sources

# With a day, lest a run that ends after midnight has other bytes.
PROVENANCE = Provenance(training_data="pairs", license="MIT", attribution="by a test", date="2020-01-02")
STILL = ColumnOptimizer(learning_rate=1e-12, weight_decay=0.0, warmup=0.1)


@pytest.fixture(autouse=True, scope="module")
def few_characters() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column_eye, "FITTED", 500)
        yield


def train(
    config: ColumnTraining, out: Path, given: list[TextSource] | None = None, **options: object
) -> TrainingResult:
    return train_column(config, given or sources(), confusions(), CHARSET, out, provenance=PROVENANCE, **options)


def change(**changes: object) -> ColumnTraining:
    return dataclasses.replace(TINY_TRAINING, **changes)


@dataclasses.dataclass(frozen=True)
class Finished:
    """A run that the tests only look at."""

    result: TrainingResult
    out: Path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("finished")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    result = train(TINY_TRAINING, folder / "run")
    torch.set_num_threads(threads)
    return Finished(result, folder / "run")


def test_it_leaves_what_it_promises(finished: Finished) -> None:
    out, result = finished.out, finished.result
    left = {"checkpoints", "config.json", "column.safetensors", "history.csv", "history.png", "logs", "result.json"}
    assert left == {path.name for path in out.iterdir()}
    described = json.loads((out / "config.json").read_text())
    told = (described["stage"], described["model"], described["monitor"])
    assert told == ("column", "column_transformer", "val/top1")
    assert (described["classes"], described["charset_fingerprint"]) == (12, CHARSET.fingerprint)
    assert described["confusions"] == confusions().fingerprint
    assert described["validation_books"] == ["book0"]
    assert [source["name"] for source in described["sources"]] == ["truth.csv", "genji.txt"]
    assert (result.trained_on, result.held_out, len(result.history), result.completed) == (280, 80, 2, True)
    assert set(result.scores) == {"val/loss", "val/loss_eye", "val/top1", "val/top1_eye"}
    for row in result.history:
        assert all(np.isfinite(row[f"train/{name}"]) for name in ("loss", "loss_text", "loss_eye", "top1", "top1_eye"))


def test_the_weights_file_says_where_it_comes_from(finished: Finished) -> None:
    network, metadata = load_column(finished.result.weights)
    assert (metadata.network, metadata.charset) == (TINY_TRAINING.network, CHARSET)
    told = dataclasses.replace(
        PROVENANCE, split="by book; held out: book0", scores=tuple(sorted(finished.result.scores.items()))
    )
    assert metadata.provenance == told
    exported = torch.load(finished.result.checkpoint, weights_only=True)["state_dict"]
    for name, value in network.state_dict().items():
        kept = exported[f"model.{name}"]
        assert torch.equal(value, kept.half().float() if kept.ndim > 1 else kept), name


class Killed(BaseException):
    """As abrupt as a signal."""


@pytest.mark.parametrize(("epoch", "step"), [(0, 1), (1, 0)])
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
            train(TINY_TRAINING, tmp_path / "run")
    assert not (tmp_path / "run" / "column.safetensors").exists()
    torch.rand(5)  # what was drawn before in this process must not matter
    resumed = train(TINY_TRAINING, tmp_path / "run", resume=True)
    assert resumed.scores == finished.result.scores
    assert resumed.completed
    assert resumed.weights.read_bytes() == finished.result.weights.read_bytes()


def test_a_run_is_not_overwritten_nor_resumed_on_something_else(finished: Finished) -> None:
    with pytest.raises(TrainingError, match=r"holds a run: resume it \(--resume\), or choose another"):
        train(TINY_TRAINING, finished.out)
    eye = dataclasses.replace(TINY_TRAINING.eye, noise=0.1)
    with pytest.raises(TrainingError, match="the run to resume had other eye"):
        train(change(eye=eye), finished.out, resume=True)
    with pytest.raises(TrainingError, match="had other confusions"):
        train_column(TINY_TRAINING, sources(), confusions(seed=1), CHARSET, finished.out, resume=True)
    books = [f"book{place % 3}" for place in range(6)]
    others = [TextSource("truth.csv", pages(6, seed=9), books, 2.0), sources()[1]]
    with pytest.raises(TrainingError, match="had other data_fingerprint"):
        train(TINY_TRAINING, finished.out, others, resume=True)


def test_it_learns_what_stands_behind_what_and_reads_better_for_it(tmp_path: Path) -> None:
    result = train(change(windows_per_epoch=400, epochs=2), tmp_path / "run")
    assert result.scores["val/top1"] > result.scores["val/top1_eye"] + 0.1
    assert result.scores["val/loss"] < result.scores["val/loss_eye"] - 0.2
    first, last = result.history
    assert last["train/loss_text"] < first["train/loss_text"]
    # Where the eye cannot tell, the text can: behind class 4 stands class 5, before 9 stands 8.
    ids = np.array([[4, 0], [3, 5], [2, 8], [9, 1]])
    scores = np.array([[0.99, 0.01], [0.5, 0.5], [0.5, 0.5], [0.99, 0.01]], np.float32)
    model = ColumnModel.load(result.weights, CHARSET.codepoints)
    support = model.support(ids, scores)
    assert support[1, 1] > support[1, 0] + 1
    assert support[2, 1] > support[2, 0] + 1


def test_a_run_starts_from_a_column_model(finished: Finished, tmp_path: Path) -> None:
    config = change(epochs=1, optimizer=STILL, initial_weights=str(finished.result.weights), seed=1)
    started = load_column(train(config, tmp_path / "run").weights)[0].state_dict()
    lent = load_column(finished.result.weights)[0].state_dict()
    for name, value in started.items():
        torch.testing.assert_close(value, lent[name], rtol=0, atol=1e-6)


def test_initial_weights_that_do_not_fit_are_refused(finished: Finished, tmp_path: Path) -> None:
    wider = dataclasses.replace(TINY_TRAINING.network, width=18)
    other = tmp_path / "other.safetensors"
    state = ColumnNetwork(TINY_TRAINING.network, len(CHARSET)).state_dict()
    save_column(other, state, ColumnMetadata(TINY_TRAINING.network, Charset(CHARSET.codepoints[::-1])))
    cases = [
        (change(initial_weights=str(finished.result.weights), network=wider), ConfigError, "start from the same shape"),
        (change(initial_weights=str(other)), ConfigError, r"other\.safetensors: says other characters than the run"),
        (change(initial_weights="none"), WeightsError, "none: no such weights file"),
    ]
    for number, (config, error, message) in enumerate(cases):
        with pytest.raises(error, match=message):
            train(config, tmp_path / f"run{number}")


def test_what_is_averaged_over_the_steps_reads_as_well(tmp_path: Path) -> None:
    averaging = dataclasses.replace(TINY_TRAINING.optimizer, ema_decay=0.9)
    result = train(change(optimizer=averaging), tmp_path / "run")
    assert all(np.isfinite(score) for score in result.scores.values())
    assert np.isfinite(ColumnModel.load(result.weights, CHARSET.codepoints).support(*_two_places())).all()


def _two_places() -> tuple[np.ndarray, np.ndarray]:
    return np.array([[4, 0], [3, 5]]), np.array([[0.9, 0.1], [0.5, 0.5]], np.float32)


def test_texts_that_cannot_be_trained_on_leave_no_folder(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="strange: has no text to train on"):
        train(TINY_TRAINING, tmp_path / "run", [*sources(), TextSource("strange", [["U+4E00"]])])
    assert not (tmp_path / "run").exists()


def test_without_books_the_run_goes_without_validation(tmp_path: Path) -> None:
    result = train(change(epochs=1, split=BookSplit(folds=0)), tmp_path / "run", [sources()[1]])
    assert (result.scores, result.held_out) == ({}, 0)
