"""The plants of a picture: pines with fans of needles, stems with leaves and flowers."""

import numpy as np

from kuzushiji_submit.synthetic.brush import draw_curve, fill_outline
from kuzushiji_submit.synthetic.figures import blob, draw_outline, fill_pattern
from kuzushiji_submit.synthetic.types import FloatArray, Mask

UP = -np.pi / 2


def draw_pine(scene: Mask, line: float, rng: np.random.Generator) -> None:
    """Draws a crooked trunk whose branches carry fans of needles, each fan before the one behind.

    Args:
        scene: uint8 (H, W) ink, drawn on in place.
        line: stroke width in pixels.
        rng: the source of randomness.
    """
    height, width = scene.shape
    extent = min(height, width)
    root = np.array([rng.uniform(0, width), height * rng.uniform(0.7, 1.0)])
    steps = rng.normal((0, -0.13), (0.07, 0.03), (5, 2)) * extent
    trunk = np.vstack([root, root + np.cumsum(steps, axis=0)])
    thick = rng.uniform(0.025, 0.045) * extent
    side = np.array([thick, 0.0]) * np.linspace(1, 0.3, 6)[:, None]
    fill_outline(scene, np.vstack([trunk - side, (trunk + side)[::-1]]), 0)
    for edge in (trunk - side, trunk + side):
        draw_curve(scene, edge, line * rng.uniform(0.8, 1.6, 6))
    fan = rng.uniform(0.05, 0.08) * extent
    for place in range(1, 6):
        _branch(scene, trunk[place], fan, line, rng)


def _branch(scene: Mask, start: FloatArray, fan: float, line: float, rng: np.random.Generator) -> None:
    direction = float(rng.choice([-1.0, 1.0]))
    count = int(rng.integers(2, 6))
    steps = np.stack([direction * rng.uniform(0.7, 1.3, count), rng.normal(-0.05, 0.3, count)], axis=1) * fan
    points = start + np.vstack([np.zeros(2), np.cumsum(steps, axis=0)])
    draw_curve(scene, points, line * np.linspace(1.8, 0.9, len(points)))
    for point in points[1:]:
        for shift in rng.normal(0, 0.35, (int(rng.integers(1, 4)), 2)) * fan:
            _needles(scene, point + shift, fan * rng.uniform(0.7, 1.1), line, rng)


def _needles(scene: Mask, center: FloatArray, radius: float, line: float, rng: np.random.Generator) -> None:
    """A half round of needles from one point."""
    angles = np.linspace(UP - 1.5, UP + 1.5, int(rng.integers(9, 16))) + rng.normal(0, 0.05)
    tips = center + radius * np.stack([np.cos(angles), 0.75 * np.sin(angles)], axis=1)
    fill_outline(scene, np.vstack([tips, center[None]]), 0)
    for tip in tips:
        draw_curve(scene, np.stack([center, tip]), line * np.array([0.9, 0.5]))


def draw_plant(scene: Mask, root: FloatArray, size: float, line: float, rng: np.random.Generator) -> None:
    """Draws a plant with a bent stem, leaves at both sides and perhaps flowers.

    Args:
        scene: uint8 (H, W) ink, drawn on in place.
        root: x, y of where it grows, in pixels.
        size: height in pixels.
        line: stroke width in pixels.
        rng: the source of randomness.
    """
    bend = rng.normal(0, 0.12) * size
    heights = np.linspace(0, 1, int(rng.integers(5, 9)))
    stem = root + np.stack([bend * heights**2 + rng.normal(0, 0.01, len(heights)) * size, -size * heights], axis=1)
    draw_curve(scene, stem, line * np.linspace(1.6, 0.8, len(stem)))
    length, slender = rng.uniform(0.12, 0.26) * size, rng.uniform(0.15, 0.4)
    veined = rng.random() < 0.7
    for place, point in enumerate(stem[1:]):
        for side in (-1.0, 1.0) if rng.random() < 0.5 else ((-1.0) ** place,):
            angle = UP + side * rng.uniform(0.5, 1.4)
            _leaf(scene, point, angle, length * rng.uniform(0.7, 1.1), slender, line, rng, veined=veined)
    if rng.random() < 0.6:
        _flower(scene, stem[-1], rng.uniform(0.06, 0.12) * size, line, rng)


def _leaf(
    scene: Mask,
    base: FloatArray,
    angle: float,
    length: float,
    slender: float,
    line: float,
    rng: np.random.Generator,
    *,
    veined: bool,
) -> None:
    """A pointed leaf with its rib."""
    forward = np.array([np.cos(angle), np.sin(angle)])
    aside = np.array([-forward[1], forward[0]]) * slender
    parts = ((0.0, 0.0), (0.3, 0.8), (0.6, 0.7), (1.0, 0.0), (0.6, -0.7), (0.3, -0.8))
    outline = base + length * np.stack([along * forward + 0.6 * across * aside for along, across in parts])
    fill_outline(scene, outline, 0)
    if rng.random() < 0.12:
        fill_outline(scene, outline, 235)
    draw_outline(scene, outline, line, rng)
    rib = np.stack([base, base + 0.9 * length * forward])
    draw_curve(scene, rib, line * np.array([0.9, 0.4]))
    for along in (0.3, 0.5, 0.7) if veined else ():
        start = base + along * length * forward
        for side in (-1.0, 1.0):
            vein = np.stack([start, start + length * (0.13 * forward + 0.35 * (1 - along) * side * aside)])
            draw_curve(scene, vein, line * np.array([0.6, 0.3]))


def _flower(scene: Mask, center: FloatArray, radius: float, line: float, rng: np.random.Generator) -> None:
    """Petals around a middle."""
    count = int(rng.integers(5, 10))
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False) + rng.uniform(0, 1):
        middle = center + 0.65 * radius * np.array([np.cos(angle), np.sin(angle)])
        petal = blob(middle, (0.42 * radius, 0.42 * radius), 7, 0.08, rng)
        fill_outline(scene, petal, 0)
        draw_outline(scene, petal, 0.9 * line, rng)
    heart = blob(center, (0.28 * radius, 0.28 * radius), 7, 0.05, rng)
    fill_outline(scene, heart, 0)
    fill_pattern(scene, heart, line, rng)
    draw_outline(scene, heart, 0.9 * line, rng)
