"""A page's readings weighed with the text around each: a step of the pipeline."""

from dataclasses import dataclass

from kuzushiji_submit.reading.context.ngram_context import NgramContext
from kuzushiji_submit.reading.page_reading import PageReading


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
