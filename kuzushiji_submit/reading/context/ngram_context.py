"""What the eye said of each place on a page, read again with the text before and after it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.context.lattice import Places, marginals
from kuzushiji_submit.reading.context.share_out import SMALLEST, share_out
from kuzushiji_submit.reading.order import ReadingOrder, read_order
from kuzushiji_submit.reading.prior.text_prior import TextPrior


@dataclass(frozen=True, eq=False)
class ContextReading:
    """A page of N places after its text has spoken.

    Attributes:
        top_ids: int64 (N, K), class ids in descending score.
        top_scores: float32 (N, K), in [0, 1]; what the eye gave the readings together is shared out anew.
        presence: float32 (N,), the probability that the place is part of the text at all: 1 where nobody asked.
        order: the reading order that was followed.
    """

    top_ids: NDArray[np.int64]
    top_scores: NDArray[np.float32]
    presence: NDArray[np.float32]
    order: ReadingOrder


class NgramContext:
    """Weighs the readings of each place with a text prior; safe to call from several threads."""

    def __init__(self, prior: TextPrior, codepoints: Sequence[str], config: ContextConfig | None = None) -> None:
        """Ties a prior to a reader's classes.

        Args:
            prior: says what follows what.
            codepoints: the reader's characters in class order.
            config: settings.
        """
        self.config = (config or ContextConfig()).with_weight(None)
        self.prior = prior
        self._ids = prior.ids(codepoints)
        self._discounts = self.config.prior_discount * prior.tables[0].log_probs[self._ids].astype(np.float64)

    def read(
        self,
        boxes: NDArray[np.float32],
        top_ids: NDArray[np.int64],
        top_scores: NDArray[np.float32],
        detection_scores: NDArray[np.float32],
    ) -> ContextReading:
        """A page read again.

        Args:
            boxes: float32 (N, 4) xyxy, in any order.
            top_ids: int64 (N, K), class ids, best first.
            top_scores: float32 (N, K), what the eye gave them.
            detection_scores: float32 (N,), how sure it is that the boxes hold characters.
        """
        order = read_order(boxes)
        presence = np.ones(len(boxes), np.float32)
        text = order.text
        if not self.config.changes_something or not len(text):
            return ContextReading(top_ids, top_scores, presence, order)
        considered = self.config.alternatives
        ids, scores = top_ids[text, :considered], top_scores[text, :considered].astype(np.float64)
        open_ = scores >= np.maximum(self.config.least_share * scores[:, :1], SMALLEST)
        places = self._places(ids, scores, open_, detection_scores[text].astype(np.float64))
        weight = self.config.weight or 0.0
        found = marginals(places, self.prior, weight, self.config.beam)
        present = found[:, :-1].sum(axis=1, keepdims=True)
        presence[text] = present[:, 0]
        # Of a place that no way goes through the text says nothing.
        spoken = open_ & (present > SMALLEST)
        readings = found[:, :-1] / np.maximum(present, SMALLEST)
        return ContextReading(*share_out(top_ids, top_scores, text, readings, spoken), presence, order)

    def _places(
        self,
        ids: NDArray[np.int64],
        scores: NDArray[np.float64],
        open_: NDArray[np.bool_],
        detection_scores: NDArray[np.float64],
    ) -> Places:
        """The sequence as the lattice takes it; N places, A readings."""
        logs = np.log(np.maximum(scores, SMALLEST)) - self._discounts[ids]
        # Where the eye has no reading at all its first one stands alone, whatever it is.
        open_[:, 0] = True
        logs = np.where(open_, logs + np.log(np.maximum(detection_scores, SMALLEST))[:, None], -np.inf)
        if self.config.skip is None:
            skips = np.full(len(ids), -np.inf)
        else:
            skips = np.log(np.maximum(1 - detection_scores, SMALLEST)) + self.config.skip
        return Places(self._ids[ids], logs, skips)
