"""Boxes of a page cut out and brought to one size: the same function for training and for prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.prepared import PreparedPage
from kuzushiji_submit.core.page.same_ink import require_trained_ink

SMALLEST_CROP, LARGEST_CROP = 16, 256
RESIZES = ("fit", "squish", "context")
# Beyond this many pixels a coordinate is as good as infinite; the bound keeps the integer arithmetic exact.
FAR = float(2**30)
# Numbers that a crop carries beside its pixels.
GEOMETRY = 3


@dataclass(frozen=True)
class CropConfig:
    """How a box becomes a crop.

    Attributes:
        size: side of the square crop in pixels, 16 to 256.
        margin: how much wider and higher the window is than its box on each side, as a fraction of the box.
        resize: "fit" keeps the aspect ratio and pads the shorter side; "squish" fills the square; "context" cuts a
            square around the box's center, with whatever stands there.
        fill: the ink value of everything outside the page and of the padding; 0 is paper.
        context: with "context", the side of that square as a multiple of the box's longer side.

    Raises:
        ConfigError: if a value is out of its range.
    """

    size: int = 48
    margin: float = 0.06
    resize: str = "fit"
    fill: int = 0
    context: float = 2.2

    def __post_init__(self) -> None:
        if not SMALLEST_CROP <= self.size <= LARGEST_CROP:
            raise ConfigError(f"crop size must lie in {SMALLEST_CROP}..{LARGEST_CROP}, got {self.size}")
        if not 0 <= self.margin <= 1:
            raise ConfigError(f"crop margin must be a fraction of the box between 0 and 1, got {self.margin}")
        if self.resize not in RESIZES:
            raise ConfigError(f"crop resize must be one of {RESIZES}, got {self.resize!r}")
        if not 0 <= self.fill <= 255:
            raise ConfigError(f"crop fill must be an ink value between 0 and 255, got {self.fill}")
        if not 1 <= self.context <= 8:
            raise ConfigError(f"crop context must be a multiple of the box between 1 and 8, got {self.context}")


@dataclass(frozen=True, eq=False)
class Crops:
    """Boxes cut out of pages, and what their pixels alone no longer tell.

    Attributes:
        pixels: uint8 (N, S, S), 0 paper, 255 ink.
        geometry: float32 (N, 3): the box's width and its height as fractions of the window's side (of the longer one,
            where the window is no square), and the log of the box's longer side over the median of its page.

    Raises:
        ValueError: if an array has the wrong shape or type.
    """

    pixels: NDArray[np.uint8]
    geometry: NDArray[np.float32]

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) != 3 or shape[1] != shape[2]:
            raise ValueError(f"crops must be uint8 (N, S, S), got {self.pixels.dtype} {shape}")
        if self.geometry.dtype != np.float32 or self.geometry.shape != (len(self.pixels), GEOMETRY):
            raise ValueError(
                f"the geometry of {len(self.pixels)} crops must be float32 ({len(self.pixels)}, {GEOMETRY}), got "
                f"{self.geometry.dtype} {self.geometry.shape}"
            )

    @classmethod
    def empty(cls, size: int) -> Self:
        """No crops of a size."""
        return cls(np.zeros((0, size, size), np.uint8), np.zeros((0, GEOMETRY), np.float32))

    @classmethod
    def concatenate(cls, parts: Sequence["Crops"]) -> Self:
        """Several records of one size as one, in order; at least one."""
        return cls(np.concatenate([part.pixels for part in parts]), np.concatenate([part.geometry for part in parts]))

    def __len__(self) -> int:
        return len(self.pixels)

    def select(self, places: slice | NDArray[np.integer | np.bool_]) -> "Crops":
        """The crops at places, as NumPy indexes."""
        return Crops(self.pixels[places], self.geometry[places])


def crop_page(page: PreparedPage, boxes: NDArray[np.float32], config: CropConfig, trained_on: InkConfig) -> Crops:
    """Cuts N boxes out of a page's ink for a network: as `crop_boxes`.

    Args:
        page: the page.
        boxes: float32 (N, 4), xyxy in page pixels.
        config: the size and shape of the crops.
        trained_on: the ink that the network's weights name.

    Raises:
        WeightsError: if the page has another ink.
        ValueError: if the boxes have the wrong shape.
    """
    require_trained_ink(page.config, trained_on, "the ink of the page")
    return crop_boxes(page.ink, boxes, config)


def crop_boxes(image: NDArray[np.uint8], boxes: NDArray[np.float32], config: CropConfig) -> Crops:
    """Cuts N boxes out of a page and brings each to S x S.

    What lies outside the page is fill. A box without area, or with a coordinate that is not finite, gives a blank one.

    Args:
        image: uint8 (H, W), the ink of a page: 0 paper, 255 ink.
        boxes: float32 (N, 4), xyxy in page pixels, all of one page: their median size is part of the geometry.
        config: the size and shape of the crops.

    Raises:
        ValueError: if an argument has the wrong shape or type.
    """
    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(f"the ink of a page must be uint8 (H, W), got {image.dtype} {image.shape}")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must have shape (N, 4), got {boxes.shape}")
    exact = np.clip(np.nan_to_num(boxes.astype(np.float64)), -FAR, FAR)
    has_area = np.asarray((exact[:, 2:] > exact[:, :2]).all(axis=1) & np.isfinite(boxes).all(axis=1))
    whole = _windows(exact, config)
    pixels = np.full((len(boxes), config.size, config.size), config.fill, np.uint8)
    windows, targets = _visible_windows(whole, has_area, image.shape, config)
    for crop, (x0, y0, x1, y1), (left, top, right, bottom) in zip(pixels, windows, targets, strict=True):
        if x0 < x1 and y0 < y1:
            crop[top:bottom, left:right] = _resize(image[y0:y1, x0:x1], bottom - top, right - left)
    return Crops(pixels, _geometry(exact, has_area, whole))


def _geometry(
    boxes: NDArray[np.float64], has_area: NDArray[np.bool_], windows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """The rows of `Crops.geometry`; 0 for a box without area."""
    geometry = np.zeros((len(boxes), GEOMETRY), np.float32)
    if not has_area.any():
        return geometry
    sides = (boxes[:, 2:] - boxes[:, :2])[has_area]  # (n, 2)
    longer = sides.max(axis=1)
    window = (windows[:, 2:] - windows[:, :2]).max(axis=1)[has_area]
    geometry[has_area, :2] = sides / window[:, None]
    geometry[has_area, 2] = np.log(longer / np.median(longer))
    return geometry


def _visible_windows(
    windows: NDArray[np.int64], has_area: NDArray[np.bool_], page_hw: tuple[int, ...], config: CropConfig
) -> tuple[list[list[int]], list[list[int]]]:
    """The part of each window that lies on the page, and where on the crop it belongs; both int xyxy, N lists."""
    sides = np.maximum(windows[:, 2:] - windows[:, :2], 1)  # (N, 2) width, height
    longest = sides.max(axis=1, keepdims=True) if config.resize != "squish" else sides
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


def _windows(boxes: NDArray[np.float64], config: CropConfig) -> NDArray[np.int64]:
    """What is cut for each box, int64 (N, 4): the box and its margin, rounded outwards, or the square around it."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    if config.resize == "context":
        side = np.ceil(config.context * sides.max(axis=1, keepdims=True))  # (N, 1)
        low = np.rint((boxes[:, :2] + boxes[:, 2:] - side) / 2)
        return np.concatenate([low, low + side], axis=1).astype(np.int64)
    low = np.floor(boxes[:, :2] - sides * config.margin)
    high = np.ceil(boxes[:, 2:] + sides * config.margin)
    return np.concatenate([low, high], axis=1).astype(np.int64)


def _resize(window: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Shrinks by area, then enlarges linearly: INTER_AREA alone aliases where only one axis shrinks."""
    shrunk_wh = (min(width, window.shape[1]), min(height, window.shape[0]))
    resized = cv2.resize(window, shrunk_wh, interpolation=cv2.INTER_AREA)
    if shrunk_wh != (width, height):
        resized = cv2.resize(resized, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)
