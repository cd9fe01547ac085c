"""A page made ready once for every stage: its paper and its ink belong to it, and nobody estimates them again."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.memory import naming_large_page
from kuzushiji_submit.core.page.ink import DEFAULT_INK, InkConfig, InkReading, read_ink
from kuzushiji_submit.core.page.lines import Lines
from kuzushiji_submit.core.page.page_parts import Window, cut_paper, cut_reading
from kuzushiji_submit.core.page.paper import Paper, estimate_paper


@dataclass(frozen=True, eq=False)
class PreparedPage:
    """A page, its paper and its ink; made by `prepare_page` or, where it was levelled before, `take_levelled`.

    ```
    pixels ─ estimate_paper ─▶ paper ─ read_ink, as config says ─▶ ink, lines
       └──────── a heatmap detector levels both ────────┘           └ the ink detector and the crops
    ```

    The ink is read when it is first asked for, because who only levels pages never asks, and kept.

    Attributes:
        pixels: uint8 (H, W, 3) RGB.
        paper: the paper under the ink; None where the page has no pixels.
        config: what makes the ink.
        reading: the ink, where it is known already.
    """

    pixels: NDArray[np.uint8]
    paper: Paper | None
    config: InkConfig
    reading: InkReading | None = field(default=None, repr=False)

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def ink(self) -> NDArray[np.uint8]:
        """uint8 (H, W), paper 0, darkest ink 255, soft edges kept; seals, lines and show-through gone."""
        return self._reading.ink

    @property
    def lines(self) -> Lines | None:
        """The lines found in the ink; None where the page has no pixels."""
        return self._reading.lines

    def part(self, window: Window) -> "PreparedPage":
        """A part of the page, with the page's paper and ink: what it is made of is not copied.

        Raises:
            ValueError: if the window does not begin at a whole pixel of the paper's map, or reaches out of the page.
        """
        paper = None if self.paper is None else cut_paper(self.paper, window, self.size_hw)
        pixels = self.pixels[window.rows, window.columns]
        return PreparedPage(pixels, paper, self.config, cut_reading(self._reading, window, self.size_hw))

    @cached_property
    def _reading(self) -> InkReading:
        if self.reading is not None:
            return self.reading
        if self.paper is None:
            return InkReading(np.zeros(self.size_hw, np.uint8), None)
        with naming_large_page(self.size_hw):
            return read_ink(self.pixels, self.paper, self.config)


def prepare_page(pixels: NDArray[np.uint8], config: InkConfig = DEFAULT_INK) -> PreparedPage:
    """Estimates a page's paper and makes its ink ready: the only place that does.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        config: settings of the ink.

    Raises:
        PageReadError: if the page is not uint8 (H, W, 3), or does not fit the memory.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise PageReadError(
            f"a page must be an uint8 array of shape (H, W, 3), got {pixels.dtype} {pixels.shape}: "
            "read it as RGB, and convert gray pages with three equal channels"
        )
    with naming_large_page((pixels.shape[0], pixels.shape[1])):
        return PreparedPage(pixels, estimate_paper(pixels) if pixels.size else None, config)


def take_levelled(pixels: NDArray[np.uint8], config: InkConfig = DEFAULT_INK) -> PreparedPage:
    """A page whose paper was levelled to white when it was prepared: there is nothing to estimate any more.

    Args:
        pixels: uint8 (H, W, 3) RGB, paper and what lies beside the sheet 255.
        config: settings of the ink.
    """
    size_hw = (pixels.shape[0], pixels.shape[1])
    return PreparedPage(pixels, Paper.white(size_hw) if pixels.size else None, config)
