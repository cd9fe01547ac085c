"""Boxes of a page cut out and brought to one size: the same function for training and for prediction."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.errors import ConfigError

CROP_SIZES = (32, 48, 64)
RESIZES = ("fit", "squish")
# Beyond this many pixels a coordinate is as good as infinite; the bound keeps the integer arithmetic exact.
FAR = float(2**30)


@dataclass(frozen=True)
class CropConfig:
    """How a box becomes a crop.

    Attributes:
        size: side of the square crop in pixels, 32, 48 or 64.
        margin: how much wider and higher the window is than its box on each side, as a fraction of the box.
        resize: "fit" keeps the aspect ratio and pads the shorter side; "squish" fills the square.
        fill: the ink value of everything outside the page and of the padding; 0 is paper.

    Raises:
        ConfigError: if a value is out of its range.
    """

    size: int = 48
    margin: float = 0.06
    resize: str = "fit"
    fill: int = 0

    def __post_init__(self) -> None:
        if self.size not in CROP_SIZES:
            raise ConfigError(f"crop size must be one of {CROP_SIZES}, got {self.size}")
        if not 0 <= self.margin <= 1:
            raise ConfigError(f"crop margin must be a fraction of the box between 0 and 1, got {self.margin}")
        if self.resize not in RESIZES:
            raise ConfigError(f"crop resize must be one of {RESIZES}, got {self.resize!r}")
        if not 0 <= self.fill <= 255:
            raise ConfigError(f"crop fill must be an ink value between 0 and 255, got {self.fill}")


def crop_boxes(image: NDArray[np.uint8], boxes: NDArray[np.float32], config: CropConfig) -> NDArray[np.uint8]:
    """Cuts N boxes out of a page and brings each to S x S.

    What lies outside the page is fill. A box without area, or with a coordinate that is not finite, gives a blank one.

    Args:
        image: uint8 (H, W), the ink of a page: 0 paper, 255 ink.
        boxes: float32 (N, 4), xyxy in page pixels.
        config: the size and shape of the crops.

    Returns:
        uint8 (N, S, S).

    Raises:
        ValueError: if an argument has the wrong shape or type.
    """
    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(f"the ink of a page must be uint8 (H, W), got {image.dtype} {image.shape}")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must have shape (N, 4), got {boxes.shape}")
    crops = np.full((len(boxes), config.size, config.size), config.fill, np.uint8)
    windows, targets = _visible_windows(boxes, image.shape, config)
    for crop, (x0, y0, x1, y1), (left, top, right, bottom) in zip(crops, windows, targets, strict=True):
        if x0 < x1 and y0 < y1:
            crop[top:bottom, left:right] = _resize(image[y0:y1, x0:x1], bottom - top, right - left)
    return crops


def _visible_windows(
    boxes: NDArray[np.float32], page_hw: tuple[int, ...], config: CropConfig
) -> tuple[list[list[int]], list[list[int]]]:
    """The part of each window that lies on the page, and where on the crop it belongs; both int xyxy, N lists."""
    windows, has_area = _windows(boxes, config.margin)
    sides = np.maximum(windows[:, 2:] - windows[:, :2], 1)  # (N, 2) width, height
    longest = sides.max(axis=1, keepdims=True) if config.resize == "fit" else sides
    scale = config.size / longest  # (N, 1) or (N, 2)
    offset = (config.size - sides * scale) / 2  # (N, 2)
    page_wh = np.array([page_hw[1], page_hw[0]], np.int64)
    start = np.clip(windows[:, :2], 0, page_wh)
    stop = np.clip(windows[:, 2:], 0, page_wh)
    stop[~has_area] = start[~has_area]
    low = np.rint((start - windows[:, :2]) * scale + offset)
    high = np.rint((stop - windows[:, :2]) * scale + offset)
    # A sliver thinner than a pixel of the crop still shows as one.
    low = np.clip(low, 0, config.size - 1)
    high = np.clip(high, low + 1, config.size)
    visible = np.concatenate([start, stop], axis=1)
    return visible.tolist(), np.concatenate([low, high], axis=1).astype(np.int64).tolist()


def _windows(boxes: NDArray[np.float32], margin: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Boxes widened by the margin and rounded outwards, int64 (N, 4), and which boxes have an area, bool (N,)."""
    exact = np.clip(np.nan_to_num(boxes.astype(np.float64)), -FAR, FAR)
    sides = exact[:, 2:] - exact[:, :2]
    has_area = np.asarray((sides > 0).all(axis=1) & np.isfinite(boxes).all(axis=1))
    spread = np.maximum(sides, 0) * margin
    low = np.floor(exact[:, :2] - spread)
    high = np.ceil(exact[:, 2:] + spread)
    return np.concatenate([low, high], axis=1).astype(np.int64), has_area


def _resize(window: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Shrinks by area, then enlarges linearly: INTER_AREA alone aliases where only one axis shrinks."""
    shrunk_wh = (min(width, window.shape[1]), min(height, window.shape[0]))
    resized = cv2.resize(window, shrunk_wh, interpolation=cv2.INTER_AREA)
    if shrunk_wh != (width, height):
        resized = cv2.resize(resized, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)
