"""Settings of what the column model may change."""

import math
from dataclasses import dataclass

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.reading.context.config import DEFAULT_WEIGHT, ContextConfig

WEIGHT_BESIDE_PRIOR = 0.3
"""What it may say where a text prior of DEFAULT_WEIGHT has spoken before it: much of what both know is said already."""
WEIGHT_ALONE = 0.6
"""The same where there is no text prior."""


@dataclass(frozen=True)
class ColumnConfig:
    """Settings of `ColumnStep`.

    Attributes:
        enabled: False leaves the column model out, whatever file there is; so does `context.enabled`.
        weight: what its support is multiplied with; 0 leaves every page as it is. None for WEIGHT_BESIDE_PRIOR or
            WEIGHT_ALONE, as much more or less as the weight of the text is more or less than its default: a reader
            that the text would only hurt is not touched by the column model either.
        prior_share: how much stays of what a text prior has made of the eye's logarithms; both know the same text, and
            say much of it twice.

    Raises:
        ConfigError: if the weight is negative or no number, or the share out of 0 to 1.
    """

    enabled: bool = True
    weight: float | None = None
    prior_share: float = 0.7

    def __post_init__(self) -> None:
        if not 0 <= self.prior_share <= 1:
            raise ConfigError(f"column.prior_share must lie in 0..1, got {self.prior_share}")
        if self.weight is not None and not 0 <= self.weight < math.inf:
            raise ConfigError(f"column.weight must be a number that is not negative, got {self.weight}")

    def weight_for(self, context: ContextConfig, *, beside_prior: bool) -> float:
        """What support is multiplied with, 0 for leaving every page as it is.

        Args:
            context: how the text around a character weighs in; a weight of None is its default.
            beside_prior: whether a text prior has spoken before.
        """
        if not (self.enabled and context.enabled):
            return 0.0
        if self.weight is not None:
            return self.weight
        own = WEIGHT_BESIDE_PRIOR if beside_prior else WEIGHT_ALONE
        return own if context.weight is None else own * context.weight / DEFAULT_WEIGHT
