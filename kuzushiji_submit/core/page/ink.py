"""The ink of a page as a soft map: what the ink detector reads and what recognition crops from."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page.lines import LineConfig, Lines, find_lines
from kuzushiji_submit.core.page.paper import Paper, estimate_paper
from kuzushiji_submit.core.page.seals import carry_on_under_seals, separate_red


@dataclass(frozen=True)
class InkConfig:
    """Settings of `ink_map`.

    Attributes:
        red_suppression: how much of a pixel's excess of red over green is taken from its darkness.
        floor: darkness below this part of the page's ink level is paper or show-through and becomes 0.
        min_ink_level: ink is at least this dark (0 to 255); without it a blank page's grain would be stretched to ink.
        remove_lines: take out frame lines, column rules and page edges.
        lines: what a line is.
    """

    red_suppression: float = 1.0
    floor: float = 0.25
    min_ink_level: int = 90
    remove_lines: bool = True
    lines: LineConfig = field(default_factory=LineConfig)


DEFAULT_INK = InkConfig()

STRIP_ROWS = 256
"""Rows of the page that are levelled at once."""


def ink_map(page: NDArray[np.uint8], config: InkConfig = DEFAULT_INK) -> NDArray[np.uint8]:
    """Turn a page into its ink: paper 0, darkest ink 255, soft edges kept.

    Args:
        page: uint8 (H, W, 3) RGB.
        config: settings.

    Returns:
        uint8 (H, W).

    Raises:
        PageReadError: if the page is not uint8 (H, W, 3).
    """
    return read_ink(page, config).ink


@dataclass(frozen=True)
class InkReading:
    """What a page's ink and its lines are.

    Attributes:
        ink: uint8 (H, W), see `ink_map`.
        lines: the lines found in it; None where the page is empty.
        paper: the paper under it; None where the page is empty.
    """

    ink: NDArray[np.uint8]
    lines: Lines | None
    paper: Paper | None


def read_ink(page: NDArray[np.uint8], config: InkConfig = DEFAULT_INK) -> InkReading:
    """As `ink_map`, with the lines and the paper that were found on the way."""
    check_page(page)
    if page.size == 0:
        return InkReading(np.zeros(page.shape[:2], np.uint8), None, None)
    height, width = page.shape[:2]
    paper = estimate_paper(page)
    darkness, redness = _level(page, paper, config)
    if config.red_suppression > 0:
        carry_on_under_seals(darkness, redness)
    on_page = cv2.resize(paper.on_page, (width, height), interpolation=cv2.INTER_NEAREST)
    darkness = np.asarray(cv2.bitwise_and(darkness, on_page), np.uint8)
    ink = _stretch(darkness, config)
    lines = find_lines(ink, config.lines)
    if config.remove_lines:
        ink = np.asarray(cv2.bitwise_and(ink, cv2.bitwise_not(lines.mask((height, width)))), np.uint8)
    return InkReading(ink, lines, paper)


def _level(page: NDArray[np.uint8], paper: Paper, config: InkConfig) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Darkness and redness on levelled paper, uint8 (H, W) each.

    In strips, so that the images between page and darkness do not leave the processor's cache.
    """
    height, width = page.shape[:2]
    color = np.asarray(cv2.resize(paper.color, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    darkness, redness = np.empty((height, width), np.uint8), np.empty((height, width), np.uint8)
    for top in range(0, height, STRIP_ROWS):
        rows = slice(top, top + STRIP_ROWS)
        levelled = np.asarray(cv2.divide(page[rows], color[rows], scale=255), np.uint8)
        darkness[rows], redness[rows] = separate_red(levelled, config.red_suppression)
    return darkness, redness


def check_page(page: NDArray[np.uint8]) -> None:
    """Raise a PageReadError unless the page is uint8 (H, W, 3)."""
    if page.dtype != np.uint8 or page.ndim != 3 or page.shape[2] != 3:
        raise PageReadError(
            f"a page must be an uint8 array of shape (H, W, 3), got {page.dtype} {page.shape}: "
            "read it as RGB, and convert gray pages with three equal channels"
        )


def _stretch(darkness: NDArray[np.uint8], config: InkConfig) -> NDArray[np.uint8]:
    """Map [floor, 1] times the page's own ink level to [0, 255]."""
    counts = cv2.calcHist([darkness], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    counts[: config.min_ink_level // 2] = 0
    level = config.min_ink_level
    if counts.sum() > 0:
        cumulated = np.cumsum(counts) / counts.sum()
        level = max(level, int(np.searchsorted(cumulated, 0.75)))
    low = config.floor * level
    table = np.clip((np.arange(256) - low) / (level - low), 0, 1) * 255
    return np.asarray(cv2.LUT(darkness, np.round(table).astype(np.uint8)), np.uint8)
