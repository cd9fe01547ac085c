"""Pictures, stains and solid blots: ink that is no writing."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.components import Components


@dataclass(frozen=True)
class IllustrationConfig:
    """Settings of `remove_illustrations`; lengths in units of the page's character size.

    Attributes:
        side: a component wider and taller than this is a picture: writing joins down a column, not across columns.
        join: strokes closer than this to a picture belong to it.
        surroundings: components in the gaps of a picture, up to twice this wide, go with it,
        margin: as do those within this of it.
        blot: solid ink thicker than this is a blot, a binding hole or the scanner's background.
    """

    side: float = 1.8
    join: float = 0.15
    surroundings: float = 2.0
    margin: float = 0.6
    blot: float = 0.5


def remove_illustrations(mask: NDArray[np.uint8], unit: float, config: IllustrationConfig) -> NDArray[np.uint8]:
    """Drop pictures with what lies inside them, and blots.

    Args:
        mask: uint8 (H, W), above 0 on ink.
        unit: the character size in pixels.
        config: settings.

    Returns:
        uint8 (H, W), the mask without them.
    """
    if mask.size == 0:
        return mask
    components = Components.of_mask(mask)
    sides = (components.boxes[:, 2:] - components.boxes[:, :2]) / unit
    picture = np.asarray((sides > config.side).all(axis=1), np.bool_)
    drop = np.asarray(picture | _solid(mask, components, round(config.blot * unit)), np.bool_)
    if picture.any():
        drop |= _mostly_inside(components, _surroundings(mask, components, picture, unit, config))
    return np.where(np.concatenate([[True], drop])[components.labels], 0, mask).astype(np.uint8)


def _solid(mask: NDArray[np.uint8], components: Components, thickness: int) -> NDArray[np.bool_]:
    """Components in which a disc of the given diameter fits."""
    size = min(max(3, thickness), 2 * max(mask.shape) + 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    core = cv2.erode(mask, disc, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    solid = np.zeros(len(components) + 1, bool)
    solid[components.labels[np.asarray(core) > 0]] = True
    return solid[1:]


def _surroundings(
    mask: NDArray[np.uint8],
    components: Components,
    picture: NDArray[np.bool_],
    unit: float,
    config: IllustrationConfig,
) -> NDArray[np.uint8]:
    """The area of the pictures, uint8 (H, W): strokes joined to them, their gaps closed, and a margin."""
    joined = Components.of_mask(_closed(mask, config.join * unit / 2))
    core = np.concatenate([[False], picture])[components.labels]
    belongs = np.zeros(len(joined) + 1, bool)
    belongs[joined.labels[core]] = True
    area = np.where(belongs[joined.labels], 255, 0).astype(np.uint8)
    margin = 2 * max(1, round(config.margin * unit)) + 1
    grown = cv2.dilate(_closed(area, config.surroundings * unit), np.ones((margin, margin), np.uint8))
    return np.asarray(grown, np.uint8)


def _closed(mask: NDArray[np.uint8], reach: float) -> NDArray[np.uint8]:
    """A mask with gaps up to twice `reach` pixels closed."""
    size = 2 * max(1, round(reach)) + 1
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8)), np.uint8)


def _mostly_inside(components: Components, area: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Components with more than half their ink in an area."""
    inside = np.bincount(components.labels[area > 0], minlength=len(components) + 1)[1:]
    return np.asarray(inside > 0.5 * components.areas, np.bool_)
