import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from kuzushiji_submit.core.errors import TrainingError
from recognition.training import column_eye
from recognition.training.column_config import ColumnTraining, EyeConfig
from recognition.training.column_eye import SimulatedEye
from recognition.training.column_texts import UNKNOWN, ClassText, TextSplit, frequencies, split_texts
from recognition.training.column_windows import (
    NOWHERE,
    ColumnDataModule,
    HeldOutWindows,
    WindowDataset,
    Windows,
    seen_by,
)
from tests.recognition.training.column_text import CHARSET, SILENT, TINY_TRAINING, confusions, sources

LENGTH = TINY_TRAINING.network.window
# Every character is found and read at first sight.
CLEAR = dataclasses.replace(
    TINY_TRAINING, eye=EyeConfig(noise=0.0, penalties=(-30.0,), usual=0.0, spread=0.0, missed=0.0, false_boxes=0.0)
)


@pytest.fixture(autouse=True)
def few_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_eye, "FITTED", 500)


def eye_of(config: ColumnTraining) -> SimulatedEye:
    even = np.full(len(CHARSET), 1 / len(CHARSET))
    return SimulatedEye(confusions(), even, config.eye, config.network.candidates)


def windows(*texts: list[int], config: ColumnTraining = CLEAR) -> WindowDataset:
    given = [ClassText(np.array(text, np.int64), 1 / len(texts)) for text in texts]
    return WindowDataset(given, eye_of(config), config)


def held_out(*books: list[int], config: ColumnTraining = CLEAR) -> HeldOutWindows:
    return HeldOutWindows([ClassText(np.array(book, np.int64)) for book in books], eye_of(config), config)


def same(first: Windows, second: Windows) -> bool:
    return all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


def test_a_window_is_text_with_candidates_and_where_the_truth_is_among_them() -> None:
    window = windows(list(range(12)) * 5)[3]
    assert window.ids.shape == window.logs.shape == (LENGTH, 4)
    assert window.logs.dtype == torch.float32
    truth = window.truth.tolist()
    assert truth == [(truth[0] + step) % 12 for step in range(LENGTH)]
    assert window.places.tolist() == [0] * LENGTH
    assert window.ids[:, 0].tolist() == truth


def test_what_the_eye_misses_is_text_all_the_same() -> None:
    blind = dataclasses.replace(CLEAR, eye=dataclasses.replace(CLEAR.eye, penalties=(30.0,)))
    window = windows([3], config=blind)[0]
    assert window.truth.tolist() == [3] * LENGTH
    assert window.places.tolist() == [NOWHERE] * LENGTH
    assert not (window.ids == 3).any()


@pytest.mark.parametrize("text", [[5], [5, 6], list(range(12)), [0, 1] * 500])
def test_texts_of_any_length_fill_windows(text: list[int]) -> None:
    dataset = windows(text, config=TINY_TRAINING)
    for number in range(20):
        assert set(dataset[number].truth.tolist()) <= {*text, NOWHERE}


def test_characters_without_a_class_are_read_as_any_and_not_judged() -> None:
    window = windows([UNKNOWN])[0]
    assert window.truth.tolist() == window.places.tolist() == [NOWHERE] * LENGTH
    assert len(set(window.ids[:, 0].tolist())) > 3


def test_some_characters_are_missed_and_some_boxes_hold_none() -> None:
    lossy = dataclasses.replace(CLEAR, eye=dataclasses.replace(CLEAR.eye, missed=0.2, false_boxes=0.1))
    dataset = windows(list(range(12)) * 5, config=lossy)
    steps, strangers = [], 0
    for number in range(100):
        truth = dataset[number].truth.numpy()
        strangers += int((truth == NOWHERE).sum())
        known = truth[truth != NOWHERE]
        steps += (np.diff(known) % 12).tolist()
    assert strangers / (100 * LENGTH) == pytest.approx(0.1 / 1.1, abs=0.03)
    assert np.mean(np.array(steps) == 1) == pytest.approx(0.8, abs=0.04)
    assert set(steps) > {1, 2}


@pytest.mark.parametrize("missed", [0.0, 0.5])
def test_windows_are_full_however_much_is_missed(missed: float) -> None:
    lossy = dataclasses.replace(CLEAR, eye=dataclasses.replace(CLEAR.eye, missed=missed))
    assert all(len(windows([1, 2, 3], config=lossy)[number].truth) == LENGTH for number in range(30))


