import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, TrainingError, WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from recognition.crops import CropConfig, Crops
from recognition.training import column_confusions
from recognition.training.column_config import ConfusionConfig
from recognition.training.column_confusions import Confusions, choose_crops, read_confusions
from recognition.training.crop_store import NO_CHARACTER, CropStore

CONFIG = ConfusionConfig(crops=1000, candidates=4)


class BarReader:
    """Says of the crops of the tests at which height their bar is, and counts them; its last class is no character."""

    def __init__(self, charset: Charset, order: list[int] | None = None) -> None:
        self.order = list(range(len(charset))) if order is None else order
        self.charset = Charset(tuple(charset.codepoints[place] for place in self.order))
        self.crop_config, self.ink = CropConfig(size=32), InkConfig()
        self.read = 0

    def logits(self, crops: Crops) -> np.ndarray:
        self.read += len(crops)
        heights = crops.pixels[:, :30].reshape(len(crops), 6, -1).mean(axis=2)
        logits = np.concatenate([heights[:, self.order] / 20, np.full((len(crops), 1), 1.0)], axis=1)
        return logits.astype(np.float32)


class Killed(BaseException):
    """As abrupt as a signal."""


@pytest.fixture
def reader(charset: Charset) -> BarReader:
    return BarReader(charset)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_confusions, "PART", 20)
    monkeypatch.setattr(column_confusions, "_BATCH", 8)


def read(folder: Path, reader: BarReader, *stores: CropStore, name: str = "bars", **changes: object) -> Confusions:
    config = dataclasses.replace(CONFIG, **changes)
    return read_confusions(folder, stores, reader, name, config, shown=False)


def test_of_each_crop_the_truth_and_what_it_is_taken_for(tmp_path: Path, reader: BarReader, store: CropStore) -> None:
    found = read(tmp_path / "new", reader, store)
    assert len(found) == len(store) == reader.read == 96
    assert found.truth.tolist() == store.class_ids.tolist()
    assert found.ids.shape == found.logs.shape == (96, 4)
    assert (found.ids.dtype, found.logs.dtype) == (np.int64, np.float32)
    assert (found.ids[:, 0] == found.truth).mean() > 0.9
    assert (np.diff(found.logs, axis=1) <= 0).all()
    logits = reader.logits(store.read([5])).astype(np.float64)[0]
    scores = np.exp(logits) / np.exp(logits).sum()  # of which "not a character" has its part
    np.testing.assert_allclose(np.exp(found.logs[5]), scores[found.ids[5]], rtol=1e-4)


def test_no_more_candidates_than_characters(tmp_path: Path, reader: BarReader, store: CropStore) -> None:
    assert read(tmp_path, reader, store, candidates=24).ids.shape == (96, 6)


def test_classes_are_the_reader_s_and_what_it_does_not_know_is_left_out(
    tmp_path: Path, charset: Charset, make_store: Callable[..., CropStore]
) -> None:
    first = make_store(("page", "book", [0, 1, NO_CHARACTER, 5]), name="first")
    second = make_store(("page", "book", [2, 3]), name="second")
    found = read(tmp_path / "confusions", BarReader(charset, [3, 5, 1]), first, second)
    assert found.truth.tolist() == [2, 1, 0]
    assert found.ids[:, 0].tolist() == [2, 1, 0]


def test_what_was_read_is_taken_as_it_is(tmp_path: Path, reader: BarReader, store: CropStore) -> None:
    first = read(tmp_path, reader, store)
    again = read(tmp_path, reader, store)
    assert reader.read == 96
    assert again.fingerprint == first.fingerprint
    np.testing.assert_array_equal(again.logs, first.logs)


