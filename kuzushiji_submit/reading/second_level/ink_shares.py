"""How much ink lies in a box: next to none speaks against a character, nearly all for a stain or a frame."""

import numpy as np
from numpy.typing import NDArray


def ink_shares(ink: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """How dark boxes are.

    Args:
        ink: uint8 (H, W), 0 paper, 255 ink.
        boxes: float32 (N, 4) xyxy in page pixels.

    Returns:
        float32 (N,), 0 all paper to 1 all ink; 0 for a box off the page or without area.
    """
    height, width = ink.shape
    corners = np.nan_to_num(boxes.astype(np.float64))
    low = np.clip(np.floor(corners[:, :2]), 0, (width, height)).astype(np.intp)
    high = np.clip(np.ceil(corners[:, 2:]), 0, (width, height)).astype(np.intp)
    insides = [ink[y0:y1, x0:x1] for (x0, y0), (x1, y1) in zip(low.tolist(), high.tolist(), strict=True)]
    return np.array([inside.mean() / 255 if inside.size else 0.0 for inside in insides], np.float32)
