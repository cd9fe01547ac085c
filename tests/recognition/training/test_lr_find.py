import csv
import dataclasses
from pathlib import Path

import cv2
import pytest

from recognition.training.config import OptimizerConfig, TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.lr_find import LrFindConfig, lr_find, smooth, suggest

ALL = LrFindConfig(skip_start=0, skip_end=0)


@pytest.mark.parametrize(
    ("losses", "smoothed"), [([], ()), ([3.0], (3.0,)), ([2.0, 2.0, 2.0], (2.0, 2.0, 2.0)), ([0.0, 1.99], (0.0, 1.005))]
)
def test_smoothing_does_not_start_at_nothing(losses: list[float], smoothed: tuple[float, ...]) -> None:
    assert smooth(losses) == pytest.approx(smoothed, abs=1e-3)


@pytest.mark.parametrize(
    ("losses", "search", "expected"),
    [
        ([], ALL, None),
        ([1.0], ALL, None),
        ([9.0, 9.0, 8.0, 4.0, 3.5, 9.0], ALL, 2),
        ([9.0, 1.0, 0.9, 0.7, 0.2, 0.1], LrFindConfig(skip_start=2, skip_end=0), 3),
        ([9.0, 8.9, 8.0, 7.0, 1.0, 0.0], LrFindConfig(skip_start=0, skip_end=2), 3),
        ([9.0, 8.0, 2.0, 2.0, float("nan"), float("inf")], ALL, 1),
        ([9.0, 8.0, 7.0], LrFindConfig(skip_start=2, skip_end=1), None),
    ],
    ids=["empty", "one", "steepest", "skip-start", "skip-end", "not-finite", "all-skipped"],
)
def test_suggestion_is_where_the_loss_falls_fastest(
    losses: list[float], search: LrFindConfig, expected: float | None
) -> None:
    assert suggest(range(len(losses)), losses, search) == expected


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
