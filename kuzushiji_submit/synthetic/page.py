"""One synthetic page, from layout to image."""

from dataclasses import dataclass

import cv2
import numpy as np

from kuzushiji_submit.synthetic.book import BookStyle
from kuzushiji_submit.synthetic.box_columns import group_columns
from kuzushiji_submit.synthetic.clutter import (
    draw_fold,
    draw_frame,
    draw_neighbor,
    draw_ruby,
    draw_worm_tracks,
    frame_of,
    show_through,
)
from kuzushiji_submit.synthetic.drawn_seals import stamp_seals
from kuzushiji_submit.synthetic.free_space import free_rectangle
from kuzushiji_submit.synthetic.hand import Hand
from kuzushiji_submit.synthetic.illustration import draw_picture
from kuzushiji_submit.synthetic.noise import layered_field
from kuzushiji_submit.synthetic.placement import Layout
from kuzushiji_submit.synthetic.sheet import FIBER_MEAN, Sheet, draw_sheet, fiber_texture, paint_paper
from kuzushiji_submit.synthetic.text import TextSource
from kuzushiji_submit.synthetic.types import Color, FloatArray, Image, Mask, as_uint8
from kuzushiji_submit.synthetic.writing import Written, write_layout

REFERENCE_HEIGHT = 3000
PICTURE_SHARE = 0.05
MOTTLE_TILE = 512
HALO = 0.07
MINIMUM_BLUR = 0.3
# What shows through paper takes less blue away than its front does: yellow paper looks gray blue there.
GHOST: Color = (0.0, 0.04, 0.2)


@dataclass(frozen=True)
class DrawnPage:
    """A page image and its exact truth.

    Attributes:
        image: uint8 (H, W, 3) RGB.
        codepoints: the N codepoints written.
        boxes: float32 (N, 4) xyxy, the ink extents in whole pixels.
        undrawn: how many characters of the layout no font could draw; they are in neither image nor truth.
    """

    image: Image
    codepoints: tuple[str, ...]
    boxes: FloatArray
    undrawn: int


def draw_page(
    layout: Layout,
    style: BookStyle,
    hand: Hand,
    text: TextSource,
    rng: np.random.Generator,
    *,
    gutter_left: bool,
    clutter: bool = True,
) -> DrawnPage:
    """Draws a page.

    Args:
        layout: what stands where.
        style: the book.
        hand: the book's writer.
        text: the source of what clutter says.
        rng: the source of randomness.
        gutter_left: whether the gutter is at the left of the image.
        clutter: False for the annotated characters alone, on clean paper.
    """
    canvas = np.zeros(layout.size_hw, np.uint8)
    red = np.zeros(layout.size_hw, np.uint8)
    rubric = _rubric(layout, style.rubric, rng)
    written = write_layout(canvas, layout, hand, rng, circled=style.numerals, red=red, rubric=rubric)
    sheet = draw_sheet(layout.size_hw, layout.block, style, rng, gutter_left=gutter_left)
    if clutter:
        _draw_ink_clutter(canvas, layout, written, sheet, style, hand, text, rng)
    image = _compose(canvas, red if rubric else None, layout, sheet, style, rng, clutter=clutter)
    if clutter:
        stamp_seals(image, style.seals, layout.nominal, hand, text, rng)
        draw_worm_tracks(image, style.holes, rng)
    return DrawnPage(image, written.codepoints, written.boxes, len(layout.codepoints) - len(written.codepoints))


def _draw_ink_clutter(
    canvas: Mask,
    layout: Layout,
    written: Written,
    sheet: Sheet,
    style: BookStyle,
    hand: Hand,
    text: TextSource,
    rng: np.random.Generator,
) -> None:
    draw_ruby(canvas, written, hand, text, layout.nominal, style, rng)
    frame = frame_of(layout, sheet, rng)
    if rng.random() < style.pictures:
        rectangle = free_rectangle(written.boxes, frame)
        share = _area(rectangle) / (layout.size_hw[0] * layout.size_hw[1]) if rectangle else 0.0
        if rectangle and share > PICTURE_SHARE:
            draw_picture(canvas, rectangle, rng.uniform(0.0012, 0.0026) * layout.size_hw[0], rng)
    draw_frame(canvas, frame, layout, sheet, style, rng)
    if style.fold:
        draw_fold(canvas, frame, sheet, hand, text, layout.nominal, rng)
    draw_neighbor(canvas, layout, sheet, style, hand, text, rng)


