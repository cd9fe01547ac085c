"""One character cut out of a page, or given as an image of its own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detection.ink import InkConfig, ink_map
from kuzushiji_submit.errors import ConfigError
from recognition.crops import CropConfig, Crops, crop_boxes


def cut_single(
    pixels: NDArray[np.uint8], box: Sequence[float] | None, crop: CropConfig, ink: InkConfig | None = None
) -> Crops:
    """One crop.

    Args:
        pixels: uint8 (H, W, 3) RGB, a page, or an image of one character.
        box: xyxy in pixels; None for the whole image.
        crop: how the recognizer wants it cut.
        ink: settings of the ink map.

    Raises:
        ConfigError: if nothing of the box lies on the page.
    """
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = box if box is not None else (0.0, 0.0, float(width), float(height))
    if not (max(x0, 0) < min(x1, width) and max(y0, 0) < min(y1, height)):
        raise ConfigError(f"box {x0:g} {y0:g} {x1:g} {y1:g} has no area on an image of {width} x {height} pixels")
    boxes = np.array([[x0, y0, x1, y1]], np.float32)
    return crop_boxes(ink_map(pixels, ink or InkConfig()), boxes, crop)
