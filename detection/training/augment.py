"""How training tiles are distorted: light, paper, ink, what shines through, seals. Never mirrored."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Tile = NDArray[np.uint8]


@dataclass(frozen=True)
class TileAugmentConfig:
    """How far tiles are distorted.

    Attributes:
        smallest: least median character size in a tile, pixels.
        largest: largest.
        rotate: largest turn, degrees.
        shear: largest slant.
        aspect: largest change of width against height, as a fraction.
        tint: largest change of a channel's light, as a fraction.
        contrast: largest change of how dark ink is, as a fraction.
        gray: how often color is taken away.
        thickness: how often strokes become thicker or thinner.
        blur: how often, with up to 1.2 pixels.
        noise: largest standard deviation of pixel noise, gray levels.
        shadow: largest depth of a soft shadow over the paper, gray levels.
        show_through: how often another tile, mirrored, shines through.
        seal: how often a red seal is stamped.

    Raises:
        ValueError: if a value is out of its range.
    """

    smallest: float = 20.0
    largest: float = 52.0
    rotate: float = 2.5
    shear: float = 0.05
    aspect: float = 0.12
    tint: float = 0.08
    contrast: float = 0.35
    gray: float = 0.15
    thickness: float = 0.35
    blur: float = 0.4
    noise: float = 8.0
    shadow: float = 25.0
    show_through: float = 0.2
    seal: float = 0.12

    def __post_init__(self) -> None:
        if not 0 < self.smallest <= self.largest:
            raise ValueError(f"augment needs 0 < smallest <= largest, got {self.smallest} and {self.largest}")
        if not all(value >= 0 for value in vars(self).values()):
            raise ValueError("augment takes no negative value")


def change_look(tile: Tile, back: Tile | None, config: TileAugmentConfig, rng: np.random.Generator) -> Tile:
    """Changes light, paper and ink of a levelled tile.

    Args:
        tile: uint8 (S, S, 3) RGB, paper about 255.
        back: uint8 (S, S, 3), what is on the back of the leaf and shines through, if anything.
        config: how far.
        rng: the source of randomness.
    """
    if rng.random() < config.thickness:
        tile = _change_thickness(tile, rng)
    if back is not None:
        tile = _show_through(tile, back, rng)
    if rng.random() < config.seal:
        tile = _stamp(tile, rng)
    if rng.random() < config.blur:
        tile = np.asarray(cv2.GaussianBlur(tile, (0, 0), rng.uniform(0.3, 1.2)), np.uint8)
    if rng.random() < config.gray:
        gray = cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY)
        tile = np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)
    return _change_light(tile, config, rng)


def _change_thickness(tile: Tile, rng: np.random.Generator) -> Tile:
    """Blends a tile with its erosion (thicker strokes) or its dilation (thinner ones) by one pixel."""
    kernel = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    changed = cv2.erode(tile, kernel) if rng.random() < 0.5 else cv2.dilate(tile, kernel)
    part = rng.uniform(0.2, 0.8)
    return np.asarray(cv2.addWeighted(changed, part, tile, 1 - part, 0), np.uint8)


def _show_through(tile: Tile, back: Tile, rng: np.random.Generator) -> Tile:
    """The back of the leaf, mirrored and blurred, as seen through the paper."""
    ghost = cv2.GaussianBlur(np.ascontiguousarray(back[:, ::-1]), (0, 0), rng.uniform(0.8, 2.5))
    veil = 255 - (255 - np.asarray(ghost, np.float32)) * rng.uniform(0.08, 0.4)
    return (np.asarray(tile, np.float32) * veil / 255).astype(np.uint8)


def _stamp(tile: Tile, rng: np.random.Generator) -> Tile:
    """A seal: red strokes in a red frame, or a red field with strokes left out; light goes through red untouched."""
    size = tile.shape[0]
    height, width = (int(side) for side in rng.uniform(0.1, 0.5, 2) * size)
    mask = np.zeros((max(height, 8), max(width, 8)), np.uint8)
    for _ in range(int(rng.integers(4, 14))):
        points = (rng.random((int(rng.integers(2, 4)), 2)) * mask.shape[::-1]).astype(np.int32)
        cv2.polylines(mask, [points], isClosed=False, color=255, thickness=int(rng.integers(2, 6)))
    if rng.random() < 0.5:
        mask = 255 - mask
    cv2.rectangle(mask, (0, 0), (mask.shape[1] - 1, mask.shape[0] - 1), 255, int(rng.integers(1, 5)))
    top, left = (int(rng.integers(-side // 3, size - side // 3)) for side in mask.shape)
    field = np.zeros((size, size), np.float32)
    y0, x0 = max(top, 0), max(left, 0)
    y1, x1 = min(top + mask.shape[0], size), min(left + mask.shape[1], size)
    field[y0:y1, x0:x1] = mask[y0 - top : y1 - top, x0 - left : x1 - left] / 255
    field = np.asarray(cv2.GaussianBlur(field, (0, 0), rng.uniform(0.4, 1.2)), np.float32)[..., None]
    color = np.array([rng.uniform(0.7, 0.95), rng.uniform(0.15, 0.5), rng.uniform(0.15, 0.5)], np.float32)
    factor = 1 - field * rng.uniform(0.5, 1.0) * (1 - color)
    return (tile * factor).astype(np.uint8)


def _change_light(tile: Tile, config: TileAugmentConfig, rng: np.random.Generator) -> Tile:
    """Ink lighter or darker, paper tinted and shaded, grain over all."""
    size = tile.shape[0]
    gain = 1 + rng.uniform(-config.contrast, config.contrast)
    tint = 1 + rng.uniform(-config.tint, config.tint / 4, 3)
    levels = np.arange(256, dtype=np.float32)[:, None]
    table = np.clip((255 - (255 - levels) * gain) * tint, 0, 255)  # (256, 3)
    lit = np.asarray(cv2.LUT(tile, table.round().astype(np.uint8)[None]), np.float32)
    coarse = rng.standard_normal((5, 5)).astype(np.float32) * rng.uniform(0, config.shadow) / 2
    lit += np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)[..., None]
    grain = rng.standard_normal((size, size, 1), dtype=np.float32)
    lit += grain * rng.uniform(0, config.noise)
    return np.clip(lit, 0, 255).astype(np.uint8)
