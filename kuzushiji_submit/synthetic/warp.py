"""A glyph bent, slanted and brought to a size in one sampling."""

import cv2
import numpy as np

from kuzushiji_submit.synthetic.types import FloatArray, Mask, as_float32


def warp_mask(
    mask: Mask, inner_hw: tuple[float, float], patch_hw: tuple[int, int], shifts: FloatArray, slant: float
) -> FloatArray:
    """The mask in the middle of a patch.

    Args:
        mask: uint8 (H, W) ink.
        inner_hw: height and width that the mask has there in pixels, before it is bent.
        patch_hw: height and width of the patch in pixels; it is empty beyond the mask.
        shifts: float32 (2, n, m), how far the knots of a grid over the patch look down and to the right, in pixels.
        slant: how far it looks to the right for each pixel down.

    Returns:
        float32 patch, 0 to 255.
    """
    shift_y, shift_x = (cv2.resize(layer, patch_hw[::-1], interpolation=cv2.INTER_CUBIC) for layer in shifts)
    from_center_y = np.arange(patch_hw[0], dtype=np.float32)[:, None] - np.float32((patch_hw[0] - 1) / 2)
    from_center_x = np.arange(patch_hw[1], dtype=np.float32)[None, :] - np.float32((patch_hw[1] - 1) / 2)
    y = from_center_y + shift_y
    x = from_center_x + shift_x + np.float32(slant) * from_center_y
    height, width = mask.shape
    map_y = y * np.float32(height / inner_hw[0]) + np.float32((height - 1) / 2)
    map_x = x * np.float32(width / inner_hw[1]) + np.float32((width - 1) / 2)
    return as_float32(cv2.remap(mask, map_x, map_y, cv2.INTER_LINEAR))
