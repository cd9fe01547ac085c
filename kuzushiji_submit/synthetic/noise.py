"""Smooth random fields."""

import cv2
import numpy as np

from kuzushiji_submit.synthetic.types import FloatArray, as_float32


def smooth_field(rng: np.random.Generator, size_hw: tuple[int, int], cells_hw: tuple[float, float]) -> FloatArray:
    """A field of normal deviates interpolated from a coarse grid.

    Args:
        rng: the source of randomness.
        size_hw: height and width of the field.
        cells_hw: the number of grid cells down and across; at least 2 grid points are drawn each way.

    Returns:
        float32 of `size_hw`, mean about 0, deviation somewhat below 1.
    """
    grid_h, grid_w = max(2, round(cells_hw[0]) + 1), max(2, round(cells_hw[1]) + 1)
    grid = rng.standard_normal((grid_h, grid_w), dtype=np.float32)
    return as_float32(cv2.resize(grid, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_CUBIC))


def layered_field(rng: np.random.Generator, size_hw: tuple[int, int], cell: float, layers: int) -> FloatArray:
    """Fields of halving cell size and amplitude summed up: clouds.

    Args:
        rng: the source of randomness.
        size_hw: height and width of the field.
        cell: size in pixels of the largest cells.
        layers: how many fields.
    """
    total = np.zeros(size_hw, np.float32)
    for layer in range(layers):
        size = max(cell / 2**layer, 1.0)
        total += smooth_field(rng, size_hw, (size_hw[0] / size, size_hw[1] / size)) / 2**layer
    return total
