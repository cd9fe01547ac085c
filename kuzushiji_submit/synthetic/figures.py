"""The figures of a picture: people in robes, vessels and boxes, and the patterns that fill them."""

import cv2
import numpy as np

from kuzushiji_submit.synthetic.brush import draw_curve, fill_outline
from kuzushiji_submit.synthetic.types import FloatArray, Mask

SOLID, HATCHED, CHECKED, DOTTED = range(4)


def blob(
    center: FloatArray, radii: tuple[float, float], points: int, uneven: float, rng: np.random.Generator
) -> FloatArray:
    """An uneven ellipse as (points, 2) x, y."""
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False) + rng.uniform(0, 1)
    reach = 1 + uneven * rng.standard_normal(points).clip(-2, 2)
    return center + np.stack([np.cos(angles) * radii[0] * reach, np.sin(angles) * radii[1] * reach], axis=1)


def draw_outline(scene: Mask, points: FloatArray, line: float, rng: np.random.Generator) -> None:
    """Draws the smooth closed outline through (N, 2) points with a swelling line."""
    closed = np.vstack([points, points[:1]])
    draw_curve(scene, closed, line * rng.uniform(0.5, 1.5, len(closed)))


def fill_pattern(scene: Mask, outline: FloatArray, line: float, rng: np.random.Generator) -> None:
    """Fills the smooth outline through (N, 2) points with black, hatching, checks or dots."""
    low = np.maximum(outline.min(axis=0).astype(int) - 2, 0)
    high = np.minimum(outline.max(axis=0).astype(int) + 3, scene.shape[::-1])
    if (high <= low).any():
        return
    part = scene[low[1] : high[1], low[0] : high[0]]
    mask = np.zeros(part.shape, np.uint8)
    fill_outline(mask, outline - low, 255)
    pattern = _pattern((part.shape[0], part.shape[1]), max(int(line * rng.uniform(3, 8)), 3), line, rng)
    np.maximum(part, np.minimum(mask, pattern), out=part)


