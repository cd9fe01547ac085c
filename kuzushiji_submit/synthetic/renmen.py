r"""Renmen: strokes that lead from one character into the next without lifting the brush.

       \ |
        \|   upper character, its exit where its ink ends
         ╲
          ⎞   thinner in the middle, where the brush is nearly lifted
         ╱
        /--   entry of the lower character

The stroke belongs to both characters, as annotators draw it: each box grows to a little beyond its middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kuzushiji_submit.synthetic.brush import draw_fine_curve
from kuzushiji_submit.synthetic.hand import HandStyle
from kuzushiji_submit.synthetic.types import FloatArray, Mask

GAP = 0.4
REACH = 0.8
BACKWARDS = -0.12
LAP = 0.04
AFTER_KANJI = 0.3
FIRST_KANA, LAST_KANA = 0x3041, 0x30FF


@dataclass(frozen=True)
class Tips:
    """Where the brush comes into a character and leaves it: x, y in pixels."""

    entry: tuple[float, float]
    exit: tuple[float, float]


def tips_of(ink: Mask, box: tuple[int, int, int, int]) -> Tips:
    """Entry and exit of a character's ink that fills a box: the middle of its highest and of its lowest stroke."""
    depth = max(ink.shape[0] // 12, 1)
    top, bottom = ink[:depth].max(axis=0), ink[-depth:].max(axis=0)
    first, last = (float(np.median(np.flatnonzero(2 * band.astype(int) >= int(band.max())))) for band in (top, bottom))
    return Tips((box[0] + first, box[1] + depth / 2), (box[0] + last, box[3] - depth / 2))


def joins_well(upper: str, lower: str) -> float:
    """How readily a hand joins two codepoints, 0 to 1: kana run into one another, kanji stand."""
    return (
        1.0 if all(FIRST_KANA <= int(codepoint[2:], 16) <= LAST_KANA for codepoint in (upper, lower)) else AFTER_KANJI
    )


def may_join(upper: Sequence[float], lower: Sequence[float], tips: tuple[Tips, Tips], nominal: float) -> bool:
    """Whether two characters stand so that a stroke can lead from one into the other.

    Args:
        upper: x0, y0, x1, y1 in pixels.
        lower: the same of the character below.
        tips: of the upper and of the lower one.
        nominal: character size in pixels.
    """
    across, down = np.subtract(tips[1].entry, tips[0].exit)
    near = bool(np.hypot(across, down) < REACH * nominal)
    return near and lower[1] - upper[3] < GAP * nominal and bool(down > BACKWARDS * nominal)


def draw_join(
    canvas: Mask, tips: tuple[Tips, Tips], style: HandStyle, nominal: float, rng: np.random.Generator
) -> None:
    """Draws the stroke from the exit of one character to the entry of the next."""
    start, stop = np.array(tips[0].exit), np.array(tips[1].entry)
    across, down = stop - start
    bow = rng.normal(0.03, 0.05) * nominal
    first = start + np.array([0.15 * across + bow, 0.4 * down])
    second = stop - np.array([0.15 * across - 0.6 * bow, 0.35 * down])
    widths = style.stroke * nominal * np.array([0.8, rng.uniform(0.3, 0.5), rng.uniform(0.3, 0.5), 0.65])
    value = int(255 * style.density * rng.uniform(0.75, 1.0))
    draw_fine_curve(canvas, np.stack([start, first, second, stop]), widths, value)


def lapped(boxes: FloatArray, upper: int, lower: int, nominal: float) -> None:
    """Grows two boxes, in place, to the middle of the gap between them and a little beyond, in whole pixels."""
    gap = boxes[lower, 1] - boxes[upper, 3]
    if gap <= 0:
        return
    middle = (boxes[lower, 1] + boxes[upper, 3]) / 2
    boxes[upper, 3] = np.ceil(middle + LAP * nominal)
    boxes[lower, 1] = np.floor(middle - LAP * nominal)
