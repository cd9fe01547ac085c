import numpy as np
import pytest

from kuzushiji_submit.core.errors import ConfigError
from recognition.calibration import (
    MAXIMUM_TEMPERATURE,
    MINIMUM_TEMPERATURE,
    Calibration,
    calibration_error,
    fit_temperature,
    log_loss,
)


def sample(temperature: float, count: int = 4000, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `temperature` times too large, and truths drawn from what they ought to say."""
    random = np.random.default_rng(0)
    honest = 2 * random.normal(size=(count, classes))
    scores = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    truth = (random.random(count)[:, None] > scores.cumsum(axis=1)).sum(axis=1).clip(max=classes - 1)
    return (honest * temperature).astype(np.float32), truth.astype(np.int64)


def test_nothing_to_fit() -> None:
    none = np.zeros((0, 3), np.float32), np.zeros(0, np.int64)
    assert fit_temperature(*none) == 1.0
    assert log_loss(*none, 2.0) == 0.0
    assert calibration_error(np.zeros(0), np.zeros(0, np.bool_)) == 0.0


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_temperature_is_found_again(temperature: float) -> None:
    logits, truth = sample(temperature)
    fitted = fit_temperature(logits, truth)
    assert fitted == pytest.approx(temperature, rel=0.08)
    losses = [log_loss(logits, truth, fitted * factor) for factor in (0.9, 1.0, 1.1)]
    assert losses[1] == min(losses)


def test_temperature_stays_within_its_bounds() -> None:
    sure = np.eye(3, dtype=np.float32)
    assert fit_temperature(sure, np.arange(3)) == pytest.approx(MINIMUM_TEMPERATURE)
    assert fit_temperature(sure, np.roll(np.arange(3), 1)) == pytest.approx(MAXIMUM_TEMPERATURE)


@pytest.mark.parametrize(
    ("scores", "right", "expected"),
    [([0.5, 0.5], [True, False], 0.0), ([1.0, 1.0], [False, False], 1.0), ([0.9, 0.1], [True, True], 0.5)],
)
def test_calibration_error_is_the_gap(scores: list, right: list, expected: float) -> None:
    assert calibration_error(np.array(scores), np.array(right)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "values",
    [{"temperature": 0.0}, {"temperature": 50.0}, {"min_score": -0.1}, {"min_score": 2.0}, {"context_weight": -0.1}],
)
def test_values_out_of_range_are_refused(values: dict) -> None:
    with pytest.raises(ConfigError, match=r"must (lie in|not be negative)"):
        Calibration(**values)
