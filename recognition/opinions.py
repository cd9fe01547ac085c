"""What another reader says of the same crops."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from recognition.crops import Crops
from recognition.recognitions import Recognitions, Recognizer


@dataclass(frozen=True, eq=False)
class Opinions:
    """Another reader's logits for N crops.

    Attributes:
        logits: float (N, C), in the class order of the recognizer that they join.
        share: how much they count, 0 for nothing, 1 for all; the recognizer counts the rest.

    Raises:
        ValueError: if the share is out of its range.
    """

    logits: NDArray[np.floating]
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"share must lie in 0..1, got {self.share}")

    def select(self, places: slice) -> Self:
        """Those of some of the crops."""
        return type(self)(self.logits[places], self.share)


class TakesOpinions(Recognizer, Protocol):
    """A recognizer that another reader can join."""

    def recognize_with(self, crops: Crops, opinions: Opinions) -> Recognitions:
        """As `recognize`, with what another reader says of each crop."""
        ...
