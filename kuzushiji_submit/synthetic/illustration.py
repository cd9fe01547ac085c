"""Pictures in the manner of block prints, never annotated: people, houses, landscapes, things on a table."""

from collections.abc import Callable

import cv2
import numpy as np

from kuzushiji_submit.synthetic.brush import draw_curve, draw_line, fill_outline
from kuzushiji_submit.synthetic.figures import blob, draw_figure, draw_outline, draw_thing, fill_pattern
from kuzushiji_submit.synthetic.plants import draw_pine, draw_plant
from kuzushiji_submit.synthetic.types import FloatArray, Mask

SMALLEST = 24


def draw_picture(canvas: Mask, area: tuple[float, float, float, float], line: float, rng: np.random.Generator) -> None:
    """Draws a scene.

    Args:
        canvas: uint8 (H, W) ink, drawn on in place.
        area: x0, y0, x1, y1 in pixels; the part outside the canvas is left out.
        line: stroke width in pixels.
        rng: the source of randomness.
    """
    x0, y0 = max(int(area[0]), 0), max(int(area[1]), 0)
    x1, y1 = min(int(area[2]), canvas.shape[1]), min(int(area[3]), canvas.shape[0])
    if x1 - x0 < SMALLEST or y1 - y0 < SMALLEST:
        return
    scene = np.zeros((y1 - y0, x1 - x0), np.uint8)
    kinds: tuple[Callable[[Mask, float, np.random.Generator], None], ...] = (
        _people,
        _people,
        _landscape,
        _table,
        _garden,
    )
    kinds[int(rng.integers(len(kinds)))](scene, line, rng)
    np.maximum(canvas[y0:y1, x0:x1], scene, out=canvas[y0:y1, x0:x1])


def _people(scene: Mask, line: float, rng: np.random.Generator) -> None:
    """People in a room or before a house, the nearer the lower and larger."""
    height, width = scene.shape
    if rng.random() < 0.7:
        _house(scene, line, rng)
    if rng.random() < 0.4:
        draw_pine(scene, line, rng)
    if rng.random() < 0.5:
        _ground(scene, line, rng)
    base = rng.uniform(0.28, 0.55) * min(height, 1.3 * width)
    count = int(np.clip(rng.poisson(0.7 * width * height / base**2), 1, 9))
    for foot_y in np.sort(rng.uniform(0.45, 0.98, count)):
        size = base * (0.65 + 0.45 * foot_y)
        draw_figure(scene, np.array([rng.uniform(0.08, 0.92) * width, foot_y * height]), size, line, rng)


def _landscape(scene: Mask, line: float, rng: np.random.Generator) -> None:
    """Hills, pines, waves and grass."""
    height, width = scene.shape
    for base in np.sort(rng.uniform(0.2, 0.8, int(rng.integers(2, 5)))):
        xs = np.linspace(-0.1, 1.1, 9) * width
        ys = (base + 0.09 * rng.standard_normal(9)) * height
        hill = np.stack([xs, ys], axis=1)
        fill_outline(scene, np.vstack([hill, [(1.1 * width, height * 1.1), (-0.1 * width, height * 1.1)]]), 0)
        draw_curve(scene, hill, line * rng.uniform(0.6, 1.8, 9))
        for _ in range(int(rng.integers(3, 30))):
            place = int(rng.integers(1, 8))
            start = hill[place] + rng.uniform((-0.5, 0.1), (0.5, 1.0)) * (0.1 * width, 0.12 * height)
            draw_curve(
                scene, np.stack([start, start + rng.normal((0.03, 0.05), 0.02) * height]), np.array([0.9, 0.4]) * line
            )
    for _ in range(int(rng.integers(1, 4))):
        draw_pine(scene, line, rng)
    _ground(scene, line, rng)
    if rng.random() < 0.4:
        _waves(scene, line, rng)
    for _ in range(int(rng.integers(0, 3))):
        draw_figure(scene, rng.uniform((0.1, 0.6), (0.9, 0.95)) * (width, height), 0.2 * min(height, width), line, rng)


def _table(scene: Mask, line: float, rng: np.random.Generator) -> None:
    """Trays, bowls and boxes, drawn in outline."""
    height, width = scene.shape
    size = rng.uniform(0.12, 0.3) * min(height, width)
    if rng.random() < 0.5:
        corners = np.array([(0.06, 0.1), (0.94, 0.1), (0.94, 0.9), (0.06, 0.9), (0.06, 0.1)]) * (width, height)
        for start, stop in zip(corners[:-1].tolist(), corners[1:].tolist(), strict=True):
            draw_line(scene, (start[0], start[1]), (stop[0], stop[1]), line, rng)
    for _ in range(int(np.clip(rng.poisson(0.25 * width * height / size**2), 1, 12))):
        draw_thing(scene, rng.uniform((0.15, 0.15), (0.85, 0.85)) * (width, height), size, line, rng)


