import pytest

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.training.config import BookSplit
from recognition.column.network import ColumnNetworkConfig
from recognition.training.column_config import (
    ColumnOptimizer,
    ColumnTraining,
    ConfusionConfig,
    EyeConfig,
    TextLossConfig,
)


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (ColumnOptimizer, {"decline": -0.1}, "decline must lie between"),
        (ColumnOptimizer, {"decline": 0.8, "warmup": 0.3}, "decline must lie between"),
        (ColumnOptimizer, {"decline": float("nan")}, "decline must lie between"),
        (ColumnOptimizer, {"learning_rate": 0.0}, "learning_rate must be above 0"),
        (ColumnOptimizer, {"betas": (0.9, 1.0)}, r"betas must lie in \[0, 1\)"),
        (ConfusionConfig, {"crops": 0}, "at least 1 crop"),
        (ConfusionConfig, {"candidates": 1}, "and 2 candidates"),
        (ConfusionConfig, {"power": 1.1}, r"power must lie in 0\.\.1"),
        (ConfusionConfig, {"power": float("nan")}, r"power must lie in 0\.\.1"),
        (EyeConfig, {"penalties": ()}, "penalties must ascend, and there must be one"),
        (EyeConfig, {"penalties": (1.0, 0.0)}, "penalties must ascend"),
        (EyeConfig, {"penalties": (1.0, 1.0)}, "penalties must ascend"),
        (EyeConfig, {"penalties": (float("inf"),)}, "must be numbers"),
        (EyeConfig, {"usual": float("nan")}, "must be numbers"),
        (EyeConfig, {"noise": -1.0}, "noise and spread must not be negative"),
        (EyeConfig, {"spread": float("inf")}, "noise and spread must not be negative"),
        (EyeConfig, {"missed": 0.6}, r"must lie in 0\.\.0\.5"),
        (EyeConfig, {"false_boxes": -0.1}, r"must lie in 0\.\.0\.5"),
        (TextLossConfig, {"weight": -0.1}, "weight must not be negative"),
        (TextLossConfig, {"negatives": 0}, "needs 1 negative"),
        (TextLossConfig, {"power": 1.5}, r"a power in 0\.\.1"),
        (ColumnTraining, {"windows_per_epoch": 15}, "windows_per_epoch must be at least batch_size, got 15 and 16"),
        (ColumnTraining, {"epochs": 0}, "at least 1"),
        (
            ColumnTraining,
            {"network": ColumnNetworkConfig(candidates=30)},
            "network.candidates=30 are more than confusions.candidates=24",
        ),
    ],
)
def test_what_is_out_of_range_is_refused(kind: type, values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        kind(**values)


def test_defaults_hold_out_a_tenth_of_the_books() -> None:
    assert ColumnTraining().split == BookSplit(folds=10, fold=0)
