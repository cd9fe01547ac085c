"""A dense reader's run: what it leaves, what it learns, how it is resumed, what it starts from, what it refuses.

What every run has in common, such as time budgets and damaged checkpoints, is tested with the detector's.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from detection.dense.inference import DensePageReader
from detection.dense.weights_file import DenseMetadata, load_dense, save_dense
from detection.heatmap.network import HeatmapNet
from detection.heatmap.weights_file import DetectorMetadata, load_detector, save_detector
from detection.training.data import StoreSource, split_pages
from detection.training.dense_config import BoxNoise, DenseOptimizer, DenseTraining
from detection.training.dense_run import charset_of, dense_lr_find, train_dense
from detection.training.page_store import ROUGH
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, TrainingError, WeightsError
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.training.config import BookSplit
from kuzushiji_submit.core.training.history import EpochHistory
from kuzushiji_submit.core.training.lr_find import LrFindConfig
from kuzushiji_submit.core.training.run import TrainingResult
from kuzushiji_submit.core.weights_record import Provenance
from tests.detection.dense.conftest import CHARSET, TINY, glyph_page, make_network
from tests.detection.training.conftest import tiny_dense_config, write_glyphs

PAGES = [(f"page{n}", f"book{n % 2}", 4) for n in range(4)]
# With a day, lest a run that ends after midnight has other bytes.
PROVENANCE = Provenance(training_data="shapes", license="MIT", attribution="by a test", date="2020-01-02")
STILL = DenseOptimizer(learning_rate=1e-12, weight_decay=0.0, ema_decay=0.0)


def train(config: DenseTraining, store: Path, out: Path, **options: object) -> TrainingResult:
    return train_dense(config, [StoreSource(store)], out, provenance=PROVENANCE, **options)


def change(**changes: object) -> DenseTraining:
    return dataclasses.replace(tiny_dense_config(), **changes)


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
    store = write_glyphs(folder / "store", *PAGES)
    result = train(tiny_dense_config(), store, folder / "run")
    torch.set_num_threads(threads)
    return Finished(result, store, folder / "run")


def test_it_leaves_what_it_promises(finished: Finished) -> None:
    out, result = finished.out, finished.result
    assert {"checkpoints", "config.json", "dense.safetensors", "history.csv", "history.png", "logs", "result.json"} == {
        path.name for path in out.iterdir()
    }
    described = json.loads((out / "config.json").read_text())
    assert (described["stage"], described["model"], described["monitor"]) == ("dense_reader", "dense_fpn", "val/top1")
    assert (described["classes"], described["charset_fingerprint"]) == (4, CHARSET.fingerprint)
    assert described["validation_books"] == ["book0"]
    assert described["sources"] == [{"name": "store", "share": 1.0, "validate": True, "pages": 2, "boxes": 24}]
    assert (result.trained_on, result.held_out, len(result.history), result.completed) == (2, 2, 2, True)
    assert set(result.scores) == {"val/loss", "val/top1", "val/top5"}
    assert all(np.isfinite(row["train/loss"]) for row in result.history)


def test_the_weights_file_says_where_it_comes_from(finished: Finished) -> None:
    network, metadata = load_dense(finished.result.weights)
    assert (metadata.network, metadata.charset, metadata.calibration.temperature) == (TINY, CHARSET, 1.0)
    told = dataclasses.replace(
        PROVENANCE,
        split="by book; held out: book0",
        scores=tuple(sorted(finished.result.scores.items())),
    )
    assert metadata.provenance == told
    exported = torch.load(finished.result.checkpoint, weights_only=True)["state_dict"]
    for name, value in network.state_dict().items():
        kept = exported[f"model.{name}"]
        expected = kept.half().float() if kept.is_floating_point() and kept.ndim > 1 else kept
        assert torch.equal(value, expected), name


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
            train(tiny_dense_config(), finished.store, tmp_path / "run")
    assert not (tmp_path / "run" / "dense.safetensors").exists()
    torch.rand(5)  # what was drawn before in this process must not matter
    resumed = train(tiny_dense_config(), finished.store, tmp_path / "run", resume=True)
    assert resumed.scores == finished.result.scores
    assert resumed.completed
    assert resumed.weights.read_bytes() == finished.result.weights.read_bytes()


def test_a_run_is_not_overwritten_nor_resumed_on_something_else(finished: Finished, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"holds a run: resume it \(--resume\), or choose another"):
        train(tiny_dense_config(), finished.store, finished.out)
    with pytest.raises(TrainingError, match="the run to resume had other boxes"):
        train(change(boxes=BoxNoise(far=0.5)), finished.store, finished.out, resume=True)
    charset = Charset(CHARSET.codepoints[::-1])
    with pytest.raises(TrainingError, match="had other charset_fingerprint"):
        train_dense(tiny_dense_config(), [StoreSource(finished.store)], finished.out, charset, resume=True)
    # The same boxes that hold other characters are other data.
    swapped = tmp_path / "store"
    write_glyphs(swapped, *PAGES)
    for truth in (swapped / "pages").glob("*.json"):
        told = json.loads(truth.read_text())
        truth.write_text(json.dumps({**told, "codepoints": told["codepoints"][::-1]}))
    with pytest.raises(TrainingError, match="had other data_fingerprint"):
        train(tiny_dense_config(), swapped, finished.out, resume=True)


def test_it_learns_shapes_that_it_reads_on_a_book_it_has_not_seen(tmp_path: Path) -> None:
    store = write_glyphs(tmp_path / "store", *((f"page{n}", f"book{n % 2}", 5) for n in range(4)))
    result = train(change(tiles_per_epoch=60), store, tmp_path / "run")
    assert result.scores["val/top1"] > 0.9  # by chance 0.25
    page, boxes, ids = glyph_page(columns=6, rows=6, size=60, seed=99)
    reader = DensePageReader.load(result.weights, device="cpu")
    said = reader.logits(prepare_page(page), boxes)
    assert (said.argmax(axis=1) == ids).mean() > 0.9


def test_a_run_starts_from_a_detector_s_pyramid(finished: Finished, tmp_path: Path) -> None:
    torch.manual_seed(7)
    lender = tmp_path / "detector.safetensors"
    save_detector(lender, HeatmapNet(TINY.body).state_dict(), DetectorMetadata(network=TINY.body))
    config = change(epochs=1, optimizer=STILL, initial_weights=str(lender))
    started = load_dense(train(config, finished.store, tmp_path / "run").weights)[0].state_dict()
    lent = load_detector(lender)[0].state_dict()
    pyramid = [name for name in started if name in lent and name.endswith((".weight", ".bias"))]
    assert {name.partition(".")[0] for name in pyramid} == {"stem", "levels", "lateral", "smooth"}
    for name in pyramid:
        torch.testing.assert_close(started[name], lent[name], rtol=0, atol=1e-6)


def test_a_run_starts_from_a_dense_reader(finished: Finished, tmp_path: Path) -> None:
    config = change(epochs=1, optimizer=STILL, initial_weights=str(finished.result.weights), seed=1)
    started = load_dense(train(config, finished.store, tmp_path / "run").weights)[0].state_dict()
    lent = load_dense(finished.result.weights)[0].state_dict()
    for name in ("stem.0.weight", "embed.1.weight", "classifier.weight", "classifier.bias"):
        torch.testing.assert_close(started[name], lent[name], rtol=0, atol=1e-6)


def test_initial_weights_that_do_not_fit_are_refused(finished: Finished, tmp_path: Path) -> None:
    wider = dataclasses.replace(TINY, body=dataclasses.replace(TINY.body, pyramid=7))
    other = tmp_path / "other.safetensors"
    charset = Charset(("U+306E", "U+306F", "U+4E00", "U+4E09"))
    save_dense(other, make_network().state_dict(), DenseMetadata(TINY, charset))
    cases = [
        (change(initial_weights=str(finished.result.weights), network=wider), ConfigError, "start from weights of the"),
        (change(initial_weights=str(other)), ConfigError, r"other\.safetensors: says other characters than the run"),
        (change(initial_weights="none"), WeightsError, "none: no such weights file"),
    ]
    for number, (config, error, message) in enumerate(cases):
        with pytest.raises(error, match=message):
            train(config, finished.store, tmp_path / f"run{number}")


def test_classes_are_every_character_of_the_pages_those_held_out_included(tmp_path: Path) -> None:
    store = write_glyphs(tmp_path / "store", ("page0", "book0", 4), ("page1", "book1", 4), ("page2", "book2", 1))
    whole = split_pages([StoreSource(store)], BookSplit(validation_books=("book0", "book1")))
    assert set(whole.train[0].pages[0].codepoints) < set(CHARSET.codepoints)
    assert charset_of(whole) == CHARSET


def test_pages_without_characters_are_refused(tmp_path: Path) -> None:
    untold = write_glyphs(tmp_path / "untold", *PAGES[:2], told=False)
    with pytest.raises(TrainingError, match=r"page page.: its characters are not stored: prepare the pages again"):
        train(change(split=BookSplit(0)), untold, tmp_path / "run")
    empty = write_glyphs(tmp_path / "empty", ("page0", "book0", 0))
    with pytest.raises(TrainingError, match="there is no character to learn: give a data folder"):
        train(change(split=BookSplit(0)), empty, tmp_path / "run")
    told = write_glyphs(tmp_path / "told", *PAGES[:2])
    with pytest.raises(TrainingError, match="there is no character to learn: give a data folder"):
        train_dense(change(split=BookSplit(0)), [StoreSource(told)], tmp_path / "run", Charset(("U+9999",)))
    assert not (tmp_path / "run").exists()


def test_without_a_character_held_out_the_run_goes_without_validation(
    glyphs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rough = write_glyphs(tmp_path / "rough", ("page0", "book0", 2), kind=ROUGH)
    sources = [StoreSource(glyphs, validate=False), StoreSource(rough)]
    result = train_dense(change(epochs=1), sources, tmp_path / "run", CHARSET)
    assert (result.scores, result.held_out) == ({}, 0)
    assert "no held-out page has a character to read: the run goes without validation" in caplog.text


def test_the_learning_rate_s_curve(finished: Finished, tmp_path: Path) -> None:
    found = dense_lr_find(
        tiny_dense_config(), [StoreSource(finished.store)], tmp_path / "lr", search=LrFindConfig(steps=8, skip_start=1)
    )
    assert found.curve.read_text().startswith("learning_rate,loss\n")
    assert found.picture.read_bytes().startswith(b"\x89PNG")
    assert len(found.losses) > 3