def test_an_interruption_costs_what_was_not_written(
    tmp_path: Path, reader: BarReader, store: CropStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(tmp_path / "whole", BarReader(store.charset), store)
    original = BarReader.logits

    def kill(self: BarReader, crops: Crops) -> np.ndarray:
        if self.read >= 50:
            raise Killed
        return original(self, crops)

    with monkeypatch.context() as patch:
        patch.setattr(BarReader, "logits", kill)
        with pytest.raises(Killed):
            read(tmp_path / "cut", reader, store)
    assert len(list((tmp_path / "cut").glob("part-*.npz"))) == 2
    after = BarReader(store.charset)
    resumed = read(tmp_path / "cut", after, store)
    assert after.read == 96 - 40
    assert resumed.fingerprint == whole.fingerprint


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"no archive at all"])
def test_a_damaged_part_is_read_again(tmp_path: Path, reader: BarReader, store: CropStore, damage: bytes) -> None:
    first = read(tmp_path, reader, store)
    (tmp_path / "part-0001.npz").write_bytes(damage)
    assert read(tmp_path, reader, store).fingerprint == first.fingerprint
    assert reader.read == 96 + 20


def test_a_folder_is_of_one_reader_and_of_its_crops(
    tmp_path: Path, reader: BarReader, store: CropStore, make_store: Callable[..., CropStore]
) -> None:
    read(tmp_path, reader, store)
    other = make_store(("page", "book", [0, 1, 2]), name="other")
    swapped = BarReader(store.charset, [1, 0, 2, 3, 4, 5])
    cases = [
        (lambda: read(tmp_path, reader, store, name="others"), "other reader"),
        (lambda: read(tmp_path, swapped, store), "other reader, crops"),
        (lambda: read(tmp_path, reader, other), "other crops"),
        (lambda: read(tmp_path, reader, store, candidates=3), "other settings"),
    ]
    for call, message in cases:
        with pytest.raises(TrainingError, match=f"holds confusions with {message}: take the same"):
            call()
    (tmp_path / "confusions.json").write_text("{")
    with pytest.raises(TrainingError, match=r"confusions\.json: cannot be read .*: remove"):
        read(tmp_path, reader, store)
    (tmp_path / "confusions.json").write_text(json.dumps([]))
    with pytest.raises(TrainingError, match="cannot be read"):
        read(tmp_path, reader, store)


def test_crops_that_do_not_suit_are_named(
    tmp_path: Path, reader: BarReader, make_store: Callable[..., CropStore]
) -> None:
    small = make_store(("page", "book", [0]), name="small", size=16)
    with pytest.raises(ConfigError, match="--crops: cut with CropConfig"):
        read(tmp_path, reader, small)
    faint = make_store(("page", "book", [0]), name="faint", floor=0.7)
    with pytest.raises(WeightsError, match="the ink of --crops is not the ink"):
        read(tmp_path, reader, faint)
    strange = make_store(("page", "book", [NO_CHARACTER]), name="strange")
    with pytest.raises(TrainingError, match="no crop holds a character that the recognizer knows"):
        read(tmp_path, reader, strange)
    with pytest.raises(TrainingError, match="no crop holds a character"):
        read(tmp_path, reader)
    assert not (tmp_path / "confusions.json").exists()


@pytest.mark.parametrize(("power", "low", "high"), [(0.0, 0.01, 0.2), (1.0, 0.7, 1.0)])
def test_rare_classes_are_chosen_more_often_than_by_chance(power: float, low: float, high: float) -> None:
    truth = np.array([0] * 900 + [1] * 100 + [-1] * 50)
    chosen = choose_crops(truth, ConfusionConfig(crops=120, power=power), 0)
    assert len(set(chosen.tolist())) == 120
    assert (np.diff(chosen) > 0).all()
    assert truth[chosen].min() == 0
    share = (truth[chosen] == 1).sum() / 100
    assert low < share + 0.25 * power <= high + 0.25 * power


def test_where_there_are_few_all_are_chosen() -> None:
    assert choose_crops(np.array([3, -1, 0]), ConfusionConfig(crops=2), 0).tolist() == [0, 2]
    assert choose_crops(np.zeros(0, np.int64), ConfusionConfig(), 0).tolist() == []
    truth = np.arange(50) % 7
    assert (
        choose_crops(truth, ConfusionConfig(crops=9), 1).tolist()
        == choose_crops(truth, ConfusionConfig(crops=9), 1).tolist()
    )
    assert (
        choose_crops(truth, ConfusionConfig(crops=9), 1).tolist()
        != choose_crops(truth, ConfusionConfig(crops=9), 2).tolist()
    )
