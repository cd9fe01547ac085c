"""A page made ready once for every stage: its paper and its ink belong to it, and nobody estimates them again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page.ink import DEFAULT_INK, InkConfig, read_ink
from kuzushiji_submit.core.page.lines import Lines
from kuzushiji_submit.core.page.paper import Paper


@dataclass(frozen=True, eq=False)
class PreparedPage:
    """A page, its paper and its ink.

    ```
    pixels ─ estimate_paper ─▶ paper ─ read_ink, as config says ─▶ ink, lines
       └──────── a heatmap detector levels both ────────┘           └ the ink detector and the crops
    ```

    Attributes:
        pixels: uint8 (H, W, 3) RGB.
        paper: the paper under the ink; None where the page has no pixels.
        ink: uint8 (H, W), paper 0, darkest ink 255, soft edges kept; seals, lines and show-through gone.
        lines: the lines found in it; None where the page has no pixels.
        config: what made the ink.
    """

    pixels: NDArray[np.uint8]
    paper: Paper | None
    ink: NDArray[np.uint8]
    lines: Lines | None
    config: InkConfig

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.ink.shape[0], self.ink.shape[1]


def prepare_page(pixels: NDArray[np.uint8], config: InkConfig = DEFAULT_INK) -> PreparedPage:
    """Estimates a page's paper and reads its ink: the only place that does.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        config: settings of the ink.

    Raises:
        PageReadError: if the page is not uint8 (H, W, 3).
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise PageReadError(
            f"a page must be an uint8 array of shape (H, W, 3), got {pixels.dtype} {pixels.shape}: "
            "read it as RGB, and convert gray pages with three equal channels"
        )
    if not pixels.size:
        return PreparedPage(pixels, None, np.zeros(pixels.shape[:2], np.uint8), None, config)
    paper = estimate_paper(pixels)
    reading = read_ink(pixels, paper, config)
    return PreparedPage(pixels, paper, reading.ink, reading.lines, config)
