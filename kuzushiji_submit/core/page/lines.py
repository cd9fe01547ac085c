"""Frame lines, column rules and page edges: long, thin, straight."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.page.leaves import leaf_side

REDUCTION = 4


@dataclass(frozen=True)
class LineConfig:
    """Settings of `find_lines`; lengths as parts of the page's longer side (see `leaf_side`).

    Attributes:
        seed: a straight run at least this long is a line, whatever it crosses.
        frame: a straight run at least this long belongs to a frame or rule that may go on beyond it.
        piece: a run at least this long is a line where it continues a frame line.
        corridor: how far beside a frame line its continuations may lie (lines slant and bend).
        level: ink above this (0 to 255) counts.
    """

    seed: float = 0.12
    frame: float = 0.22
    piece: float = 0.045
    corridor: float = 0.008
    level: int = 40


@dataclass(frozen=True)
class Lines:
    """Lines of a page, on a map REDUCTION times smaller (at least 1 x 1).

    Attributes:
        vertical: uint8 (h, w), 255 on vertical lines.
        horizontal: uint8 (h, w), 255 on horizontal lines.
    """

    vertical: NDArray[np.uint8]
    horizontal: NDArray[np.uint8]

    def mask(self, shape_hw: tuple[int, int]) -> NDArray[np.uint8]:
        """All lines, uint8 (H, W), 255 on lines, grown by a little to take their soft edges along."""
        both = cv2.dilate(cv2.bitwise_or(self.vertical, self.horizontal), np.ones((3, 3), np.uint8))
        size = (shape_hw[1], shape_hw[0])
        return np.asarray(cv2.resize(both, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def find_lines(ink: NDArray[np.uint8], config: LineConfig) -> Lines:
    """Find frame lines, column rules and page edges by openings with long bars.

    Runs far longer than any stroke are lines. Slanted or worn frame lines break into shorter runs: those are taken too,
    but only in the corridor that a very long run points along.

    Args:
        ink: uint8 (H, W), paper 0, at least 1 x 1.
        config: settings.

    Returns:
        The lines, on a smaller map.
    """
    height, width = ink.shape
    size = (max(1, width // REDUCTION), max(1, height // REDUCTION))
    small = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.uint8)
    binary = np.asarray(cv2.threshold(small, config.level, 255, cv2.THRESH_BINARY)[1], np.uint8)
    page_side = min(max(binary.shape), -(-leaf_side(ink) // REDUCTION))
    horizontal = _horizontal_lines(binary, page_side, config)
    vertical = _horizontal_lines(np.ascontiguousarray(binary.T), page_side, config).T
    return Lines(vertical=np.ascontiguousarray(vertical), horizontal=horizontal)


def _horizontal_lines(binary: NDArray[np.uint8], page_side: int, config: LineConfig) -> NDArray[np.uint8]:
    """Horizontal lines of a binary map (h, w) of leaves `page_side` of its pixels long."""
    seed = _runs(binary, max(9, round(config.seed * page_side)), across=3)
    if not seed.any():
        return seed
    frame = cv2.morphologyEx(seed, cv2.MORPH_OPEN, np.ones((1, max(9, round(config.frame * page_side))), np.uint8))
    rows = np.asarray(np.asarray(frame).any(axis=1), np.uint8)[:, None] * 255
    if not rows.any():
        return seed
    piece = _runs(binary, max(5, round(config.piece * page_side)), across=5)
    slack = 2 * max(1, round(config.corridor * page_side)) + 1
    corridor = np.asarray(cv2.dilate(rows, np.ones((slack, 1), np.uint8)), np.uint8)
    return np.asarray(np.where(corridor > 0, seed | piece, seed), np.uint8)


def _runs(binary: NDArray[np.uint8], length: int, across: int) -> NDArray[np.uint8]:
    """Horizontal runs of at least `length`, after smearing by `across` rows so that a slanted run stays one."""
    smeared = cv2.dilate(binary, np.ones((across, 1), np.uint8))
    runs = cv2.morphologyEx(smeared, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    return np.asarray(cv2.bitwise_and(runs, cv2.dilate(binary, np.ones((3, 3), np.uint8))), np.uint8)
