"""How well what was read on a page speaks for it being read the right way round."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from detection.detections import Detections
from recognition.recognitions import Recognitions

# About two standard deviations of a single reading's score on a page that is read the wrong way round.
CHANCE = 0.5


@dataclass(frozen=True)
class Evidence:
    """What detector and reader say of a page before anything is dropped.

    Attributes:
        characters: boxes that were found.
        confidence: the reader's score of its best readings, in [0, 1], the mean over the boxes weighted by how sure the
            detector is of each; 0 without boxes.
    """

    characters: int
    confidence: float

    @classmethod
    def of(cls, found: Detections, read: Recognitions) -> Self:
        """The evidence of a page's boxes and their readings."""
        weights = found.scores.astype(np.float64)
        total = float(weights.sum())
        return cls(len(found), float((weights * read.scores).sum()) / total if total > 0 else 0.0)

    @property
    def sure_confidence(self) -> float:
        """The confidence less what chance may have added: much where there are few characters."""
        return self.confidence - CHANCE / math.sqrt(self.characters) if self.characters else 0.0

    @property
    def weight(self) -> float:
        """The characters that are likely read right."""
        return self.characters * self.confidence
