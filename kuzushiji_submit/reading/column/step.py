r"""A page's readings weighed with what the column model says of each: a step of the pipeline.

    eye       は .5  ほ .3  け .1      its readings go into the model, the best first;
    prior     ほ .6  は .2  け .1      where a text prior has spoken, its scores are what there is
    support   ほ +2  は -1  け 0       of the column model, a logarithm
    new       eye ** (1 - prior_share) * prior ** prior_share * exp(weight * support), shared out so that they add up to
              what they did

The model always hears the eye itself: it has learned what eyes say, and not what a prior makes of it.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.reading.column.config import ColumnConfig
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.context.share_out import SMALLEST, share_out
from kuzushiji_submit.reading.order import read_order
from kuzushiji_submit.reading.page_reading import PageReading


class ColumnReader(Protocol):
    """Says what the places around a place make of its readings; safe to call from several threads."""

    def support(self, ids: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """What speaks for each reading.

        Args:
            ids: int64 (N, K), class ids at N places in reading order, best first.
            scores: float32 (N, K), what the eye gave them.

        Returns:
            float32 (N, K), logarithms.
        """
        ...


@dataclass(frozen=True)
class ColumnStep:
    """Reads a page again with a column model.

    Attributes:
        model: the model, tied to the reader's classes.
        config: settings.
        context: how the text around a character weighs in; the model's weight follows it.
    """

    model: ColumnReader
    config: ColumnConfig = field(default_factory=ColumnConfig)
    context: ContextConfig = field(default_factory=ContextConfig)

    def __call__(self, page: PageReading) -> PageReading:
        """The same boxes with the readings that eye, text prior (if there is one) and column make together."""
        weight = self.config.weight_for(self.context, beside_prior=page.eye_ids is not None)
        order = read_order(page.boxes)
        text = order.text
        if not weight or not len(text):
            return page
        scores = page.top_scores[text].astype(np.float64)
        weighed = scores > SMALLEST
        eye, support = self._ask(page, text)
        share = self.config.prior_share
        logs = share * np.log(np.maximum(scores, SMALLEST)) + (1 - share) * np.log(np.maximum(eye, SMALLEST))
        logs = np.where(weighed, logs + weight * support, -np.inf)
        top_ids, top_scores = share_out(page.top_ids, page.top_scores, text, _softmax(logs), weighed)
        return page.reread(top_ids, top_scores, order=order.order)

    def _ask(self, page: PageReading, text: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The eye's scores and the support of the page's readings at M places, each float64 (M, K) in their order.

        Readings that the eye lacks keep their scores, and have no support.
        """
        if page.eye_ids is None or page.eye_scores is None:
            scores = page.top_scores[text]
            return scores.astype(np.float64), self.model.support(page.top_ids[text], scores).astype(np.float64)
        eye_ids, eye_scores = page.eye_ids[text], page.eye_scores[text]
        support = self.model.support(eye_ids, eye_scores).astype(np.float64)
        same = page.top_ids[text][:, :, None] == eye_ids[:, None, :]  # (M, K, J)
        eye, supported = ((same * said[:, None, :]).sum(axis=2) for said in (eye_scores.astype(np.float64), support))
        return np.where(same.any(axis=2), eye, page.top_scores[text]), supported


def _softmax(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of each row, 0 where the logarithm is -inf; rows of nothing but that are 0."""
    highest = logs.max(axis=1, keepdims=True)
    shares = np.exp(logs - np.where(np.isfinite(highest), highest, 0))
    return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), SMALLEST))
