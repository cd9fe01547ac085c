"""Puts a layout's characters onto the ink canvas, joined where the hand joins them, and keeps their exact extents."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from kuzushiji_submit.synthetic.box_columns import group_columns, successors
from kuzushiji_submit.synthetic.brush import draw_fine_curve
from kuzushiji_submit.synthetic.hand import Hand, HandStyle
from kuzushiji_submit.synthetic.placement import Layout
from kuzushiji_submit.synthetic.renmen import Tips, draw_join, joins_well, lapped, may_join, tips_of
from kuzushiji_submit.synthetic.repertoire import Place
from kuzushiji_submit.synthetic.types import FloatArray, Mask, as_uint8

NUMERALS = frozenset(f"U+{ord(character):04X}" for character in "一二三四五六七八九十")
IN_CIRCLE = 0.66
DIP = 1 / 9
REPEAT_REACH = 6


@dataclass(frozen=True)
class Written:
    """What stands on a page.

    Attributes:
        codepoints: the N codepoints that could be drawn.
        boxes: float32 (N, 4) xyxy, the ink extents in whole pixels, with half of every joining stroke.
    """

    codepoints: tuple[str, ...]
    boxes: FloatArray


def write_layout(
    canvas: Mask,
    layout: Layout,
    hand: Hand,
    rng: np.random.Generator,
    *,
    circled: float = 0.0,
    red: Mask | None = None,
    rubric: Collection[int] = (),
) -> Written:
    """Writes every character of a layout that the hand can draw.

    Args:
        canvas: uint8 (H, W) ink, drawn on in place.
        layout: what to write where, on a page of the canvas's size.
        hand: the writer.
        rng: the source of randomness.
        circled: probability that a numeral is written into a circle where there is room for one.
        red: uint8 (H, W) red ink, drawn on in place; None where there is none.
        rubric: indices of the layout's characters that are written in red ink.
    """
    codepoints: list[str] = []
    boxes: list[tuple[int, int, int, int]] = []
    tips: list[Tips | None] = []
    canvases: list[Mask] = []
    columns = group_columns(layout.boxes)
    places = _places(layout, columns)
    charges = _charges(len(layout.codepoints), columns, hand.style, rng)
    for index, (codepoint, box) in enumerate(zip(layout.codepoints, layout.boxes.tolist(), strict=True)):
        target = red if red is not None and index in rubric else canvas
        rings = circled > 0 and codepoint in NUMERALS and rng.random() < circled and _has_room(layout, index)
        part = IN_CIRCLE if rings else 1.0
        size_hw = part * (box[3] - box[1]), part * (box[2] - box[0])
        ink = hand.draw(codepoint, size_hw, rng, layout.nominal, places[index])
        if ink is None:
            continue
        if charges[index] < 1:
            ink = as_uint8(ink * charges[index])
        center = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        placed = paste_ink(target, ink, center)
        if placed is None:
            continue
        if rings:
            _draw_ring(target, center, _ring_radius(box, layout.nominal), hand.style, layout.nominal, rng)
        codepoints.append(codepoint)
        boxes.append(placed)
        tips.append(None if rings else tips_of(ink, placed))
        canvases.append(target)
    written = Written(tuple(codepoints), np.array(boxes, np.float32).reshape(-1, 4))
    _join(canvases, written, tips, hand.style, layout.nominal, rng)
    return written


def _places(layout: Layout, columns: list[list[int]]) -> list[Place]:
    """Where in its column each character of a layout stands."""
    places = [Place()] * len(layout.codepoints)
    for column in columns:
        for depth, index in enumerate(column):
            before = column[max(depth - REPEAT_REACH, 0) : depth]
            places[index] = Place(
                head=depth == 0,
                tail=depth == len(column) - 1,
                repeated=any(layout.codepoints[other] == layout.codepoints[index] for other in before),
            )
    return places


def paste_ink(canvas: Mask, ink: Mask, center: tuple[float, float]) -> tuple[int, int, int, int] | None:
    """Puts ink on the canvas, moved inwards where it would cross the border.

    Returns:
        x0, y0, x1, y1 of the ink in pixels, or None if it is larger than the canvas.
    """
    height, width = ink.shape
    if height > canvas.shape[0] or width > canvas.shape[1]:
        return None
    left = int(np.clip(round(center[0] - width / 2), 0, canvas.shape[1] - width))
    top = int(np.clip(round(center[1] - height / 2), 0, canvas.shape[0] - height))
    target = canvas[top : top + height, left : left + width]
    np.maximum(target, ink, out=target)
    return left, top, left + width, top + height


def _charges(count: int, columns: list[list[int]], style: HandStyle, rng: np.random.Generator) -> list[float]:
    """How much ink the brush holds at each character: less and less down a column until it is dipped again."""
    charges = [1.0] * count
    if style.depletion <= 0:
        return charges
    spent = rng.random()
    for column in columns:
        for index in column:
            spent = 0.0 if rng.random() < DIP else min(spent + DIP, 1.0)
            charges[index] = 1.0 - style.depletion * spent
    return charges


def _ring_radius(box: list[float], nominal: float) -> float:
    return 0.56 * max(box[2] - box[0], box[3] - box[1], 0.75 * nominal)


def _has_room(layout: Layout, index: int) -> bool:
    """Whether a ring around a character would touch no other."""
    box = layout.boxes[index]
    reach = _ring_radius(box.tolist(), layout.nominal) + 0.03 * layout.nominal
    middle = (box[:2] + box[2:]) / 2
    touched = (layout.boxes[:, :2] < middle + reach).all(axis=1) & (layout.boxes[:, 2:] > middle - reach).all(axis=1)
    inside = (middle >= reach).all() and (middle + reach < layout.size_hw[::-1]).all()
    return bool(inside and touched.sum() == 1)


def _draw_ring(
    canvas: Mask,
    center: tuple[float, float],
    radius: float,
    style: HandStyle,
    nominal: float,
    rng: np.random.Generator,
) -> None:
    """A circle drawn with a brush, its end not quite where it began."""
    angles = np.linspace(0, 2 * np.pi, 15) + rng.uniform(0, 2 * np.pi)
    reach = radius * (1 + rng.normal(0, 0.02, len(angles)))
    points = np.stack([center[0] + reach * np.cos(angles), center[1] + reach * np.sin(angles)], axis=1)
    widths = style.stroke * nominal * rng.uniform(0.3, 0.6) * (1 + rng.normal(0, 0.1, len(angles)))
    draw_fine_curve(canvas, points, widths, int(255 * style.density))


def _join(
    canvases: list[Mask],
    written: Written,
    tips: list[Tips | None],
    style: HandStyle,
    nominal: float,
    rng: np.random.Generator,
) -> None:
    """Joins characters and lets their boxes grow."""
    if style.joining <= 0:
        return
    boxes, ink_boxes = written.boxes, written.boxes.copy()
    for upper, lower in enumerate(successors(ink_boxes)):
        leaving, coming = tips[upper], tips[lower]
        if lower < 0 or leaving is None or coming is None or canvases[upper] is not canvases[lower]:
            continue
        readiness = style.joining * joins_well(written.codepoints[upper], written.codepoints[lower])
        pair = leaving, coming
        if rng.random() >= readiness or not may_join(ink_boxes[upper], ink_boxes[lower], pair, nominal):
            continue
        draw_join(canvases[upper], pair, style, nominal, rng)
        lapped(boxes, upper, lower, nominal)
