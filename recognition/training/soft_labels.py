"""Labels that nobody has vouched for: several characters a crop, each with its share, less weight than sure ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Shares of a batch that add up to less than this say nothing.
LEAST_WEIGHT = 1e-6


@dataclass(frozen=True, eq=False)
class SoftLabels:
    """What N crops may hold, K readings each.

    Attributes:
        class_ids: int64 (N, K), places in the charset; the place after the last for a box that holds no character.
        shares: float32 (N, K), how much each reading counts; a row adds up to the weight of its crop, which is 1 where
            somebody has labeled it.

    Raises:
        ValueError: if the shapes do not agree, or a share is negative.
    """

    class_ids: NDArray[np.int64]
    shares: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.class_ids.ndim != 2 or self.class_ids.shape != self.shares.shape:
            raise ValueError(
                f"class_ids and shares must both have shape (N, K), got {self.class_ids.shape} and {self.shares.shape}"
            )
        if self.shares.size and self.shares.min() < 0:
            raise ValueError(f"a share must not be negative, got {self.shares.min()}")

    @classmethod
    def sure(cls, class_ids: NDArray[np.int64]) -> Self:
        """Labels of N crops as somebody has given them, int64 (N,): one reading each, of weight 1."""
        return cls(class_ids[:, None], np.ones((len(class_ids), 1), np.float32))

    @classmethod
    def concatenate(cls, parts: Sequence["SoftLabels"]) -> Self:
        """Several records as one, in order; at least one. Empty readings fill up those that have fewer."""
        most = max(part.class_ids.shape[1] for part in parts)
        missing = [((0, 0), (0, most - part.class_ids.shape[1])) for part in parts]
        return cls(
            np.concatenate([np.pad(part.class_ids, pad) for part, pad in zip(parts, missing, strict=True)]),
            np.concatenate([np.pad(part.shares, pad) for part, pad in zip(parts, missing, strict=True)]),
        )

    def __len__(self) -> int:
        return len(self.class_ids)


def soft_cross_entropy(logits: Tensor, class_ids: Tensor, shares: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """The cross entropy of a batch, every crop by its weight: of weights 1 and one reading each, `F.cross_entropy`.

    Args:
        logits: (N, C).
        class_ids: int64 (N, K).
        shares: float32 (N, K).
        label_smoothing: share of every target spread over all classes.
    """
    logarithms = logits.float().log_softmax(dim=1)
    weights = shares.sum(dim=1)  # (N,)
    said = (logarithms.gather(1, class_ids) * shares).sum(dim=1)
    spread = logarithms.mean(dim=1) * weights
    total = (1 - label_smoothing) * said.sum() + label_smoothing * spread.sum()
    return -total / torch.clamp(weights.sum(), min=LEAST_WEIGHT)
