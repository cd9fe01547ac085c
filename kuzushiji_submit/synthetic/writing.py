"""Puts a layout's characters onto the ink canvas, joined where the hand joins them, and keeps their exact extents."""

from dataclasses import dataclass

import numpy as np

from kuzushiji_submit.synthetic.brush import draw_curve
from kuzushiji_submit.synthetic.columns import group_columns, successors
from kuzushiji_submit.synthetic.hand import Hand
from kuzushiji_submit.synthetic.layout import Layout
from kuzushiji_submit.synthetic.repertoire import Place
from kuzushiji_submit.synthetic.types import FloatArray, Mask

JOIN_GAP = 0.45
REPEAT_REACH = 6
SOLID = 100


@dataclass(frozen=True)
class Written:
    """What stands on a page.

    Attributes:
        codepoints: the N codepoints that could be drawn.
        boxes: float32 (N, 4) xyxy, the exact ink extents in whole pixels.
    """

    codepoints: tuple[str, ...]
    boxes: FloatArray


def write_layout(canvas: Mask, layout: Layout, hand: Hand, rng: np.random.Generator) -> Written:
    """Writes every character of a layout that the hand can draw.

    Args:
        canvas: uint8 (H, W) ink, drawn on in place.
        layout: what to write where, on a page of the canvas's size.
        hand: the writer.
        rng: the source of randomness.
    """
    codepoints: list[str] = []
    boxes: list[tuple[int, int, int, int]] = []
    tips: list[tuple[tuple[float, float], tuple[float, float]]] = []
    for codepoint, box, place in zip(layout.codepoints, layout.boxes.tolist(), places_of(layout), strict=True):
        ink = hand.draw(codepoint, (box[3] - box[1], box[2] - box[0]), rng, layout.nominal, place)
        placed = paste_ink(canvas, ink, ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)) if ink is not None else None
        if ink is not None and placed is not None:
            codepoints.append(codepoint)
            boxes.append(placed)
            tips.append(_tips(ink, placed))
    array = np.array(boxes, np.float32).reshape(-1, 4)
    _join(canvas, array, tips, hand, layout.nominal, rng)
    return Written(tuple(codepoints), array)


def places_of(layout: Layout) -> list[Place]:
    """Where in its column each character of a layout stands."""
    places = [Place()] * len(layout.codepoints)
    for column in group_columns(layout.boxes):
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


def _tips(ink: Mask, box: tuple[int, int, int, int]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the first stroke of a character starts and its last one ends, about: x, y of the top and of the bottom."""
    depth = max(ink.shape[0] // 12, 1)
    top, bottom = ink[:depth].max(axis=0), ink[-depth:].max(axis=0)
    first, last = (
        float(np.median(np.flatnonzero(top >= top.max()))),
        float(np.median(np.flatnonzero(bottom >= bottom.max()))),
    )
    return (box[0] + first, box[1] + depth / 2), (box[0] + last, box[3] - depth / 2)


def _join(
    canvas: Mask,
    boxes: FloatArray,
    tips: list[tuple[tuple[float, float], tuple[float, float]]],
    hand: Hand,
    nominal: float,
    rng: np.random.Generator,
) -> None:
    width = hand.style.stroke * nominal
    for upper, lower in enumerate(successors(boxes)):
        if lower < 0 or rng.random() >= hand.style.joining or boxes[lower, 1] - boxes[upper, 3] > JOIN_GAP * nominal:
            continue
        start, stop = np.array(tips[upper][1]), np.array(tips[lower][0])
        if np.hypot(*(stop - start)) > 0.9 * nominal:
            continue
        bow = rng.normal(0, 0.12) * nominal
        middle = (start + stop) / 2 + np.array([bow, 0.0])
        ends = rng.uniform(0.35, 0.8, 2)
        widths = width * np.array([ends[0], 0.4, ends[1]])
        value = int(255 * min(hand.style.density, 1.0) * rng.uniform(0.6, 1.0))
        draw_curve(canvas, np.stack([start, middle, stop]), widths, value)
