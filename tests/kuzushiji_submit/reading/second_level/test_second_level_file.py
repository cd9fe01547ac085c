"""The second level on disk."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.reading.second_level.candidate_judge import SecondLevel
from kuzushiji_submit.reading.second_level.features import FEATURES
from kuzushiji_submit.reading.second_level.second_level_file import KIND, load_second_level, save_second_level
from tests.kuzushiji_submit.reading.second_level.test_boosted_trees import stump

LEVEL = SecondLevel(stump(), 0.375, active=True, figures={"F1 with": 0.5}, notes="頁")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "second_level.safetensors"
    save_second_level(path, LEVEL)
    return path


def test_what_is_saved_comes_back(path):
    level = load_second_level(path)
    assert (level.min_score, level.active, level.figures, level.notes) == (0.375, True, {"F1 with": 0.5}, "頁")
    rows = np.array([[0, 0.5], [0, 0.6], [0, np.nan]], np.float32)
    assert level.trees.log_odds(rows).tolist() == LEVEL.trees.log_odds(rows).tolist()


def test_the_same_gives_the_same_bytes(path, tmp_path):
    save_second_level(tmp_path / "again", LEVEL)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(WeightsError, match="no second level: make one"):
        load_second_level(tmp_path / "none")


def header(**changes):
    whole = {"kind": KIND, "features": FEATURES, "baseline": 0, "depth": 1, "min_score": 0.5, "active": True}
    return {"second_level": json.dumps({**whole, "figures": {}, "notes": "", **changes})}


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({}, "of this version"),
        (header(kind="kuzushiji second level 2"), "of this version"),
        (header(features=["height"]), "of this version"),
        (header(baseline="much"), "damaged"),
        (header(figures=[1]), "damaged"),
        ({"second_level": "{"}, "damaged"),
        ({"second_level": "[]"}, "damaged"),
    ],
)
def test_headers_that_are_not_ours_are_refused(path, metadata, message):
    save_file(load_file(path), path, metadata)
    with pytest.raises(WeightsError, match=message):
        load_second_level(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lefts", np.array([7, 1, 2])),
        ("features", np.array([len(FEATURES), 0, 0])),
        ("values", np.zeros(2)),
        ("roots", np.array([0.5])),
        ("thresholds", None),
    ],
)
def test_arrays_that_cannot_be_trees_are_refused(path, name, value):
    arrays = load_file(path)
    arrays.pop(name)
    save_file(arrays if value is None else {**arrays, name: value}, path, header())
    with pytest.raises(WeightsError, match="damaged"):
        load_second_level(path)


@pytest.mark.parametrize("cut", [0, 5, 100, -1])
def test_a_file_cut_short_is_refused(path, cut):
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(WeightsError, match="damaged"):
        load_second_level(path)
