"""Signs in the manner of seal script: even lines, upright and level, that fill the whole cell.

No free font of the hands holds seal script, and what a seal says is never annotated, so the signs say nothing; they
only look like it, put together from two or three parts:

    ┌─┐ │││   ═╪═
    ├─┤ └┼┘   │││
    └─┘  │    └┴┘
"""

from collections.abc import Callable

import cv2
import numpy as np

from kuzushiji_submit.synthetic.types import Mask

MINIMUM_PART = 7


def draw_seal_sign(size_hw: tuple[int, int], line: float, rng: np.random.Generator) -> Mask:
    """Draws one sign.

    Args:
        size_hw: height and width in pixels, at least 1 each.
        line: stroke width in pixels.
        rng: the source of randomness.

    Returns:
        uint8 (H, W) ink whose strokes reach all four sides.
    """
    sign = np.zeros(size_hw, np.uint8)
    width = max(round(line), 1)
    for top, left, bottom, right in _parts(size_hw, width, rng):
        part = sign[top:bottom, left:right]
        if min(part.shape) >= max(MINIMUM_PART, 3 * width):
            RADICALS[int(rng.integers(len(RADICALS)))](part, width, rng)
        else:
            part[:] = 255
    return sign


def _parts(size_hw: tuple[int, int], width: int, rng: np.random.Generator) -> list[tuple[int, int, int, int]]:
    """Side by side, one above the other, or one above two."""
    height, breadth = size_hw
    kind = int(rng.integers(4))
    gap = width if min(size_hw) > 8 * width else 0
    x, y = (int(rng.uniform(0.38, 0.62) * size) for size in (breadth, height))
    if kind == 0:
        return [(0, 0, height, x), (0, x + gap, height, breadth)]
    if kind == 1:
        return [(0, 0, y, breadth), (y + gap, 0, height, breadth)]
    if kind == 2:
        return [(0, 0, y, breadth), (y + gap, 0, height, x), (y + gap, x + gap, height, breadth)]
    return [(0, 0, height, breadth)]


def _spaced(length: int, width: int, rng: np.random.Generator) -> list[int]:
    """Where parallel lines lie, the first and the last at the ends."""
    most = max(length // (2 * width), 2)
    count = int(rng.integers(2, min(most, 5) + 1))
    return [round(place) for place in np.linspace(0, length - width, count)]


def _level(part: Mask, y: int, width: int) -> None:
    part[y : y + width] = 255


def _upright(part: Mask, x: int, width: int) -> None:
    part[:, x : x + width] = 255


def _box(part: Mask, width: int, rng: np.random.Generator) -> None:
    """A frame with bars: 日, 目."""
    for y in _spaced(part.shape[0], width, rng):
        _level(part, y, width)
    for x in (0, part.shape[1] - width):
        _upright(part, x, width)


def _comb(part: Mask, width: int, rng: np.random.Generator) -> None:
    """Uprights on a level line, at the foot or at the head: 山, 而."""
    for x in _spaced(part.shape[1], width, rng):
        _upright(part, x, width)
    _level(part, 0 if rng.random() < 0.5 else part.shape[0] - width, width)


def _stack(part: Mask, width: int, rng: np.random.Generator) -> None:
    """Level lines on an upright: 王, 丰."""
    for y in _spaced(part.shape[0], width, rng):
        _level(part, y, width)
    _upright(part, (part.shape[1] - width) // 2, width)


def _nested(part: Mask, width: int, rng: np.random.Generator) -> None:
    """Round legs within one another around an upright: 木, 水."""
    height, breadth = part.shape
    turned = rng.random() < 0.5
    drawn = np.zeros_like(part)
    half = breadth // 2
    for radius in range(half - (width + 1) // 2, width, -2 * width):
        reach = max(min(radius, height - width), 1)
        cv2.ellipse(drawn, (half, reach + width // 2), (radius, reach), 0, 180, 360, 255, width, cv2.LINE_AA)
        for x in (half - radius - width // 2, half + radius - width // 2):
            drawn[reach:, max(x, 0) : max(x, 0) + width] = 255
    _upright(drawn, (breadth - width) // 2, width)
    _level(drawn, height - width, width)
    np.maximum(part, drawn[::-1] if turned else drawn, out=part)


def _meander(part: Mask, width: int, rng: np.random.Generator) -> None:
    """A line that winds down: 弓, 己."""
    places = _spaced(part.shape[0], width, rng)
    for turn, (y, below) in enumerate(zip(places, [*places[1:], places[-1]], strict=True)):
        _level(part, y, width)
        x = 0 if turn % 2 else part.shape[1] - width
        part[y : below + width, x : x + width] = 255


RADICALS: tuple[Callable[[Mask, int, np.random.Generator], None], ...] = (_box, _comb, _stack, _nested, _meander)
