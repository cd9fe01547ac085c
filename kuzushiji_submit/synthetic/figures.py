"""The figures of a picture: people in robes, vessels and boxes, and the patterns that fill them."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    """Draws a person in a robe, standing or seated.

    Args:
        scene: uint8 (H, W) ink, drawn on in place.
        foot: x, y of where the person stands, in pixels.
        size: height of the person in pixels.
        line: stroke width in pixels.
        rng: the source of randomness.
    """
    pose = _Pose(foot, size, float(rng.choice([-1.0, 1.0])), bool(rng.random() < 0.35), rng.normal(0, 0.06))
    hem = rng.uniform(0.2, 0.3) if not pose.seated else rng.uniform(0.34, 0.48)
    if not pose.seated:
        for side in (-0.1, 0.1):
            _limb(scene, pose, [(side, -0.14), (side, -0.03), (side + 0.11, -0.01), (side + 0.02, 0.0)], line, rng)
    robe = [
        (-0.05, -0.82), (-0.16, -0.75), (-0.15, -0.48), (-hem, -0.1), (0.0, -0.06), (hem, -0.1), (0.15, -0.48),
        (0.16, -0.75), (0.05, -0.82),
    ]  # fmt: skip
    _cloth(scene, pose, robe, line, rng, patterned=rng.random() < 0.4)
    for start in rng.uniform(-0.12, 0.12, int(rng.integers(2, 6))):
        fold = [(start, -0.4), (1.4 * start + rng.normal(0, 0.02), -0.26), (1.9 * start, -0.12)]
        draw_curve(scene, pose.places(fold), line * np.array([0.5, 1.1, 0.4]))
    sash = [(-0.155, -0.52), (0.155, -0.52), (0.165, -0.43), (-0.165, -0.43)]
    _cloth(scene, pose, sash, line, rng, patterned=rng.random() < 0.7)
    for side in (-1.0, 1.0):
        _sleeve(scene, pose, side, line, rng)
    for side in (-1.0, 1.0):
        collar = [(side * 0.06, -0.83), (side * 0.02, -0.7), (-side * 0.05, -0.54)]
        draw_curve(scene, pose.places(collar), line * np.array([1.5, 1.2, 0.8]))
    _head(scene, pose.places([(0.02, -0.92)])[0], 0.1 * size, line, rng)


@dataclass(frozen=True)
class _Pose:
    """Where and how a person stands: parts of the body's height become pixels."""

    foot: FloatArray
    size: float
    facing: float
    seated: bool
    lean: float

    def places(self, parts: Sequence[tuple[float, float]]) -> FloatArray:
        """(N, 2) x, y in pixels; a seated body is lower below the waist."""
        points = np.array(parts, np.float64)
        if self.seated:
            points[:, 1] = np.where(points[:, 1] < -0.45, points[:, 1] + 0.25, points[:, 1] * 0.45)
        points[:, 0] = self.facing * points[:, 0] - self.lean * points[:, 1]
        return np.asarray(self.foot + points * self.size)


def _cloth(
    scene: Mask,
    pose: _Pose,
    parts: Sequence[tuple[float, float]],
    line: float,
    rng: np.random.Generator,
    *,
    patterned: bool,
) -> None:
    """A piece of clothing: covers what lies behind, and may have a pattern."""
    outline = pose.places(parts) + rng.normal(0, 0.008, (len(parts), 2)) * pose.size
    fill_outline(scene, outline, 0)
    if patterned:
        fill_pattern(scene, outline, line, rng)
    draw_outline(scene, outline, 1.2 * line, rng)


def _sleeve(scene: Mask, pose: _Pose, side: float, line: float, rng: np.random.Generator) -> None:
    """A wide sleeve that hangs from the forearm, with a hand at its end."""
    elbow = side * rng.uniform(0.22, 0.32), rng.uniform(-0.66, -0.52)
    wrist = elbow[0] + (0.14 if rng.random() < 0.7 else -0.12) + 0.04 * side, elbow[1] + rng.uniform(-0.04, 0.12)
    hand = blob(pose.places([wrist])[0], (0.035 * pose.size, 0.03 * pose.size), 7, 0.15, rng)
    fill_outline(scene, hand, 0)
    draw_outline(scene, hand, 0.8 * line, rng)
    drop = rng.uniform(0.12, 0.24)
    bag = [
        (side * 0.13, -0.77), elbow, (wrist[0], wrist[1] - 0.03), (wrist[0] - 0.01, wrist[1] + 0.04),
        (0.5 * (wrist[0] + elbow[0]), elbow[1] + drop), (side * 0.14, -0.58),
    ]  # fmt: skip
    _cloth(scene, pose, bag, line, rng, patterned=rng.random() < 0.35)
    fold = [(side * 0.15, -0.66), (0.5 * elbow[0] + side * 0.08, elbow[1] + 0.02), (elbow[0], elbow[1] + 0.5 * drop)]
    draw_curve(scene, pose.places(fold), line * np.array([0.4, 1.0, 0.4]))


def _limb(
    scene: Mask, pose: _Pose, parts: Sequence[tuple[float, float]], line: float, rng: np.random.Generator
) -> None:
    draw_curve(scene, pose.places(parts), line * rng.uniform(0.7, 1.2, len(parts)))


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
