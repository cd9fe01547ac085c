r"""The ink of single characters cut out of a real page, without the ink of their neighbors.

```
      box of の                 pieces of ink inside the box
   +-----------+
   |   し|     |    し reaches in: most of its ink lies outside, none in the middle   -> dropped
   |  __ |     |
   | /  \|__   |    most of its ink lies inside                                       -> kept
   | \__/   \  |
   |       _/  |
   +------/----+
         /          joined to the next one: crosses the border, but holds the middle  -> kept, cut at the border
```
"""

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np

from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.boxes import shared_areas
from kuzushiji_submit.core.components import Components, threshold
from kuzushiji_submit.core.page.ink import InkConfig, darkness_and_redness
from kuzushiji_submit.core.page.prepared import PreparedPage, prepare_page
from kuzushiji_submit.synthetic.fonts import BaseGlyph, mean_stroke
from kuzushiji_submit.synthetic.types import FloatArray, Image, Mask, as_uint8

FAINT_INK = InkConfig(floor=0.1)
"""Lower than where pages are read: a written page is read again, and would lose the soft borders of strokes twice."""
SOLID_INK = 117
"""Ink above this (0 to 255) is a stroke; what is fainter is its soft border."""
SOFT_BORDER = 3
"""How many pixels beyond its strokes a character's soft border reaches."""
MARGIN = 0.03
"""Part of a box's size that is added on each side."""
OWN_SHARE = 0.6
"""A piece of ink is the character's own if this part of the whole it belongs to lies in the box, ..."""
MIDDLE, MIDDLE_SHARE = 0.25, 0.25
"""... or if this part of the piece lies in the box without a border this broad, or if it spans the box."""
# Looked up on contact sheets of 29 pages of seven books: what lies beyond is seldom the whole character and no more.
SMALLEST_SIDE = 10
SMALLEST_INK = 0.03
SMALLEST_EXTENT = 0.6
LARGEST_OVERLAP = 0.3
LARGEST_CROSSING = 0.2
RED_LEVEL, LARGEST_RED = 40, 0.05


@dataclass(frozen=True, eq=False)
class CutGlyph:
    """A character of a real page.

    Attributes:
        codepoint: such as "U+306F".
        glyph: its ink, cut to the ink's extent, edges as soft as on the scan, strokes as thick.
        nominal: typical character size on its page in pixels.
    """

    codepoint: str
    glyph: BaseGlyph
    nominal: float


def cut_glyphs(page: Image, truth: PageTruth) -> tuple[list[CutGlyph], Counter[str]]:
    """Cuts the annotated characters of a page out of its ink.

    Args:
        page: uint8 (H, W, 3) RGB.
        truth: what is written where; boxes must be exact. Other characters may stand on the page.

    Returns:
        The glyphs, and how many boxes were left out, by reason.
    """
    prepared = prepare_page(page, FAINT_INK)
    ink, red = prepared.ink, _red_map(prepared)
    nominal = _nominal(truth)
    glyphs: list[CutGlyph] = []
    left_out: Counter[str] = Counter()
    crowded = _crowded(truth.boxes)
    for index, (codepoint, box) in enumerate(zip(truth.codepoints, truth.boxes, strict=True)):
        rectangle = _rectangle(box, (ink.shape[0], ink.shape[1]))
        if min(rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]) < SMALLEST_SIDE:
            left_out["too small"] += 1
        elif crowded[index]:
            left_out["overlapped by another box"] += 1
        elif _inside(red, rectangle).mean() > LARGEST_RED:
            left_out["under a seal"] += 1
        else:
            mask = _cut(ink, rectangle)
            if isinstance(mask, str):
                left_out[mask] += 1
            else:
                glyphs.append(CutGlyph(codepoint, BaseGlyph(mask, mean_stroke(mask)), nominal))
    return glyphs, left_out


def _red_map(page: PreparedPage) -> Mask:
    """1 where the page is red, uint8 (H, W)."""
    if page.paper is None:
        return np.zeros(page.size_hw, np.uint8)
    return as_uint8(darkness_and_redness(page.pixels, page.paper, page.config)[1] > RED_LEVEL)


def _nominal(truth: PageTruth) -> float:
    sizes = truth.boxes[~truth.without_area, 2:] - truth.boxes[~truth.without_area, :2]
    return float(np.sqrt(np.prod(np.median(sizes, axis=0)))) if len(sizes) else 1.0


