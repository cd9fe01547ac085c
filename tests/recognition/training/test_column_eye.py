import dataclasses

import numpy as np
import pytest

from recognition.training import column_eye
from recognition.training.column_config import EyeConfig
from recognition.training.column_confusions import Confusions
from recognition.training.column_eye import SimulatedEye
from tests.recognition.training.column_text import CHARSET, confusions

EVEN = np.full(len(CHARSET), 1 / len(CHARSET))
CONFIG = EyeConfig(penalties=(-2.0, 0.0, 2.0, 4.0), usual=1.0, spread=2.0)


@pytest.fixture(autouse=True)
def few_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_eye, "FITTED", 2000)


def make_eye(seen: Confusions | None = None, candidates: int = 6, **changes: object) -> SimulatedEye:
    return SimulatedEye(seen or confusions(), EVEN, dataclasses.replace(CONFIG, **changes), candidates)


@pytest.mark.parametrize("count", [0, 1, 50])
@pytest.mark.parametrize("candidates", [1, 4, 6, 99])
def test_every_character_has_candidates_the_best_first(count: int, candidates: int) -> None:
    eye, rng = make_eye(candidates=candidates), np.random.default_rng(0)
    truth = eye.draw_classes(count, rng)
    ids, logs = eye.read(truth, 1, rng)
    assert ids.shape == logs.shape == (count, min(candidates, 6))
    assert (ids.dtype, logs.dtype) == (np.int64, np.float32)
    assert (np.diff(logs, axis=1) <= 0).all()
    assert (logs <= 0).all()
    assert all(len(set(row)) == len(row) for row in ids.tolist())


def test_without_noise_and_penalty_it_is_what_a_crop_of_the_class_was_taken_for() -> None:
    seen = confusions()
    eye, rng = make_eye(seen, noise=0.0), np.random.default_rng(0)
    truth = np.repeat(np.arange(len(CHARSET)), 4)
    ids, logs = eye.read(truth, 1, rng)
    for place, own in enumerate(truth):
        rows = np.flatnonzero(seen.truth == own)
        (row,) = [row for row in rows if (seen.ids[row] == ids[place]).all()]
        expected = seen.logs[row] / eye.temperatures[1]
        np.testing.assert_allclose(logs[place], expected - np.logaddexp.reduce(expected), rtol=1e-4, atol=1e-5)


def test_the_higher_the_penalty_the_weaker_the_eye_and_its_scores_stay_honest() -> None:
    eye, rng = make_eye(penalties=(-3.0, -2.0, -1.0, 0.0)), np.random.default_rng(0)
    truth = eye.draw_classes(4000, rng)
    right, sure = [], []
    for strength in range(4):
        ids, logs = eye.read(truth, strength, rng)
        right.append((ids[:, 0] == truth).mean())
        sure.append(np.exp(logs[:, 0]).mean())
    assert sorted(right, reverse=True) == right
    assert right[0] > 0.95 > 0.6 > right[3]
    np.testing.assert_allclose(sure, right, atol=0.06)


def test_a_class_without_crops_gets_another_s_doubts_about_any_characters() -> None:
    eye, rng = make_eye(confusions(classes=3), noise=0.0), np.random.default_rng(0)
    ids, logs = eye.read(np.full(300, 11), 1, rng)
    assert (ids == 11).sum(axis=1).tolist() == [1] * 300
    assert (ids[:, 0] == 11).all()  # the truth stood first wherever crops have their say
    assert set(range(11)) <= set(ids[:, 1:].ravel().tolist())
    assert len(np.unique(logs.round(5), axis=0)) <= 15


def test_a_class_whose_crops_miss_it_is_missed() -> None:
    blind = Confusions(np.zeros(4, np.int64), np.tile([1, 2, 3], (4, 1)), np.zeros((4, 3), np.float32))
    ids, _ = make_eye(blind).read(np.zeros(5, np.int64), 0, np.random.default_rng(0))
    assert (ids != 0).all()
    lent, _ = make_eye(blind).read(np.full(5, 7), 0, np.random.default_rng(0))
    assert (lent == 7).sum(axis=1).tolist() == [1] * 5


def test_strengths_lie_around_the_usual() -> None:
    eye, rng = make_eye(usual=0.0, spread=1.0), np.random.default_rng(0)
    drawn = np.bincount([eye.draw_strength(rng) for _ in range(500)], minlength=4)
    assert drawn.argmax() == 1
    assert drawn.min() > 0 or drawn[3] == 0
    always = make_eye(usual=2.2, spread=0.0)
    assert {always.draw_strength(rng) for _ in range(20)} == {2}


def test_classes_are_drawn_by_their_frequency() -> None:
    frequency = np.array([0.0, 0.7, 0.3, 0.0])
    eye = SimulatedEye(confusions(classes=4), frequency, CONFIG, 4)
    drawn = np.bincount(eye.draw_classes(4000, np.random.default_rng(0)), minlength=4) / 4000
    np.testing.assert_allclose(drawn, frequency, atol=0.03)
