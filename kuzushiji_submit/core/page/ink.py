"""The ink of a page as a soft map: what the ink detector reads and what recognition crops from."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.page.lines import LineConfig, Lines, find_lines
from kuzushiji_submit.core.page.paper import Paper
from kuzushiji_submit.core.page.seals import carry_on_under_seals, separate_red


@dataclass(frozen=True)
class InkConfig:
    """How a page becomes its ink.

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


@dataclass(frozen=True, eq=False)
class InkReading:
    """What a page's ink and its lines are.

    Attributes:
        ink: uint8 (H, W), paper 0, darkest ink 255, soft edges kept.
        lines: the lines found in it; None where the page has no pixels.
    """

    ink: NDArray[np.uint8]
    lines: Lines | None


def read_ink(page: NDArray[np.uint8], paper: Paper, config: InkConfig) -> InkReading:
    """Turns a page into its ink; for `prepare_page`, which everybody else calls.

    Args:
        page: uint8 (H, W, 3) RGB, at least 1 x 1.
        paper: the paper under the ink.
        config: settings.

    Returns:
        The ink and the lines found in it.
    """
    height, width = page.shape[:2]
    darkness, redness = darkness_and_redness(page, paper, config)
    if config.red_suppression > 0:
        carry_on_under_seals(darkness, redness)
    on_page = cv2.resize(paper.on_page, (width, height), interpolation=cv2.INTER_NEAREST)
    darkness = np.asarray(cv2.bitwise_and(darkness, on_page), np.uint8)
    ink = _stretch(darkness, config)
    lines = find_lines(ink, config.lines)
    if config.remove_lines:
        ink = np.asarray(cv2.bitwise_and(ink, cv2.bitwise_not(lines.mask((height, width)))), np.uint8)
    return InkReading(ink, lines)


def darkness_and_redness(
    page: NDArray[np.uint8], paper: Paper, config: InkConfig
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
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