def _crowded(boxes: FloatArray) -> list[bool]:
    """Which boxes share much of their area with another one, whose ink cannot be told from theirs."""
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).clip(1)
    shared = shared_areas(boxes, boxes)
    np.fill_diagonal(shared, 0.0)
    return [bool(value) for value in shared.max(axis=1, initial=0) > LARGEST_OVERLAP * area]


def _rectangle(box: FloatArray, size_hw: tuple[int, int]) -> tuple[int, int, int, int]:
    """The pixels of a box and of a narrow margin: many a box is drawn a little too tight."""
    margin = MARGIN * (box[2:] - box[:2])
    box = np.concatenate([box[:2] - margin, box[2:] + margin])
    x0, y0 = np.floor(box[:2]).clip(0, size_hw[::-1]).astype(int).tolist()
    x1, y1 = np.ceil(box[2:]).clip(0, size_hw[::-1]).astype(int).tolist()
    return x0, y0, x1, y1


def _inside(image: Mask, rectangle: tuple[int, int, int, int]) -> Mask:
    x0, y0, x1, y1 = rectangle
    return image[y0:y1, x0:x1]


def _cut(ink: Mask, rectangle: tuple[int, int, int, int]) -> Mask | str:
    """The soft ink of the character in a box, or why it is no use."""
    x0, y0, x1, y1 = rectangle
    height, width = y1 - y0, x1 - x0
    reach = max(height, width) // 2
    left, top = max(x0 - reach, 0), max(y0 - reach, 0)
    window = threshold(ink[top : y1 + reach, left : x1 + reach], SOLID_INK)
    around = Components.of_mask(window)
    box = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
    pieces = Components.of_mask(np.ascontiguousarray(window[box]))
    kept = _own_pieces(pieces, around, around.labels[box])
    own = as_uint8(kept[pieces.labels])
    if own.sum() < SMALLEST_INK * height * width:
        return "hardly any ink"
    rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
    if rows[-1] - rows[0] + 1 < SMALLEST_EXTENT * height or columns[-1] - columns[0] + 1 < SMALLEST_EXTENT * width:
        return "does not fill its box"
    if _crossing(window, box, own) > LARGEST_CROSSING * (height + width):
        return "grown together with its neighbors"
    soft = ink[y0:y1, x0:x1] * _with_border(own, as_uint8((window[box] > 0) & (own == 0)))
    return np.ascontiguousarray(soft[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _own_pieces(pieces: Components, around: Components, labels: np.ndarray) -> Mask:
    """For each label of the pieces in a box (0 for the paper) 1 if it is the character's own ink, uint8 (N + 1,)."""
    height, width = pieces.labels.shape
    middle = (
        slice(int(MIDDLE * height), height - int(MIDDLE * height)),
        slice(int(MIDDLE * width), width - int(MIDDLE * width)),
    )
    in_middle = np.bincount(pieces.labels[middle].ravel(), minlength=len(pieces) + 1)[1:]
    kept = np.zeros(len(pieces) + 1, np.uint8)
    for index, area in enumerate(pieces.areas.tolist()):
        whole = int(labels[pieces.labels == index + 1][0])
        share = area / float(around.areas[whole - 1])
        x0, y0, x1, y1 = pieces.boxes[index].tolist()
        spans = min((x1 - x0) / width, (y1 - y0) / height) >= SMALLEST_EXTENT
        kept[index + 1] = share >= OWN_SHARE or in_middle[index] >= MIDDLE_SHARE * area or spans
    return kept


def _crossing(window: Mask, box: tuple[slice, slice], own: Mask) -> int:
    """How many pixels of the character's ink at the border of its box go on beyond it."""
    rows, columns = box
    beyond = cv2.copyMakeBorder(window, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0) > 0
    x0, x1, y0, y1 = columns.start + 1, columns.stop + 1, rows.start + 1, rows.stop + 1
    sides = (
        beyond[y0 - 1, x0:x1] & (own[0] > 0),
        beyond[y1, x0:x1] & (own[-1] > 0),
        beyond[y0:y1, x0 - 1] & (own[:, 0] > 0),
        beyond[y0:y1, x1] & (own[:, -1] > 0),
    )
    return int(sum(side.sum() for side in sides))


def _with_border(own: Mask, foreign: Mask) -> Mask:
    """1 on the character's strokes and their soft border, 0 on others' ink and its border."""
    kernel = np.ones((2 * SOFT_BORDER + 1, 2 * SOFT_BORDER + 1), np.uint8)
    near = as_uint8(cv2.dilate(own, kernel))
    near[(cv2.dilate(foreign, kernel) > 0) & (own == 0)] = 0
    return near
