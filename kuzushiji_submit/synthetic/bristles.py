"""Dry brush: streaks of paper along the strokes, where the bristles part."""

import cv2
import numpy as np

from kuzushiji_submit.synthetic.noise import smooth_field
from kuzushiji_submit.synthetic.types import FloatArray, as_float32

BRISTLE = 2.5
DEEPEST = 0.8


def dry_brush(alpha: FloatArray, dryness: float, rng: np.random.Generator) -> FloatArray:
    """Takes ink away in streaks.

    Args:
        alpha: (H, W) opacity of strokes, 0 to 1.
        dryness: 0 for none, 1 for streaks everywhere.
        rng: the source of randomness.

    Returns:
        float32 (H, W) opacity.
    """
    height, width = alpha.shape
    size_hw = height, width
    down = smooth_field(rng, size_hw, (3, width / BRISTLE))
    across = smooth_field(rng, size_hw, (height / BRISTLE, 3))
    upright = _upright(alpha)
    streaks = upright * down + (1 - upright) * across + 0.6 * smooth_field(rng, size_hw, (4, 4))
    bare = np.clip((streaks - (2.0 - 2.4 * dryness)) * 1.5, 0.0, 1.0)
    return as_float32(alpha * (1.0 - DEEPEST * bare))


def _upright(alpha: FloatArray) -> FloatArray:
    """1 where strokes run down, 0 where they run across, by the slopes of their borders nearby."""
    sigma = max(min(alpha.shape) / 24, 1.5)
    sideways, lengthways = (
        cv2.GaussianBlur(np.abs(cv2.Sobel(as_float32(alpha), cv2.CV_32F, *order)), (0, 0), sigma)
        for order in ((1, 0), (0, 1))
    )
    return as_float32(sideways / (sideways + lengthways + 1e-6))
