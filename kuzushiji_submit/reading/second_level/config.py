"""Settings of the second level."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SecondLevelConfig:
    """Settings of `SecondLevelStep`.

    Attributes:
        enabled: False leaves the scores as detector and reader gave them, whatever weights there are.
    """

    enabled: bool = True
