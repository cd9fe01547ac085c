"""The record that leaves the recognizer, and what makes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.page.ink import InkConfig
from recognition.crops import CropConfig, Crops


@dataclass(frozen=True)
class Recognitions:
    """What N crops were read as, best alternative first.

    Attributes:
        top_ids: int64 (N, K), class ids in descending score.
        top_scores: float32 (N, K), softmax scores in [0, 1].
        embeddings: float32 (N, D), what the network made of each crop before it chose; None where nobody asked.

    Raises:
        ValueError: if the shapes do not agree.
    """

    top_ids: NDArray[np.int64]
    top_scores: NDArray[np.float32]
    embeddings: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.top_ids.ndim != 2 or self.top_ids.shape != self.top_scores.shape:
            raise ValueError(
                f"top_ids and top_scores must both have shape (N, K), got {self.top_ids.shape} and "
                f"{self.top_scores.shape}"
            )
        if self.embeddings is not None and (self.embeddings.ndim != 2 or len(self.embeddings) != len(self)):
            raise ValueError(f"embeddings must have shape ({len(self)}, D), got {self.embeddings.shape}")

    @classmethod
    def empty(cls, alternatives: int) -> Self:
        """No recognitions, with room for K alternatives each."""
        return cls(np.zeros((0, alternatives), np.int64), np.zeros((0, alternatives), np.float32))

    @classmethod
    def concatenate(cls, parts: Sequence[Self], alternatives: int) -> Self:
        """Several records as one, in order; without parts the empty record of K alternatives.

        There are embeddings where every part has them.
        """
        together = [cls.empty(alternatives), *parts]
        embeddings = [part.embeddings for part in parts if part.embeddings is not None]
        return cls(
            np.concatenate([part.top_ids for part in together]),
            np.concatenate([part.top_scores for part in together]),
            np.concatenate(embeddings) if parts and len(embeddings) == len(parts) else None,
        )

    def select(self, places: slice | NDArray[np.integer | np.bool_]) -> Self:
        """The recognitions at places, as NumPy indexes."""
        embeddings = None if self.embeddings is None else self.embeddings[places]
        return type(self)(self.top_ids[places], self.top_scores[places], embeddings)

    def __len__(self) -> int:
        return len(self.top_ids)

    @property
    def class_ids(self) -> NDArray[np.int64]:
        """The best class of each crop, shape (N,)."""
        return self.top_ids[:, 0]

    @property
    def scores(self) -> NDArray[np.float32]:
        """The score of the best class of each crop, shape (N,)."""
        return self.top_scores[:, 0]


class Recognizer(Protocol):
    """Says what crops hold."""

    @property
    def charset(self) -> Charset:
        """The characters in class order."""
        ...

    @property
    def crop_config(self) -> CropConfig:
        """How crops must be cut."""
        ...

    @property
    def ink(self) -> InkConfig:
        """What pages must be turned into before crops are cut: the ink it was trained on."""
        ...

    @property
    def min_score(self) -> float:
        """The product of detection score and recognition score from which on a character is worth submitting."""
        ...

    def recognize(self, crops: Crops) -> Recognitions:
        """What crops hold; they may come from many pages, and there may be none."""
        ...
