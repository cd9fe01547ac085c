"""Scores that mean what they say: a temperature for the logits, fitted on books that training did not see."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from kuzushiji_submit.core.errors import ConfigError

MINIMUM_TEMPERATURE, MAXIMUM_TEMPERATURE = 0.05, 20.0
BINS = 15


@dataclass(frozen=True)
class Calibration:
    """How the scores of a weights file are to be taken.

    Attributes:
        temperature: the logits are divided by it before the softmax (Guo et al. 2017).
        min_score: the product of detection score and score from which on a character is worth submitting.
        context_weight: what the text around a character may say, 0 for nothing; None where nobody has chosen it.

    Raises:
        ConfigError: if a value is out of its range.
    """

    temperature: float = 1.0
    min_score: float = 0.15
    context_weight: float | None = None

    def __post_init__(self) -> None:
        if not MINIMUM_TEMPERATURE <= self.temperature <= MAXIMUM_TEMPERATURE:
            raise ConfigError(
                f"a temperature must lie in {MINIMUM_TEMPERATURE}..{MAXIMUM_TEMPERATURE:g}, got {self.temperature}"
            )
        if not 0 <= self.min_score <= 1:
            raise ConfigError(f"min_score must lie in 0..1, got {self.min_score}")
        if self.context_weight is not None and not 0 <= self.context_weight < math.inf:
            raise ConfigError(f"context_weight must not be negative, got {self.context_weight}")


def fit_temperature(logits: NDArray[np.float32], class_ids: NDArray[np.int64]) -> float:
    """The temperature under which the truth is most likely.

    Args:
        logits: float32 (N, C), of crops that the model was not trained on.
        class_ids: int64 (N,), the truth.

    Returns:
        The temperature, within its bounds; 1 without crops.
    """
    if not len(logits):
        return 1.0
    values, truth = torch.from_numpy(logits).double(), torch.from_numpy(class_ids)
    log_temperature = torch.zeros((), dtype=torch.float64, requires_grad=True)
    low, high = math.log(MINIMUM_TEMPERATURE), math.log(MAXIMUM_TEMPERATURE)
    optimizer = torch.optim.LBFGS([log_temperature], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(values / log_temperature.clamp(low, high).exp(), truth)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return float(log_temperature.detach().clamp(low, high).exp())


def log_loss(logits: NDArray[np.float32], class_ids: NDArray[np.int64], temperature: float) -> float:
    """The mean negative log likelihood of the truth; 0 without crops."""
    if not len(logits):
        return 0.0
    scaled = torch.from_numpy(logits).double() / temperature
    return float(F.cross_entropy(scaled, torch.from_numpy(class_ids)))


def calibration_error(scores: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """By how much scores miss the share of right readings: the expected calibration error over 15 bins of equal width.

    Args:
        scores: (N,), the score of each reading, in [0, 1].
        right: bool (N,), whether it was right.
    """
    # Here, because whoever only reads pages need not wait for it.
    from torchmetrics.functional.classification import binary_calibration_error

    if not len(scores):
        return 0.0
    return float(binary_calibration_error(torch.from_numpy(scores), torch.from_numpy(right).long(), n_bins=BINS))