def _rubric(layout: Layout, probability: float, rng: np.random.Generator) -> frozenset[int]:
    """The characters of a page written in red: a column, a few single ones, or all."""
    if rng.random() >= probability or not len(layout.boxes):
        return frozenset()
    columns = group_columns(layout.boxes)
    kind = rng.random()
    if kind < 0.6:
        return frozenset(columns[int(rng.integers(len(columns)))])
    if kind < 0.9:
        return frozenset(np.flatnonzero(rng.random(len(layout.boxes)) < rng.uniform(0.03, 0.2)).tolist())
    return frozenset(range(len(layout.boxes)))


def _compose(
    canvas: Mask,
    red: Mask | None,
    layout: Layout,
    sheet: Sheet,
    style: BookStyle,
    rng: np.random.Generator,
    *,
    clutter: bool,
) -> Image:
    scale = layout.size_hw[0] / REFERENCE_HEIGHT
    if not clutter:
        flat = np.broadcast_to(np.asarray(style.paper, np.uint8), (*layout.size_hw, 3))
        clean = _inked(np.ascontiguousarray(flat), canvas, style.ink)
        return clean if red is None else _inked(clean, red, style.red)
    paper = paint_paper(sheet, style, rng)
    fibers = fiber_texture(layout.size_hw, style.fiber, style.grain, scale, rng)
    image = as_uint8(cv2.multiply(paper, cv2.cvtColor(fibers, cv2.COLOR_GRAY2RGB), scale=1 / FIBER_MEAN))
    if style.show_through > 0:
        ghost = show_through(canvas, style.show_through * rng.uniform(0.4, 1.4), scale, rng)
        image = _inked(image, ghost, GHOST)
    mottle = _mottle(layout.size_hw, style.mottle, scale, rng)
    image = _inked(image, _printed(canvas, mottle, style, layout), style.ink)
    return image if red is None else _inked(image, _printed(red, mottle, style, layout), style.red)


def _printed(canvas: Mask, mottle: Mask, style: BookStyle, layout: Layout) -> Mask:
    """Ink as it has come onto the paper and through the scanner: uneven, soft, with a ring around it."""
    ink = as_uint8(cv2.multiply(canvas, mottle, scale=1 / 255))
    blur = style.blur * layout.size_hw[0]
    if blur > MINIMUM_BLUR:
        ink = as_uint8(cv2.GaussianBlur(ink, (0, 0), blur))
    return _bled(ink, style.halo, layout.nominal) if style.halo > 0 else ink


def _bled(ink: Mask, strength: float, nominal: float) -> Mask:
    """Ink with a faint ring of it in the paper around."""
    height, width = ink.shape
    small = cv2.resize(ink, (max(width // 2, 1), max(height // 2, 1)), interpolation=cv2.INTER_AREA)
    wide = cv2.resize(cv2.GaussianBlur(small, (0, 0), max(HALO * nominal / 2, 0.5)), (width, height))
    bled = cv2.multiply(wide, 255 - ink, scale=strength / 255)
    return as_uint8(cv2.add(ink, bled))


def _inked(image: Image, ink: Mask, color: Color) -> Image:
    """Takes the light away that ink takes, by channel."""
    levels = np.arange(256, dtype=np.float32)[:, None] / 255
    factors = np.round(255 * (1 - levels * (1 - np.asarray(color, np.float32)))).astype(np.uint8)
    lookup = cv2.LUT(cv2.cvtColor(ink, cv2.COLOR_GRAY2RGB), factors[None])
    return as_uint8(cv2.multiply(image, lookup, scale=1 / 255))


def _mottle(size_hw: tuple[int, int], strength: float, scale: float, rng: np.random.Generator) -> Mask:
    """Opacity factors of printed ink: uneven within strokes, tiled over the page."""
    side = MOTTLE_TILE
    field = layered_field(rng, (side, side), max(24 * scale, 3.0), 4)
    tile = np.clip(250 - 255 * strength * np.abs(field).clip(0, 1.5), 60, 255).astype(np.uint8)
    mirrored = np.hstack([tile, tile[:, ::-1]])
    mirrored = np.vstack([mirrored, mirrored[::-1]])
    repeats = -(-size_hw[0] // mirrored.shape[0]), -(-size_hw[1] // mirrored.shape[1])
    return np.ascontiguousarray(np.tile(mirrored, repeats)[: size_hw[0], : size_hw[1]])


def _area(rectangle: tuple[float, float, float, float]) -> float:
    return (rectangle[2] - rectangle[0]) * (rectangle[3] - rectangle[1])
