"""A page made ready once for every stage: its paper and its ink belong to it, and nobody estimates them again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.page.ink import DEFAULT_INK, InkConfig, read_ink
from kuzushiji_submit.core.page.lines import Lines
from kuzushiji_submit.core.page.paper import Paper


@dataclass(frozen=True, eq=False)
class PreparedPage:
    """A page, its paper and its ink.

    Attributes:
        pixels: uint8 (H, W, 3) RGB.
        paper: the paper under the ink; None where the page has no pixels.
        ink: uint8 (H, W), paper 0, darkest ink 255.
        lines: the lines found in it; None where the page has no pixels.
        config: what made the ink.
    """

    pixels: NDArray[np.uint8]
    paper: Paper | None
    ink: NDArray[np.uint8]
    lines: Lines | None
    config: InkConfig


def prepare_page(pixels: NDArray[np.uint8], config: InkConfig = DEFAULT_INK) -> PreparedPage:
    """Estimates paper and ink of a page.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        config: settings of the ink.

    Raises:
        PageReadError: if the page is not uint8 (H, W, 3).
    """
    reading = read_ink(pixels, config)
    return PreparedPage(pixels, reading.paper, reading.ink, reading.lines, config)
