"""The sheet before any ink: paper tone, gutter, fore-edge, scanner background, stains, fibers."""

from dataclasses import dataclass

import cv2
import numpy as np

from kuzushiji_submit.synthetic.book import BookStyle
from kuzushiji_submit.synthetic.noise import layered_field, smooth_field
from kuzushiji_submit.synthetic.types import FloatArray, Image, Mask, as_float32, as_uint8

TONE_HEIGHT = 900
FIBER_TILE = 768
FIBER_MEAN = 240.0
AGED = np.array((0.55, 0.85, 1.35), np.float32)
SHADOW = np.array((0.75, 0.95, 1.15), np.float32)


@dataclass(frozen=True)
class Sheet:
    """Where the leaf lies in the image; lengths in pixels.

    Attributes:
        size_hw: height and width of the image.
        gutter_left: whether the gutter is at the left.
        gutter: x of the gutter line; beyond it lies a strip of the neighbouring page.
        edge: x of the leaf's outer edge.
        top: y of the leaf's upper edge.
        bottom: y of the leaf's lower edge.
        stack: width of the leaves that show below the outer edge.
    """

    size_hw: tuple[int, int]
    gutter_left: bool
    gutter: float
    edge: float
    top: float
    bottom: float
    stack: float


def draw_sheet(
    size_hw: tuple[int, int],
    block: tuple[float, float, float, float],
    style: BookStyle,
    rng: np.random.Generator,
    *,
    gutter_left: bool,
) -> Sheet:
    """Lays the leaf into the image so that it holds the written area.

    Args:
        size_hw: height and width of the image in pixels.
        block: x0, y0, x1, y1 of the written area.
        style: the book.
        rng: the source of randomness.
        gutter_left: whether the gutter is at the left.
    """
    height, width = size_hw
    loose = 0.25 if style.tight else 1.0
    room_left, room_right = block[0], width - block[2]
    near, far = (room_left, room_right) if gutter_left else (room_right, room_left)
    gutter = min(rng.uniform(0.0, 0.06) * width, 0.6 * max(near, 0.0)) * (rng.random() < 0.85)
    edge = min(rng.uniform(0.015, 0.05) * width * loose, 0.5 * max(far, 0.0))
    top = min(rng.uniform(0.004, 0.025) * height * loose, 0.3 * max(block[1], 0.0))
    bottom = min(rng.uniform(0.004, 0.022) * height * loose, 0.3 * max(height - block[3], 0.0))
    stack = rng.uniform(0.0, 0.9) * edge if rng.random() < 0.7 else 0.0
    return Sheet(
        size_hw,
        gutter_left,
        gutter if gutter_left else width - gutter,
        width - edge if gutter_left else edge,
        top,
        height - bottom,
        stack,
    )


def paint_paper(sheet: Sheet, style: BookStyle, rng: np.random.Generator) -> Image:
    """Paints the sheet.

    Returns:
        uint8 (H, W, 3) RGB without ink and without fibers.
    """
    height, width = sheet.size_hw
    step = max(height / TONE_HEIGHT, 1.0)
    tone_hw = max(round(height / step), 1), max(round(width / step), 1)
    painter = _Painter(sheet, style, rng, tone_hw, step)
    return as_uint8(cv2.resize(painter.paint(), (width, height), interpolation=cv2.INTER_LINEAR))


