"""The array types of the package."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating]
Mask: TypeAlias = npt.NDArray[np.uint8]
Flags: TypeAlias = npt.NDArray[np.bool_]
Image: TypeAlias = npt.NDArray[np.uint8]
Color: TypeAlias = tuple[float, float, float]


def as_uint8(array: object) -> Mask:
    """An array that is uint8 already, as OpenCV returns it without saying so; others are cut to it."""
    return np.asarray(array, dtype=np.uint8)


def as_float32(array: object) -> FloatArray:
    """An array that is float32 already, as OpenCV returns it without saying so; others are converted."""
    return np.asarray(array, dtype=np.float32)
