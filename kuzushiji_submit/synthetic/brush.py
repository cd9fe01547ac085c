"""Lines drawn with a brush or cut into a block."""

from collections.abc import Sequence

import cv2
import numpy as np

from kuzushiji_submit.synthetic.types import FloatArray, Mask, as_uint8

SHIFT = 3
FINER = 4


def draw_line(
    canvas: Mask,
    start: tuple[float, float],
    stop: tuple[float, float],
    width: float,
    rng: np.random.Generator,
    *,
    value: int = 255,
) -> None:
    """Draws a nearly straight line whose width varies and which breaks now and then.

    Args:
        canvas: uint8 (H, W) ink, drawn on in place.
        start: x, y in pixels.
        stop: x, y in pixels.
        width: line width in pixels.
        rng: the source of randomness.
        value: ink put down, 0 to 255.
    """
    length = float(np.hypot(stop[0] - start[0], stop[1] - start[1]))
    pieces = max(int(length / max(12 * width, 20)), 1)
    along = np.linspace(0, 1, pieces + 1)
    points = np.outer(1 - along, start) + np.outer(along, stop)
    points[1:-1] += rng.normal(0, 0.15 * width, (max(pieces - 1, 0), 2))
    widths = np.maximum(width * (1 + 0.2 * rng.standard_normal(pieces)), 1.0)
    for place in range(pieces):
        if rng.random() < 0.985:
            _segment(canvas, points[place], points[place + 1], widths[place], value)


def draw_curve(canvas: Mask, points: FloatArray, widths: FloatArray, value: int = 255) -> None:
    """Draws a smooth stroke through points.

    Args:
        canvas: uint8 (H, W) ink, drawn on in place.
        points: (N, 2) x, y in pixels, N at least 2.
        widths: (N,) stroke width at each point in pixels.
        value: ink put down, 0 to 255.
    """
    dense, dense_widths = _smooth(points, widths)
    for place in range(len(dense) - 1):
        _segment(canvas, dense[place], dense[place + 1], float(dense_widths[place]), value)


def draw_fine_curve(canvas: Mask, points: FloatArray, widths: FloatArray, value: int = 255) -> None:
    """Draws a smooth stroke whose width need not be whole pixels, so that it may taper.

    Args:
        canvas: uint8 (H, W) ink, drawn on in place; what lies outside it is left out.
        points: (N, 2) x, y in pixels, N at least 2.
        widths: (N,) stroke width at each point in pixels.
        value: ink put down, 0 to 255.
    """
    reach = float(np.max(widths)) + 0.25 * float(np.ptp(points, axis=0).max()) + 2
    left, top = np.maximum(np.floor(points.min(axis=0) - reach), 0).astype(int).tolist()
    right, bottom = np.minimum(np.ceil(points.max(axis=0) + reach), canvas.shape[::-1]).astype(int).tolist()
    if right <= left or bottom <= top:
        return
    fine = np.zeros(((bottom - top) * FINER, (right - left) * FINER), np.uint8)
    draw_curve(fine, (points - (left, top)) * FINER, widths * FINER, value)
    target = canvas[top:bottom, left:right]
    stroke = as_uint8(cv2.resize(fine, (right - left, bottom - top), interpolation=cv2.INTER_AREA))
    np.maximum(target, stroke, out=target)


def fill_outline(canvas: Mask, points: FloatArray, value: int) -> None:
    """Fills the smooth closed outline through (N, 2) points."""
    closed = np.vstack([points, points[:1]])
    dense, _ = _smooth(closed, np.ones(len(closed)))
    cv2.fillPoly(canvas, [np.round(dense * 2**SHIFT).astype(np.int32)], value, lineType=cv2.LINE_AA, shift=SHIFT)


def _smooth(points: FloatArray, widths: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points of a Catmull-Rom spline, 8 a stretch."""
    count = len(points)
    if count < 3:
        return np.asarray(points, np.float64), np.asarray(widths, np.float64)
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, 8, endpoint=False)[:, None]
    stretches = [_stretch(padded[place : place + 4], t) for place in range(count - 1)]
    dense = np.vstack([*stretches, points[-1:]])
    return dense, np.interp(np.linspace(0, count - 1, len(dense)), np.arange(count), widths)


def _stretch(control: FloatArray, t: FloatArray) -> FloatArray:
    before, start, stop, after = control
    linear, square = stop - before, 2 * before - 5 * start + 4 * stop - after
    cubic = 3 * start - before - 3 * stop + after
    return np.asarray(0.5 * (2 * start + linear * t + square * t**2 + cubic * t**3), np.float64)


def _segment(
    canvas: Mask, start: Sequence[float] | FloatArray, stop: Sequence[float] | FloatArray, width: float, value: int
) -> None:
    first, last = (tuple(round(float(part) * 2**SHIFT) for part in point) for point in (start, stop))
    cv2.line(canvas, first, last, value, max(round(float(width)), 1), cv2.LINE_AA, SHIFT)
