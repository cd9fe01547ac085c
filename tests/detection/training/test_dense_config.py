import pytest

from detection.training.dense_config import BoxNoise, DenseOptimizer, DenseTraining
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.training.config import BookSplit


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan")])
def test_a_label_smoothing_out_of_range_is_refused(value: float) -> None:
    with pytest.raises(ConfigError, match=r"label_smoothing must lie in \[0, 1\)"):
        DenseOptimizer(label_smoothing=value)


def test_an_optimizer_is_checked_as_every_other() -> None:
    with pytest.raises(ConfigError, match="learning_rate"):
        DenseOptimizer(learning_rate=0.0)


@pytest.mark.parametrize("name", ["usual", "far", "elastic"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_noise_that_is_none_is_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match="boxes take no negative value"):
        BoxNoise(**{name: value})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tile_size": 0}, "multiple of 32"),
        ({"tile_size": 300}, "multiple of 32"),
        ({"epochs": 0}, "at least 1"),
        ({"tiles_per_epoch": 7}, "tiles_per_epoch must be at least batch_size, got 7 and 8"),
        ({"tries": 0}, "tries must be at least 1"),
        ({"power": -0.1}, r"power must lie in 0\.\.1"),
        ({"power": 1.1}, r"power must lie in 0\.\.1"),
        ({"power": float("nan")}, r"power must lie in 0\.\.1"),
        ({"export": "first"}, "export must be"),
    ],
)
def test_a_training_out_of_range_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DenseTraining(**values)


def test_defaults_hold_out_a_twentieth_of_the_books() -> None:
    assert DenseTraining().split == BookSplit(folds=20, fold=0)
