"""Images of many leaves in parts: every part is read as a page of its own, and what is found is joined.

    image      ┌────────┬────────┬────────┬────────┐      parts are cut where little is written, about a leaf long,
               │ い ろ  │  は に │ ほ へ  │  と    │      and see a little of what lies beyond the cut
               └────────┴────────┴────────┴────────┘
    windows    ├──────────┤
                      ├────────────┤
                               ├────────────┤
    answers    ├────────┤├────────┤├───────┤├───────┤      a character belongs to the part that its middle lies in;
    for                                                    those that two parts found at a cut are counted once

A page or an open book is one part, and read as it always was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detection.detections import Detections
from kuzushiji_submit.core.boxes import overlaps
from kuzushiji_submit.core.page.leaves import is_long, leaf_side
from kuzushiji_submit.core.page.page_parts import ALIGNMENT, Window
from kuzushiji_submit.core.page.prepared import PreparedPage

SHORTEST, LONGEST = 0.5, 1.6
"""A part is this many leaves long, without what it sees of its neighbors: a leaf may lie on its side or stand."""
CONTEXT = 0.2
"""A part sees this much of a leaf beyond its cuts, five characters, unless there is a gap:"""
GAP = 0.04
"""a stretch without writing at least this much of a leaf long, a character with the distance to its neighbors."""
_AS_WIDE = 0.6  # a gap counts as the widest one that is at least this part as wide
_AT_CUT = 0.04  # of a leaf: what lies this near to a cut may be found from both sides; a character
_SAME = 0.3  # two boxes at a cut that share this part of their union are one character
_SMOOTHED = 0.03  # of a leaf: ink is smoothed by less than a character, so that cuts lie in gaps wider than that
_EMPTY = 0.05  # of the mean ink: where there is as little as this nothing is written


class Found(Protocol):
    """What was found on a part, and perhaps how."""

    @property
    def detections(self) -> Detections:
        """In pixels of the part."""
        ...


@dataclass(frozen=True)
class Part:
    """A part of an image.

    Attributes:
        window: what is read of the image.
        begin: where the characters begin that it answers for, in pixels along the image.
        end: where they end.
    """

    window: Window
    begin: int
    end: int


def page_parts(page: PreparedPage) -> list[Part]:
    """The parts of an image along its longer side, from its left or its top on; one for a page or an open book."""
    height, width = page.size_hw
    length = max(height, width)
    if not is_long((height, width)):
        return [Part(Window(0, 0, width, height), 0, length)]
    cuts = find_cuts(page.ink.sum(axis=int(height > width), dtype=np.float64), leaf_side(page.ink))
    parts = []
    for before, after in pairwise([Cut(0, 0), *cuts, Cut(length, 0)]):
        first = (before.place - before.context) // ALIGNMENT * ALIGNMENT
        last = min(length, after.place + after.context)
        window = Window(0, first, width, last) if height > width else Window(first, 0, last, height)
        parts.append(Part(window, before.place, after.place))
    return parts


@dataclass(frozen=True)
class Cut:
    """Where an image is cut, and how far beyond it the parts on both sides see, in pixels along the image."""

    place: int
    context: int


def find_cuts(ink: NDArray[np.float64], leaf: int) -> list[Cut]:
    """Where an image is best cut into parts about a leaf long.

    Args:
        ink: float64 (n,), how much there is at each place along the image.
        leaf: how long a leaf is.

    Returns:
        Cuts in (0, n), in order; parts are `SHORTEST` to `LONGEST` leaves long, the last one possibly shorter.
    """
    if len(ink) <= LONGEST * leaf:
        return []
    reach = max(1, round(_SMOOTHED * leaf))
    smooth = np.convolve(np.pad(ink, reach // 2, mode="edge"), np.ones(reach) / reach, mode="same")
    smooth = smooth[reach // 2 :][: len(ink)]
    empty = _EMPTY * float(smooth.mean())
    cuts: list[Cut] = []
    begin = 0
    while len(ink) - begin > LONGEST * leaf:
        first = begin + max(1, round(SHORTEST * leaf))
        last = min(begin + max(2, round(LONGEST * leaf)), len(ink) - 1)
        place, gap = _gap(smooth[first : last + 1], empty)
        begin = first + place
        context = gap // 2 if gap >= GAP * leaf else min(round(CONTEXT * leaf), begin, len(ink) - begin)
        cuts.append(Cut(begin, context))
    return cuts


def _gap(values: NDArray[np.float64], empty: float) -> tuple[int, int]:
    """Middle and length of the first wide stretch as low as the lowest value or as `empty`."""
    low = np.flatnonzero(values <= max(float(values.min()), empty))
    runs = np.split(low, np.flatnonzero(np.diff(low) != 1) + 1)
    widest = max(len(run) for run in runs)
    first = next(run for run in runs if len(run) >= _AS_WIDE * widest)
    return int(first[len(first) // 2]), len(first)


def detect_in_parts(page: PreparedPage, explain: Callable[[PreparedPage], Found]) -> Detections:
    """What is found on all parts of an image; only one part's stages are in memory.

    Args:
        page: the image.
        explain: reads a page.
    """
    parts = page_parts(page)
    if len(parts) == 1:
        return explain(page).detections
    return join(page.size_hw, [(part, explain(page.part(part.window)).detections) for part in parts])


def join(page_hw: tuple[int, int], found: Sequence[tuple[Part, Detections]]) -> Detections:
    """What was found on parts, in page pixels, every character once.

    Args:
        page_hw: height and width of the page.
        found: the parts in their order, and what was found on each, in its own pixels.
    """
    axis = int(page_hw[0] > page_hw[1])
    near = _AT_CUT * max((part.end - part.begin for part, _ in found), default=0)
    joined: list[Detections] = []
    for part, detections in found:
        placed = _moved(detections, part.window)
        middle = (placed.boxes[:, axis] + placed.boxes[:, axis + 2]) / 2
        begin = -np.inf if part.begin == 0 else part.begin - near
        end = np.inf if part.end == max(page_hw) else part.end + near
        placed = placed.select((middle >= begin) & (middle < end))
        if joined:
            joined[-1], placed = _once(joined[-1], placed)
        joined.append(placed)
    return Detections.concatenate(joined)


def _moved(detections: Detections, window: Window) -> Detections:
    """From pixels of a part to those of the page."""
    corner = np.array([window.left, window.top], np.float32)
    return Detections(detections.boxes + np.tile(corner, 2), detections.scores, detections.points + corner)


def _once(first: Detections, second: Detections) -> tuple[Detections, Detections]:
    """Both without what the other has found as well and is more certain of."""
    shared = overlaps(first.boxes, second.boxes) > _SAME
    surer = first.scores[:, None] >= second.scores[None]
    in_second = np.asarray((shared & ~surer).any(axis=1), np.bool_)
    in_first = np.asarray((shared & surer).any(axis=0), np.bool_)
    return first.select(~in_second), second.select(~in_first)
