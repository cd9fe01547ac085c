import csv
import dataclasses
from pathlib import Path

import cv2
import pytest

from kuzushiji_submit.core.training.lr_find import LrFindConfig
from recognition.training.config import OptimizerConfig, TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.train import lr_find


def test_finder_gives_curve_picture_and_leaves_nothing_else(
    store: CropStore, config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    config = dataclasses.replace(config, optimizer=OptimizerConfig(ema_decay=0.9))
    result = lr_find(config, store, tmp_path / "out", LrFindConfig(1e-5, 1e6, steps=25, skip_start=3, skip_end=2))
    assert result.learning_rates[0] == pytest.approx(1e-5)
    assert len(result.learning_rates) == len(result.losses) > 10
    assert result.suggestion in result.learning_rates
    rows = list(csv.reader(result.curve.read_text().splitlines()))
    assert rows[0] == ["learning_rate", "loss"]
    assert len(rows) == 1 + len(result.losses)
    assert cv2.imread(str(result.picture)).shape[1] > 300
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["lr_find.csv", "lr_find.png"]
    assert list((tmp_path / "cwd").iterdir()) == []