class _Painter:
    """Paints the tone at a low resolution, in which `step` image pixels are one."""

    def __init__(
        self, sheet: Sheet, style: BookStyle, rng: np.random.Generator, tone_hw: tuple[int, int], step: float
    ) -> None:
        self._sheet, self._style, self._rng, self._hw, self._step = sheet, style, rng, tone_hw, step
        self._unit = tone_hw[0]
        ys = np.arange(tone_hw[0], dtype=np.float32)[:, None]
        xs = np.arange(tone_hw[1], dtype=np.float32)[None, :]
        wobble = 0.002 * self._unit
        out = (
            sheet.edge / step
            + wobble * smooth_field(rng, (tone_hw[0], 1), (3, 1))
            + rng.normal(0, 0.004) * (ys - tone_hw[0] / 2)
        )
        self._past_gutter = (sheet.gutter / step - xs) * (1 if sheet.gutter_left else -1)
        self._past_edge = (xs - out) * (1 if sheet.gutter_left else -1)
        tilt = rng.normal(0, 0.003) * (xs - tone_hw[1] / 2)
        above = sheet.top / step + tilt + wobble * smooth_field(rng, (1, tone_hw[1]), (1, 3)) - ys
        below = ys - sheet.bottom / step - tilt - wobble * smooth_field(rng, (1, tone_hw[1]), (1, 3))
        self._past_ends = np.maximum(above, below)

    def paint(self) -> Image:
        """The tone as uint8 RGB."""
        tone = np.asarray(self._style.paper, np.float32) * self._leaf()[..., None] ** AGED
        tone = self._with_stains(tone)
        tone *= self._gutter_shade()[..., None] ** SHADOW
        tone = self._with_stack(tone)
        return np.clip(self._on_background(tone), 0, 255).astype(np.uint8)

    def _leaf(self) -> FloatArray:
        """Brightness of the paper: clouds, and darker where hands and air have reached it."""
        clouds = 1.0 + self._rng.uniform(0.006, 0.02) * layered_field(self._rng, self._hw, self._unit / 3, 5)
        inside = np.minimum(-self._past_edge, -self._past_ends).clip(0, None)
        aging = self._style.aging * self._rng.uniform(0.6, 1.3)
        wide = np.exp(-inside / np.float32(self._rng.uniform(0.05, 0.2) * self._unit))
        narrow = np.exp(-inside / np.float32(0.012 * self._unit))
        uneven = 1.0 + 0.5 * smooth_field(self._rng, self._hw, (4, 3))
        return as_float32((clouds - aging * (0.35 * wide + 0.45 * narrow) * uneven).clip(0.3, 1.06))

    def _gutter_shade(self) -> FloatArray:
        rng = self._rng
        distance = np.abs(self._past_gutter)
        depth = rng.uniform(0.05, 0.3)
        wide = 1.0 - depth * np.exp(-distance / np.float32(rng.uniform(0.012, 0.04) * self._unit))
        line = 1.0 - rng.uniform(0.1, 0.45) * np.exp(-((distance / np.float32(max(0.0015 * self._unit, 1.0))) ** 2))
        beyond = np.where(self._past_gutter > 0, np.float32(rng.uniform(0.88, 1.03)), np.float32(1.0))
        return as_float32(wide * line * beyond)

    def _with_stains(self, tone: FloatArray) -> FloatArray:
        rng = self._rng
        for _ in range(int(rng.poisson(self._style.stains))):
            radius = rng.uniform(0.04, 0.3) * self._unit
            corner = rng.random() < 0.6
            y = rng.choice([0.0, float(self._hw[0])]) if corner else rng.uniform(0, self._hw[0])
            x = rng.uniform(0, self._hw[1])
            tone *= self._stain(float(y), float(x), radius)[..., None] ** AGED
        spots = int(rng.poisson(3 * self._style.stains))
        for _ in range(spots):
            self._speckle(tone)
        return tone

    def _stain(self, y: float, x: float, radius: float) -> FloatArray:
        rng = self._rng
        ys = np.arange(self._hw[0], dtype=np.float32)[:, None] - np.float32(y)
        xs = np.arange(self._hw[1], dtype=np.float32)[None, :] - np.float32(x)
        distance = np.sqrt(ys**2 + xs**2) / np.float32(radius) + 0.25 * layered_field(rng, self._hw, radius, 3)
        body = 1.0 / (1.0 + np.exp(((distance - 1.0) * 25).clip(-60, 60)))
        rim = np.exp(-(((distance - 0.98) / 0.04) ** 2))
        return as_float32(1.0 - rng.uniform(0.005, 0.05) * body - rng.uniform(0.0, 0.08) ** 1.3 * rim)

    def _speckle(self, tone: FloatArray) -> None:
        rng = self._rng
        radius = rng.uniform(0.001, 0.006) * self._unit
        y, x = (int(rng.integers(size)) for size in self._hw)
        reach = int(3 * radius) + 1
        top, left = max(y - reach, 0), max(x - reach, 0)
        patch = tone[top : y + reach, left : x + reach]
        ys = np.arange(top, top + patch.shape[0], dtype=np.float32)[:, None] - y
        xs = np.arange(left, left + patch.shape[1], dtype=np.float32)[None, :] - x
        shade = 1.0 - rng.uniform(0.05, 0.3) * np.exp(-(ys**2 + xs**2) / np.float32(2 * radius**2))
        patch *= shade[..., None] ** AGED

    def _with_stack(self, tone: FloatArray) -> FloatArray:
        """The edges of the leaves below, as brown lines beside the outer edge."""
        rng = self._rng
        stripes = smooth_field(rng, (self._hw[0], self._hw[1]), (2, self._hw[1] / 2.5))
        shade = (0.78 + 0.12 * stripes).clip(0.35, 1.0) - 0.25 * np.exp(-self._past_edge.clip(0, None) / 2.0)
        brown = np.asarray(self._style.paper, np.float32) * shade.clip(0.3, 1.0)[..., None] ** AGED
        return np.where(self._past_edge[..., None] > 0, brown, tone)

    def _on_background(self, tone: FloatArray) -> FloatArray:
        rng = self._rng
        past_stack = self._past_edge - self._sheet.stack / self._step
        past = np.maximum(past_stack, self._past_ends + 0 * past_stack)
        cover = (0.5 - past).clip(0, 1)[..., None]
        depth = np.exp(-past.clip(0, None) / np.float32(0.006 * self._unit))[..., None]
        if self._style.cover is not None:
            shows = (past_stack > 0) & (past_stack < rng.uniform(0.002, 0.009) * self._unit)
            tone = np.where(shows[..., None], np.asarray(self._style.cover, np.float32), tone)
            past = np.where(shows, np.minimum(past, self._past_ends + 0 * past_stack), past)
        grain = 1.0 + 0.04 * layered_field(rng, self._hw, self._unit / 4, 4)[..., None]
        background = np.asarray(self._style.background, np.float32) * grain * (1.0 - 0.45 * depth)
        return as_float32(cover * tone + (1.0 - cover) * background)


