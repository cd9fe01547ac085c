"""A page's readings weighed with the text around each: a step of the pipeline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.context.ngram_context import NgramContext
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.prior.prior_file import load_prior

WEIGHTS = (0.0, 0.2, 0.35, 0.5, 0.7, 0.9)
"""What `kuzushiji calibrate` tries; 0 for readers whom the text would only hurt."""


@dataclass(frozen=True)
class ContextStep:
    """Reads a page again with a text prior.

    Attributes:
        context: the prior, tied to the reader's classes.
    """

    context: NgramContext

    def __call__(self, page: PageReading) -> PageReading:
        """The same boxes with the readings that eye and text make together, in the reading order that was followed."""
        found = self.context.read(page.boxes, page.top_ids, page.top_scores, page.detection_scores)
        return page.reread(found.top_ids, found.top_scores, order=found.order.order)


def weighted_contexts(config: ContextConfig, prior: Path, codepoints: Sequence[str]) -> dict[float, ContextStep]:
    """Steps of one text prior by the weight it has, for WEIGHTS.

    Args:
        config: the other settings.
        prior: the text prior's file.
        codepoints: the reader's characters in class order.

    Raises:
        PriorFileError: if the prior is missing or damaged.
    """
    loaded = load_prior(prior)
    return {weight: ContextStep(NgramContext(loaded, codepoints, replace(config, weight=weight))) for weight in WEIGHTS}
