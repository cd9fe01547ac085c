"""Heatmaps as pictures."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.files import atomic_bytes
from kuzushiji_submit.interpretation.matrix import encode_png

SIDE = 132  # pixels of one panel
_GAP = 6
_HEAT = 0.65  # opacity where the heat is highest


def write_panels(path: Path, images: Sequence[NDArray[np.uint8]]) -> None:
    """Writes pictures of equal size side by side as PNG.

    Raises:
        OutputError: if the file cannot be written.
    """
    gap = np.full((images[0].shape[0], _GAP, 3), 255, np.uint8)
    parts = [images[0]]
    for image in images[1:]:
        parts += [gap, image]
    atomic_bytes(path, encode_png(np.concatenate(parts, axis=1)))


def show_ink(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Ink float32 (s, s) in [0, 1] as a network sees it -> uint8 (SIDE, SIDE, 3), black on white, pixels to be seen."""
    gray = (255 * (1 - image)).round().astype(np.uint8)
    large = cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2RGB), np.uint8)


def lay_over(image: NDArray[np.float32], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The same with heat float32 (s, s) in [0, 1] over it: the warmer, the higher and the more opaque."""
    base = show_ink(image).astype(np.float32)
    large = cv2.resize(heat, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR).clip(0, 1)
    colors = mpl.colormaps["turbo"](large)[:, :, :3].astype(np.float32) * 255
    opacity = (_HEAT * large)[:, :, None]
    return np.asarray((base * (1 - opacity) + colors * opacity).round(), np.uint8)
