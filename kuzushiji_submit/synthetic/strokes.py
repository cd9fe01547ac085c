"""Brings the strokes of a glyph to a width, thin strokes in proportion to thick ones.

A border moved inwards by one distance everywhere eats hairlines before it has thinned a downstroke. So every point
moves by what the stroke at its place needs:

    radius r of the stroke, read on its middle line      ####|####        r = 4
    wanted radius r' = w / 2 * (r / median r) ** p         ##|##          r' = 2: the border moves by r' - r

One power p, above the median, brings the thick strokes to a multiple of the median one, another the thin ones to a
part of it, however even or uneven the font's are.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from kuzushiji_submit.synthetic.noise import smooth_field
from kuzushiji_submit.synthetic.types import Flags, FloatArray, Mask, as_float32

MINIMUM_RADIUS = 0.45
STEADY = 0.45
POWERS = (0.4, 1.6)
EVEN = 1.01


@dataclass(frozen=True)
class StrokeMap:
    """The strokes of a glyph.

    Attributes:
        distance: float32 (H, W) signed distance from the border in pixels, above 0 inside.
        nearest: int32 (H, W) which of the points on the strokes' middle lines is nearest.
        radii: float32 (N,) radius of the stroke in pixels at those points, N at least 1.
    """

    distance: FloatArray
    nearest: npt.NDArray[np.int32]
    radii: FloatArray


def map_strokes(patch: FloatArray) -> StrokeMap:
    """Finds the strokes' border and middle lines.

    Args:
        patch: (H, W) opacity, 0 to 1; ink is above a half.
    """
    solid = (patch > 0.5).astype(np.uint8)
    if not solid.any() or solid.all():
        distance = np.full(patch.shape, 0.5 if solid.any() else -0.5, np.float32)
        return StrokeMap(distance, np.zeros(patch.shape, np.int32), np.full(1, MINIMUM_RADIUS, np.float32))
    inside = as_float32(cv2.distanceTransform(solid, cv2.DIST_L2, 5))
    outside = as_float32(cv2.distanceTransform(1 - solid, cv2.DIST_L2, 5))
    middle = _middle(inside, solid)
    _, labels = cv2.distanceTransformWithLabels(
        (~middle).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    radii = np.full(int(labels.max()) + 1, MINIMUM_RADIUS, np.float32)
    # The first pixel inside the border is half a pixel deep.
    radii[labels[middle]] = np.maximum(inside[middle] - 0.5, MINIMUM_RADIUS)
    # Labels count from 1.
    return StrokeMap(np.where(solid > 0, inside - 0.5, 0.5 - outside), np.asarray(labels - 1, np.int32), radii[1:])


def _middle(inside: FloatArray, solid: Mask) -> Flags:
    highest = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    return np.asarray((inside >= highest - 1e-3) & (solid > 0))


def with_stroke(
    patch: FloatArray,
    width: float,
    spread: tuple[float, float],
    pressure: float,
    roughness: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Redraws a glyph with strokes of another width.

    Args:
        patch: (H, W) opacity, 0 to 1, with room for growth at its sides.
        width: wanted median stroke width in pixels.
        spread: wanted widths of the thin strokes (10th percentile; below 1) and the thick ones (90th; above 1) against
            the median.
        pressure: relative deviation of the width along the strokes.
        roughness: unevenness of the border in pixels.
        rng: the source of randomness.

    Returns:
        (H, W) opacity, 0 to 1.
    """
    size_hw = patch.shape[0], patch.shape[1]
    strokes = map_strokes(patch)
    wanted = as_float32(0.5 * width * _relative(strokes.radii, spread).astype(np.float32))[strokes.nearest]
    if pressure > 0:
        wanted *= 1.0 + np.float32(pressure) * smooth_field(rng, size_hw, (5, 4))
    growth = np.maximum(wanted, MINIMUM_RADIUS) - strokes.radii[strokes.nearest]
    growth = np.minimum(growth, _room(strokes.distance))
    growth = as_float32(cv2.GaussianBlur(as_float32(growth), (0, 0), max(0.3 * width, 0.8)))
    unevenness = smooth_field(rng, size_hw, (size_hw[0] / 6, size_hw[1] / 6))
    return as_float32(np.clip(strokes.distance + growth + roughness * unevenness + 0.5, 0.0, 1.0))


def _relative(radii: FloatArray, spread: tuple[float, float]) -> FloatArray:
    """The wanted radii against the median one."""
    thin, median, thick = np.percentile(radii, (10, 50, 90))
    own = np.log(max(median / thin, EVEN)), np.log(max(thick / median, EVEN))
    below, above = (
        float(np.clip(abs(np.log(wanted)) / held, *POWERS)) for wanted, held in zip(spread, own, strict=True)
    )
    ratio = radii / median
    return np.asarray(np.where(ratio < 1, ratio**below, ratio**above))


def _room(distance: FloatArray) -> float:
    """By how much strokes may grow without filling the counters of a dense character."""
    between = distance[distance < 0]
    return STEADY * float(-between.mean()) if between.size else 0.0
