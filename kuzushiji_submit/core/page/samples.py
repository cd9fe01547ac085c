"""Samples of any depth as 8 bits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

WHITE = 255


def to_eight_bits(samples: NDArray[Any], maximum: float | None = None) -> NDArray[np.uint8]:
    """Scales whole numbers and floats to 0 ... 255, together over all channels.

    The range is that of the file's samples and not of their type, because scanners put 10, 12 or 14 bits into 16:

        samples        white is
        0 ... 255      255
        0 ... 4,000    4,095        the least 2^n - 1 that holds them, or `maximum` where that is smaller
        0.0 ... 1.0    1.0
        -3.0 ... 7.5   7.5          negative samples: the whole range is stretched, the smallest is black

    Args:
        samples: numbers or bools, any shape; what is not finite becomes white.
        maximum: the largest sample as the file says; believed unless a sample is larger.

    Returns:
        uint8, the same shape.
    """
    if samples.dtype == np.uint8:
        return np.asarray(samples, np.uint8)
    if not samples.size:
        return np.zeros(samples.shape, np.uint8)
    kind = np.float32 if samples.dtype.itemsize <= 2 else np.float64
    values: NDArray[np.floating[Any]] = samples.astype(kind)
    finite = np.isfinite(values)
    if not finite.any():
        return np.full(samples.shape, WHITE, np.uint8)
    lowest, highest = float(values[finite].min()), float(values[finite].max())
    whole = np.issubdtype(samples.dtype, np.integer) or np.issubdtype(samples.dtype, np.bool_)
    if lowest >= 0:
        lowest, highest = 0.0, _white_level(highest, maximum, whole=bool(whole))
    values[~finite] = highest
    scale = WHITE / (highest - lowest) if highest > lowest else 1.0
    return np.asarray(np.rint((values - lowest) * scale).clip(0, WHITE), np.uint8)


def scaled_note(kind: np.dtype[Any]) -> str:
    """What is said of samples of this type once they are scaled."""
    name = "floating-point" if np.issubdtype(kind, np.floating) else f"{kind.itemsize * 8}-bit"
    return f"{name} samples scaled to 8 bits"


def _white_level(highest: float, maximum: float | None, *, whole: bool) -> float:
    if not whole and highest <= 1:
        return 1.0
    level = max(float(WHITE), float(2 ** int(np.ceil(highest)).bit_length() - 1))
    return min(level, maximum) if maximum is not None and maximum >= highest > 0 else level


def on_white(colors: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lays what is partly transparent on white paper.

    Args:
        colors: uint8 (H, W, 3).
        alpha: uint8 (H, W), 0 where nothing is seen, 255 where all is.
    """
    share = alpha[..., None].astype(np.uint16)
    mixed = (colors * share + WHITE * (WHITE - share) + WHITE // 2) // WHITE
    return mixed.astype(np.uint8)
