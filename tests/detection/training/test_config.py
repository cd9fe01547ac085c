import pytest

from detection.training.config import HeatmapOptimizer, HeatmapTraining
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.training.config import BookSplit, RuntimeConfig


@pytest.mark.parametrize(
    ("folds", "fold"), [(-1, 0), (1, 0), (5, -1), (5, 5), (0, 1)], ids=["negative", "one", "below", "above", "none"]
)
def test_a_fold_that_does_not_exist_is_refused(folds: int, fold: int) -> None:
    with pytest.raises(ConfigError, match="0 <= fold < folds"):
        BookSplit(folds, fold)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"learning_rate": float("inf")}, "learning_rate"),
        ({"warmup": 0.0}, "warmup"),
        ({"warmup": 1.0}, "warmup"),
        ({"ema_decay": 1.0}, "ema_decay"),
        ({"weight_decay": -0.1}, "not be negative"),
        ({"gradient_clip": -1.0}, "not be negative"),
        ({"sides_weight": float("nan")}, "not be negative"),
    ],
)
def test_an_optimizer_out_of_range_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        HeatmapOptimizer(**values)


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_a_budget_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ConfigError, match="time_budget"):
        RuntimeConfig(time_budget=seconds)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tile_size": 0}, "multiple of 32"),
        ({"tile_size": 300}, "multiple of 32"),
        ({"epochs": 0}, "at least 1"),
        ({"batch_size": 0}, "at least 1"),
        ({"tiles_per_epoch": 7}, "tiles_per_epoch"),
        ({"export": "first"}, "export must be"),
    ],
)
def test_a_training_out_of_range_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        HeatmapTraining(**values)


def test_defaults_hold_out_a_fifth_of_the_books() -> None:
    assert HeatmapTraining().split == BookSplit(folds=5, fold=0)
    assert BookSplit(folds=0).fold == 0
