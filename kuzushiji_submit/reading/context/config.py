"""Settings of what the text around a character may change."""

from dataclasses import dataclass, replace
from typing import Self

DEFAULT_WEIGHT = 0.7
"""What the text may say of a reader for which nobody has chosen it."""


@dataclass(frozen=True)
class ContextConfig:
    """Settings of `NgramContext`.

    Attributes:
        enabled: False leaves every page as the eye read it.
        weight: what the text prior's logarithms are multiplied with; 0 leaves every page as it is, too. None for the
            value in the recognizer's weights, which `kuzushiji calibrate` chooses, or DEFAULT_WEIGHT.
        prior_discount: how much of the logarithm of a character's plain frequency is taken out of what the eye says: a
            reader that was trained on text has learned it, and would count it twice.
        alternatives: readings of each place that are considered.
        least_share: readings below this share of the best one's score are not.
        beam: states kept after each place.
        skip: what speaks for leaving a doubtful detection out of the text, added to the logarithm of one minus its
            score; None never leaves one out.

    Raises:
        ValueError: if a value is out of its range.
    """

    enabled: bool = True
    weight: float | None = None
    prior_discount: float = 0.4
    alternatives: int = 12
    least_share: float = 1e-4
    beam: int = 48
    skip: float | None = None

    def __post_init__(self) -> None:
        if (self.weight is not None and self.weight < 0) or not 0 <= self.prior_discount <= 2:
            raise ValueError("context.weight must not be negative, context.prior_discount must lie in 0..2")
        if self.alternatives < 1 or self.beam < 1:
            raise ValueError("context.alternatives and context.beam must be at least 1")
        if not 0 <= self.least_share <= 1:
            raise ValueError("context.least_share must lie in 0..1")

    @property
    def changes_something(self) -> bool:
        """Whether any page can come out other than it went in."""
        return self.enabled and self.weight != 0

    def with_weight(self, chosen: float | None) -> Self:
        """The same with the weight that was chosen for a reader, or DEFAULT_WEIGHT, where the settings name none."""
        if self.weight is not None:
            return self
        return replace(self, weight=DEFAULT_WEIGHT if chosen is None else chosen)
