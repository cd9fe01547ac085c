"""Parts of a page with the paper and the ink that belong to them, cut out of the whole page's."""

from dataclasses import dataclass

import numpy as np

from kuzushiji_submit.core.page.ink import InkReading
from kuzushiji_submit.core.page.lines import REDUCTION as LINES_REDUCTION
from kuzushiji_submit.core.page.lines import Lines
from kuzushiji_submit.core.page.paper import REDUCTION as PAPER_REDUCTION
from kuzushiji_submit.core.page.paper import Paper

ALIGNMENT = PAPER_REDUCTION
"""Windows begin at multiples of this many pixels: the maps beside the page are smaller, and have pixels to cut at."""


@dataclass(frozen=True)
class Window:
    """A rectangle of a page, in page pixels; right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def rows(self) -> slice:
        """Its rows of the page."""
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        """Its columns of the page."""
        return slice(self.left, self.right)

    def smaller(self, factor: int) -> tuple[slice, slice]:
        """Its rows and columns on a map this many times smaller."""
        rows = slice(self.top // factor, -(-self.bottom // factor))
        return rows, slice(self.left // factor, -(-self.right // factor))

    def check(self, page_hw: tuple[int, int]) -> None:
        """Finds out whether a page can be cut here.

        Raises:
            ValueError: if it cannot.
        """
        inside = 0 <= self.left < self.right <= page_hw[1] and 0 <= self.top < self.bottom <= page_hw[0]
        if not inside or self.left % ALIGNMENT or self.top % ALIGNMENT:
            raise ValueError(f"{self} must lie on the page of {page_hw} and begin at multiples of {ALIGNMENT}")


def cut_paper(paper: Paper, window: Window, page_hw: tuple[int, int]) -> Paper:
    """The paper of a part.

    Raises:
        ValueError: if the page cannot be cut here.
    """
    window.check(page_hw)
    part = window.smaller(PAPER_REDUCTION)
    return Paper(paper.color[part], paper.on_page[part])


def cut_reading(reading: InkReading, window: Window, page_hw: tuple[int, int]) -> InkReading:
    """The ink of a part, and its lines but for those that run along a cut.

    Such a line is the frame of one leaf beside others, and the outermost line of a page bounds its text.

    Raises:
        ValueError: if the page cannot be cut here.
    """
    window.check(page_hw)
    ink, lines = reading.ink[window.rows, window.columns], reading.lines
    if lines is None:
        return InkReading(ink, None)
    part = window.smaller(LINES_REDUCTION)
    vertical, horizontal = lines.vertical[part], lines.horizontal[part]
    if (window.left, window.right) != (0, page_hw[1]):
        vertical = np.zeros_like(vertical)
    if (window.top, window.bottom) != (0, page_hw[0]):
        horizontal = np.zeros_like(horizontal)
    return InkReading(ink, Lines(vertical, horizontal))
