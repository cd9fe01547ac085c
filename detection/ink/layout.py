"""From a score map to the columns of its text."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from detection.ink.columns import ColumnConfig, find_columns
from detection.ink.illustrations import IllustrationConfig, remove_illustrations
from detection.ink.ruby import RubyConfig, remove_ruby
from detection.ink.text_area import TextAreaConfig, text_area
from kuzushiji_submit.core.components import Components, threshold
from kuzushiji_submit.core.page.character_size import estimate_character_size
from kuzushiji_submit.core.page.lines import Lines


@dataclass(frozen=True)
class LayoutConfig:
    """Settings of `find_layout`.

    Attributes:
        unit: the size in pixels that characters are brought to before columns are sought.
        level: the map's threshold, 0 to 255.
        scale_level: the map's threshold while the character size is estimated.
        smallest: characters smaller than this many page pixels are not believed; the page counts as blank.
        area: where text may lie.
        illustrations: what is no writing.
        columns: what a column is.
        ruby: what ruby is.
    """

    unit: float = 40.0
    level: int = 80
    scale_level: int = 90
    smallest: float = 8.0
    area: TextAreaConfig = field(default_factory=TextAreaConfig)
    illustrations: IllustrationConfig = field(default_factory=IllustrationConfig)
    columns: ColumnConfig = field(default_factory=ColumnConfig)
    ruby: RubyConfig = field(default_factory=RubyConfig)


@dataclass(frozen=True)
class Layout:
    """A page brought to one character size, and its columns.

    Attributes:
        character_size: width of the page's characters in page pixels; 0.0 on a page without text.
        zoom_xy: float64 (2,), map pixels per page pixel, across and down.
        area: left, top, right, bottom of the text area in page pixels.
        ink: uint8 (h, w), the map at the new size.
        mask: uint8 (h, w), 255 on ink that may be writing.
        all_columns: int32 (h, w), columns with ruby; 0 outside the ink.
        columns: int32 (h, w), columns without.
    """

    character_size: float
    zoom_xy: NDArray[np.float64]
    area: tuple[int, int, int, int]
    ink: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    all_columns: NDArray[np.int32]
    columns: NDArray[np.int32]

    @classmethod
    def blank(cls, shape_hw: tuple[int, int]) -> "Layout":
        """The layout of a page of this size without text."""
        nothing, no_columns = np.zeros((0, 0), np.uint8), np.zeros((0, 0), np.int32)
        area = (0, 0, shape_hw[1], shape_hw[0])
        return cls(0.0, np.ones(2), area, nothing, nothing, no_columns, no_columns)


def find_layout(score_map: NDArray[np.uint8], lines: Lines | None, config: LayoutConfig) -> Layout:
    """Find the text area, the character size, and the columns without pictures and ruby.

    Args:
        score_map: uint8 (H, W), 0 on paper; ink or a learned map.
        lines: the page's lines, None if unknown.
        config: settings.

    Returns:
        The layout.
    """
    height, width = score_map.shape
    if min(height, width) < 2 * config.smallest:
        return Layout.blank((height, width))
    half = np.asarray(cv2.resize(score_map, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)
    area = _area(score_map, lines, config.area)
    kept = _only(half, area, (height, width))
    size = estimate_character_size(threshold(kept, config.scale_level)) * width / half.shape[1]
    if size < config.smallest:
        return Layout.blank((height, width))
    zoom = config.unit / size
    source = kept if zoom < 0.45 else _only(score_map, area, (height, width))
    new_size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    interpolation = cv2.INTER_AREA if new_size[0] < source.shape[1] else cv2.INTER_LINEAR
    ink = np.asarray(cv2.resize(source, new_size, interpolation=interpolation), np.uint8)
    mask = remove_illustrations(threshold(ink, config.level), config.unit, config.illustrations)
    sides = [round(x * new_size[0] / width) for x in (area[0], area[2]) if 0 < x < width]
    mask = _without_stumps(mask, sides, config.unit)
    found = find_columns(mask, config.unit, config.columns)
    columns = remove_ruby(found.labels, found.axis_x, config.unit, config.ruby)
    zoom_xy = np.array([new_size[0] / width, new_size[1] / height])
    return Layout(size, zoom_xy, area, ink, mask, found.labels, columns)


def _without_stumps(mask: NDArray[np.uint8], sides: list[int], unit: float) -> NDArray[np.uint8]:
    """Drop short components that touch a vertical frame line: the frame's own remains, pictures running up to it.

    Args:
        mask: uint8 (h, w), above 0 on ink.
        sides: x of the frame's lines.
        unit: the character size in pixels.
    """
    components = Components.of_mask(mask)
    near, tallest = 0.1 * unit, 3 * unit
    left, top, right, bottom = components.boxes.T
    drop = np.zeros(len(components) + 1, bool)
    for x in sides:
        drop[1:] |= (left < x + near) & (right > x - near) & (bottom - top < tallest)
    return np.where(drop[components.labels], 0, mask).astype(np.uint8)


def _area(score_map: NDArray[np.uint8], lines: Lines | None, config: TextAreaConfig) -> tuple[int, int, int, int]:
    """The text area in page pixels."""
    height, width = score_map.shape
    if lines is None:
        return 0, 0, width, height
    small_h, small_w = lines.vertical.shape
    small = np.asarray(cv2.resize(score_map, (small_w, small_h), interpolation=cv2.INTER_AREA), np.uint8)
    left, top, right, bottom = text_area(small, lines, config)
    x, y = width / small_w, height / small_h
    return round(left * x), round(top * y), round(right * x), round(bottom * y)


def _only(score_map: NDArray[np.uint8], area: tuple[int, int, int, int], page_hw: tuple[int, int]) -> NDArray[np.uint8]:
    """The map, possibly smaller than the page, with 0 outside an area given in page pixels."""
    y, x = score_map.shape[0] / page_hw[0], score_map.shape[1] / page_hw[1]
    left, top, right, bottom = round(area[0] * x), round(area[1] * y), round(area[2] * x), round(area[3] * y)
    out = np.zeros_like(score_map)
    out[top:bottom, left:right] = score_map[top:bottom, left:right]
    return out