def _garden(scene: Mask, line: float, rng: np.random.Generator) -> None:
    """Plants as in a book of herbs: a few stems with leaves and flowers, and a pine now and then."""
    height, width = scene.shape
    size = rng.uniform(0.5, 0.9) * height
    for x in rng.uniform(0.15, 0.85, int(np.clip(rng.poisson(2.0 * width / height), 1, 7))):
        draw_plant(scene, np.array([x * width, rng.uniform(0.85, 0.98) * height]), size, line, rng)
    if rng.random() < 0.25:
        draw_pine(scene, line, rng)
    if rng.random() < 0.4:
        _ground(scene, line, rng)


def _house(scene: Mask, line: float, rng: np.random.Generator) -> None:
    """Slanting parallel beams with upright posts, lattice, and a dark opening now and then."""
    height, width = scene.shape
    slope = rng.uniform(-0.35, 0.35)
    tops = np.sort(rng.uniform(0, 0.6, int(rng.integers(3, 7)))) * height
    for y in tops:
        for gap in (0.0, rng.uniform(3, 8) * line):
            draw_line(scene, (0, y + gap), (width, y + gap + slope * width), line * rng.uniform(0.5, 1.2), rng)
    for x in rng.uniform(0, width, int(rng.integers(2, 6))):
        start, stop = tops[0] + slope * x, tops[0] + slope * x + rng.uniform(0.3, 0.9) * height
        for gap in (0.0, rng.uniform(4, 9) * line):
            draw_line(scene, (x + gap, start), (x + gap, stop), line * rng.uniform(0.5, 1.5), rng)
    x0, x1 = np.sort(rng.uniform(0, width, 2))
    if rng.random() < 0.6:
        for x in np.arange(x0, x1, rng.uniform(4, 12) * line):
            draw_line(scene, (x, tops[0] + slope * x), (x, tops[-1] + slope * x), 0.6 * line, rng)
    if rng.random() < 0.6:
        _roof(scene, line, rng)
    if rng.random() < 0.4:
        low, high = tops[0], tops[-1]
        door = np.array(
            [(x0, low + slope * x0), (x1, low + slope * x1), (x1, high + slope * x1), (x0, high + slope * x0)]
        )
        fill_pattern(scene, door, line, rng)


def _roof(scene: Mask, line: float, rng: np.random.Generator) -> None:
    """An eave with rafters that reaches into the picture from above, covering what lies behind."""
    height, width = scene.shape
    left, right = np.sort(rng.uniform(-0.1, 1.1, 2)) * width
    right = max(right, left + 0.3 * width)
    top, deep, lean = rng.uniform(0.0, 0.12) * height, rng.uniform(0.1, 0.22) * height, rng.uniform(-0.25, 0.25) * width
    corners = np.array([(left, top), (right, top), (right + lean, top + deep), (left + lean, top + deep)])
    cv2.fillConvexPoly(scene, np.round(corners).astype(np.int32), 0)
    along = np.linspace(0, 1, max(int((right - left) / (rng.uniform(8, 16) * line)), 2))
    for part in along:
        x = left + part * (right - left)
        draw_line(scene, (x, top), (x + lean, top + deep), 0.7 * line, rng)
    for y, thick in ((0.0, 1.0), (0.94, 0.8), (1.0, 1.8)):
        shift = y * lean
        draw_line(scene, (left + shift, top + y * deep), (right + shift, top + y * deep), thick * line, rng)


def _ground(scene: Mask, line: float, rng: np.random.Generator) -> None:
    """Low lines across, and blades of grass."""
    height, width = scene.shape
    for _ in range(int(rng.integers(1, 5))):
        xs = np.linspace(0, width, 7)
        ys = rng.uniform(0.5, 1.0) * height + np.cumsum(rng.normal(0, 0.02, 7)) * height
        draw_curve(scene, np.stack([xs, ys], axis=1), line * rng.uniform(0.3, 1.2, 7))
    for _ in range(int(rng.integers(0, 60))):
        start = rng.uniform((0, 0.6), (1, 1)) * (width, height)
        tip = start + rng.normal((0, -0.02), (0.008, 0.01)) * height
        draw_curve(scene, np.stack([start, tip]), np.array([0.8, 0.4]) * line)


def _waves(scene: Mask, line: float, rng: np.random.Generator) -> None:
    """Rows of scales or rippling lines."""
    height, width = scene.shape
    top, step = rng.uniform(0.5, 0.8) * height, rng.uniform(8, 18) * line
    for row, y in enumerate(np.arange(top, height, 0.6 * step)):
        for x in np.arange((row % 2) * step / 2, width, step):
            points: FloatArray = blob(np.array([x, y]), (0.5 * step, 0.5 * step), 8, 0.05, rng)
            draw_outline(scene, points, 0.5 * line, rng)
