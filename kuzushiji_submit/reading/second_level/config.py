"""Settings of the second level."""

from dataclasses import dataclass

FEWEST_BOOKS = 3
"""Books with complete truth that it takes: two to learn from and choose on, one to measure."""


@dataclass(frozen=True)
class SecondLevelConfig:
    """Settings of `SecondLevelStep`.

    Attributes:
        enabled: False leaves the scores as detector and reader gave them, whatever weights there are.
    """

    enabled: bool = True