def _pattern(size_hw: tuple[int, int], step: int, line: float, rng: np.random.Generator) -> Mask:
    pattern = np.zeros(size_hw, np.uint8)
    height, width = size_hw
    thin = max(round(0.5 * line), 1)
    kind = int(rng.integers(4))
    if kind == SOLID:
        pattern[:] = 245
    elif kind == HATCHED:
        lean = int(rng.uniform(-1, 1) * height)
        for x in range(-height, width + height, step):
            cv2.line(pattern, (x, 0), (x + lean, height), 230, thin, cv2.LINE_AA)
    elif kind == CHECKED:
        for place in range(0, max(size_hw), step):
            cv2.line(pattern, (place, 0), (place, height), 220, thin)
            cv2.line(pattern, (0, place), (width, place), 220, thin)
    else:
        for row, y in enumerate(range(step // 2, height, step)):
            for x in range(step // 2 + row % 2 * step, width, 2 * step):
                cv2.circle(pattern, (x, y), max(step // 3, 1), 230, -1, cv2.LINE_AA)
    return pattern


def draw_figure(scene: Mask, foot: FloatArray, size: float, line: float, rng: np.random.Generator) -> None:
    """Draws a person.

    Args:
        scene: uint8 (H, W) ink, drawn on in place.
        foot: x, y of where the person stands, in pixels.
        size: height of the person in pixels.
        line: stroke width in pixels.
        rng: the source of randomness.
    """
    lean = rng.normal(0, 0.08)
    hip, chest = foot + np.array([0, -0.25 * size]), foot + np.array([lean * size, -0.55 * size])
    _robe(scene, hip, (0.24 * size, 0.26 * size), line, rng)
    _robe(scene, chest, (0.2 * size, 0.2 * size), line, rng)
    for side in (-1, 1):
        sleeve = chest + np.array([side * rng.uniform(0.14, 0.26), rng.uniform(-0.05, 0.12)]) * size
        _robe(scene, sleeve, (0.11 * size, 0.14 * size), line, rng)
    collar = chest - np.array([0, 0.16 * size])
    for side in (-1, 1):
        end = chest + np.array([0.3 * side * rng.uniform(0, 0.2), 0.1]) * size
        draw_curve(scene, np.stack([collar + np.array([side * 0.06 * size, 0]), end]), line * np.array([1.4, 0.8]))
    _head(scene, chest - np.array([rng.normal(0, 0.03), 0.27]) * size, 0.1 * size, line, rng)


def _robe(scene: Mask, center: FloatArray, radii: tuple[float, float], line: float, rng: np.random.Generator) -> None:
    """One part of a robe: covers what lies behind, with folds and perhaps a pattern."""
    outline = blob(center, radii, 9, 0.14, rng)
    fill_outline(scene, outline, 0)
    if rng.random() < 0.45:
        fill_pattern(scene, outline, line, rng)
    draw_outline(scene, outline, 1.2 * line, rng)
    for _ in range(int(rng.integers(2, 6))):
        start = center + rng.uniform(-0.8, 0.8, 2) * radii
        bend = start + rng.normal((0, 0.25), 0.25) * radii
        fold = np.stack([start, bend, bend + rng.normal((0, 0.25), 0.25) * radii])
        draw_curve(scene, fold, line * rng.uniform(0.3, 1.4, 3))


def _head(scene: Mask, center: FloatArray, radius: float, line: float, rng: np.random.Generator) -> None:
    face = blob(center, (0.75 * radius, radius), 8, 0.05, rng)
    fill_outline(scene, face, 0)
    draw_outline(scene, face, 0.8 * line, rng)
    hair = blob(center - np.array([0, 0.75 * radius]), (0.75 * radius, 0.4 * radius), 7, 0.15, rng)
    fill_outline(scene, hair, 245)
    fill_outline(
        scene, blob(center - np.array([0.2 * radius, 1.2 * radius]), (0.3 * radius, 0.25 * radius), 6, 0.2, rng), 245
    )
    for side in (-0.35, 0.25):
        eye = center + np.array([side * radius, 0.0])
        draw_curve(scene, np.stack([eye, eye + np.array([0.22, 0.05]) * radius]), np.full(2, 0.7 * line))
        brow = eye - np.array([0.05, 0.3]) * radius
        draw_curve(
            scene, np.stack([brow, brow + np.array([0.3, rng.normal(0, 0.08)]) * radius]), np.full(2, 0.8 * line)
        )
    mouth = center + np.array([-0.1, 0.5]) * radius
    draw_curve(scene, np.stack([mouth, mouth + np.array([0.2, 0.02]) * radius]), np.full(2, 0.8 * line))


def draw_thing(scene: Mask, center: FloatArray, size: float, line: float, rng: np.random.Generator) -> None:
    """Draws a bowl, a round thing or a box of a size in pixels around a center (x, y)."""
    kind = int(rng.integers(3))
    x, y = (float(value) for value in center)
    half = 0.5 * size
    if kind == 0:
        rim = blob(center, (half, 0.2 * size), 10, 0.02, rng)
        side = np.array(
            [
                (x - half, y),
                (x - 0.35 * size, y + 0.4 * size),
                (x, y + 0.48 * size),
                (x + 0.35 * size, y + 0.4 * size),
                (x + half, y),
            ]
        )
        draw_curve(scene, side, line * rng.uniform(0.8, 1.4, 5))
        draw_outline(scene, rim, line, rng)
    elif kind == 1:
        outer = blob(center, (half, half * rng.uniform(0.6, 1.0)), 10, 0.03, rng)
        fill_outline(scene, outer, 0)
        draw_outline(scene, outer, line, rng)
        if rng.random() < 0.5:
            fill_pattern(scene, blob(center, (0.3 * size, 0.25 * size), 9, 0.05, rng), line, rng)
    else:
        lean = rng.uniform(-0.3, 0.3) * size
        corners = np.array(
            [
                (x - half, y - half),
                (x + half, y - half + 0.2 * lean),
                (x + half + lean, y + half),
                (x - half + lean, y + half),
            ]
        )
        for start, stop in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            draw_curve(scene, np.stack([start, stop]), line * rng.uniform(0.8, 1.3, 2))