def fiber_texture(
    size_hw: tuple[int, int], strength: float, grain: float, scale: float, rng: np.random.Generator
) -> Mask:
    """Brightness factors of the paper's fibers and of the scanner's grain, FIBER_MEAN for 1.

    Args:
        size_hw: height and width in pixels.
        strength: visibility of the fibers, 0 for none, 1 for coarse paper.
        grain: deviation of the grain at full resolution, in gray levels.
        scale: image pixels per pixel of a page about 3,000 pixels high.
        rng: the source of randomness.
    """
    side = FIBER_TILE
    noise = rng.standard_normal((side, side), dtype=np.float32)
    long_side = max(round(25 * scale), 1) | 1
    fibers = as_float32(cv2.blur(noise, (max(round(3 * scale), 1), long_side), borderType=cv2.BORDER_REFLECT))
    fibers = fibers / max(float(fibers.std()), 1e-6)
    specks = as_float32(cv2.GaussianBlur(noise, (0, 0), max(1.2 * scale, 0.4)))
    specks = specks / max(float(specks.std()), 1e-6)
    # Grain finer than a pixel averages out in a smaller image.
    tile = FIBER_MEAN + strength * 2.2 * fibers + grain * min(1.5 * scale, 1.0) * specks
    tile8 = np.clip(tile, 160, 255).astype(np.uint8)
    mirrored = np.hstack([tile8, tile8[:, ::-1]])
    mirrored = np.vstack([mirrored, mirrored[::-1]])
    repeats = -(-size_hw[0] // mirrored.shape[0]), -(-size_hw[1] // mirrored.shape[1])
    return np.ascontiguousarray(np.tile(mirrored, repeats)[: size_hw[0], : size_hw[1]])
