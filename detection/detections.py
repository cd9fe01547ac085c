"""The record that leaves a detector, and all that is asked of one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.page.prepared import PreparedPage


@dataclass(frozen=True)
class Detections:
    """Character boxes found on one page.

    Attributes:
        boxes: float32 (N, 4), xyxy in page pixels.
        scores: float32 (N,), in [0, 1].
        points: float32 (N, 2), x and y of the place in each box that most likely lies in the character; the boxes'
            middles unless given.

    Raises:
        ValueError: if the shapes do not agree.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    points: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def __post_init__(self) -> None:
        if self.boxes.ndim != 2 or self.boxes.shape[1] != 4:
            raise ValueError(f"boxes must have shape (N, 4), got {self.boxes.shape}")
        if self.scores.shape != (len(self.boxes),):
            raise ValueError(f"scores must have shape ({len(self.boxes)},) like boxes, got {self.scores.shape}")
        if self.points.shape == (0, 0):  # not given
            object.__setattr__(self, "points", (self.boxes[:, :2] + self.boxes[:, 2:]) / 2)
        if self.points.shape != (len(self.boxes), 2):
            raise ValueError(f"points must have shape ({len(self.boxes)}, 2) like boxes, got {self.points.shape}")

    @classmethod
    def empty(cls) -> Self:
        """No detections: what a page without text gives."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    @classmethod
    def concatenate(cls, several: Sequence["Detections"]) -> Self:
        """All of several detections of one page, in their order."""
        if not several:
            return cls.empty()
        boxes, scores, points = zip(*((found.boxes, found.scores, found.points) for found in several), strict=True)
        return cls(np.concatenate(boxes), np.concatenate(scores), np.concatenate(points))

    def __len__(self) -> int:
        return len(self.boxes)

    def select(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> Self:
        """The detections a mask or an index array picks, in that order."""
        return type(self)(self.boxes[index], self.scores[index], self.points[index])


@runtime_checkable
class Detector(Protocol):
    """Finds the characters of a page; safe to call from several threads."""

    def detect(self, page: PreparedPage) -> Detections:
        """The characters of a page, boxes in page pixels; none on a page without text."""
        ...
