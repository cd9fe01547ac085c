"""Single crops worth a look, of which only so many are kept."""

import heapq
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Case:
    """A crop and what was made of it. Cases compare by rank, then by place.

    Attributes:
        rank: how much it deserves a look.
        place: the number of the crop.
        truth: its class id.
        read: the class id with the highest score.
        truth_score: the softmax score of the truth.
        read_score: that of the reading.
    """

    rank: float
    place: int
    truth: int
    read: int
    truth_score: float
    read_score: float


class Leaders:
    """The cases of the highest ranks, at most `most` of them; equal ranks prefer later places."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._heap: list[Case] = []

    @property
    def bar(self) -> float:
        """The rank that a case must exceed, or meet at a later place, to be kept."""
        return self._heap[0].rank if len(self._heap) >= self.most > 0 else float("-inf")

    def add(self, case: Case) -> None:
        """Keeps the case if it is among the highest so far."""
        if self.most <= 0:
            return
        if len(self._heap) < self.most:
            heapq.heappush(self._heap, case)
        else:
            heapq.heappushpop(self._heap, case)

    def ranked(self) -> list[Case]:
        """The kept cases, highest first."""
        return sorted(self._heap, reverse=True)