def test_texts_are_drawn_by_their_shares() -> None:
    texts = [ClassText(np.full(9, place), share) for place, share in ((1, 0.8), (2, 0.2))]
    dataset = WindowDataset(texts, eye_of(CLEAR), CLEAR)
    first = np.mean([int(dataset[number].truth[0]) == 1 for number in range(300)])
    assert first == pytest.approx(0.8, abs=0.07)


def test_a_number_is_the_same_window_in_every_run() -> None:
    first, second = (windows(list(range(12)) * 5, config=TINY_TRAINING) for _ in range(2))
    other = windows(list(range(12)) * 5, config=dataclasses.replace(TINY_TRAINING, seed=1))
    assert all(same(first[number], second[number]) for number in (0, 1, 9**9))
    assert not same(first[0], first[1])
    assert not same(first[0], other[0])


@pytest.mark.parametrize("judged", [slice(None), slice(0, 0), slice(0, 3), slice(2, 99)])
def test_only_some_places_count(judged: slice) -> None:
    truth = np.array([4, 5, UNKNOWN, 6, 7])
    window = seen_by(eye_of(CLEAR), truth, 0, np.random.default_rng(0), judged)
    expected = np.full(5, NOWHERE)
    expected[judged] = truth[judged]
    assert window.truth.tolist() == expected.tolist()
    assert ((window.places >= 0) == (window.truth >= 0)).all()


@pytest.mark.parametrize("length", [1, LENGTH - 1, LENGTH, LENGTH + 1, 3 * LENGTH])
def test_every_character_of_a_book_is_validated_on_once(length: int) -> None:
    books = [[place % 12 for place in range(length)], [7, 8]]
    dataset = held_out(*books)
    counted = [int(place) for number in range(len(dataset)) for place in dataset[number].truth if place != NOWHERE]
    assert counted == books[0] + books[1]
    assert same(dataset[0], held_out(*books)[0])


def test_behind_the_last_window_nothing_counts() -> None:
    dataset = held_out([1, 2, 3])
    assert len(dataset) == 1
    assert dataset[1].truth.tolist() == dataset[1].places.tolist() == [NOWHERE] * LENGTH


def module(**changes: object) -> ColumnDataModule:
    config = dataclasses.replace(TINY_TRAINING, **changes)
    split = split_texts(sources(), CHARSET, config.split)
    eye = SimulatedEye(confusions(), frequencies(split.train, len(CHARSET)), config.eye, config.network.candidates)
    return ColumnDataModule(split, eye, config)


@pytest.mark.parametrize("num_workers", [0, 1])
def test_batches_of_an_epoch(num_workers: int) -> None:
    data = module(runtime=dataclasses.replace(SILENT, num_workers=num_workers), windows_per_epoch=11)
    loader = data.train_dataloader()
    batches = list(loader)
    assert [batch.ids.shape for batch in batches] == [(4, LENGTH, 4)] * 2
    assert all(isinstance(batch, Windows) for batch in batches)
    loader.sampler.set_epoch(1)
    assert not same(batches[0], next(iter(loader)))


def test_held_out_windows_are_dealt_to_the_processes_each_once() -> None:
    data = module()
    whole = [window for batch in data.val_dataloader() for window in batch.truth.tolist()]
    assert len(whole) == len(data.held_out) == 5  # two pages of 40 characters
    dealt = []
    for rank in range(6):
        data.trainer = SimpleNamespace(global_rank=rank, world_size=6)
        dealt += [window for batch in data.val_dataloader() for window in batch.truth.tolist()]
    assert sorted(dealt) == sorted([*whole, [NOWHERE] * LENGTH])


def test_without_a_book_held_out_there_is_no_loader() -> None:
    split = TextSplit((ClassText(np.array([1, 2])),), (), ())
    assert ColumnDataModule(split, eye_of(CLEAR), CLEAR).val_dataloader() == []


def test_fewer_windows_than_processes_are_refused() -> None:
    data = module(windows_per_epoch=4)
    data.trainer = SimpleNamespace(global_rank=0, world_size=5)
    with pytest.raises(TrainingError, match="4 windows are too few for the processes"):
        data.train_dataloader()
