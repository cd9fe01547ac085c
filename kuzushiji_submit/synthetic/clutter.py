"""What is not annotated: frames, rules, ruby, punctuation, the fold, the next page, show-through, worm tracks."""

from itertools import pairwise

import cv2
import numpy as np

from kuzushiji_submit.synthetic.book import BookStyle
from kuzushiji_submit.synthetic.box_columns import group_columns
from kuzushiji_submit.synthetic.brush import draw_curve, draw_line
from kuzushiji_submit.synthetic.hand import Hand
from kuzushiji_submit.synthetic.noise import smooth_field
from kuzushiji_submit.synthetic.placement import Layout
from kuzushiji_submit.synthetic.sheet import Sheet
from kuzushiji_submit.synthetic.text import TextSource
from kuzushiji_submit.synthetic.types import FloatArray, Image, Mask, as_float32, as_uint8
from kuzushiji_submit.synthetic.writing import Written, paste_ink

RUBY_SIZE = 0.4
CROWDED = 0.04
RULED_COLUMN = 6
GHOST_STEP = 3


def frame_of(layout: Layout, sheet: Sheet, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """The frame around the written area, as x0, y0, x1, y1; at the gutter it may leave the leaf."""
    height = layout.size_hw[0]
    air = rng.uniform(0.003, 0.012) * height
    left, top, right, bottom = layout.block
    left, top = max(left - 2 * air, 0.0), max(top - air, sheet.top + 0.3 * air)
    right, bottom = min(right + 2 * air, layout.size_hw[1] - 1.0), min(bottom + air, sheet.bottom - 0.3 * air)
    inner, outer = sorted((sheet.gutter, sheet.edge))
    return max(left, inner + 0.2 * air), top, min(right, outer - 0.2 * air), bottom


def draw_frame(
    canvas: Mask,
    frame: tuple[float, float, float, float],
    layout: Layout,
    sheet: Sheet,
    style: BookStyle,
    rng: np.random.Generator,
) -> None:
    """Draws the frame and the rules between columns; on the fold's side the upper and lower lines reach the edge."""
    if style.frame <= 0:
        return
    height = layout.size_hw[0]
    left, top, right, bottom = frame
    thick = style.frame * height
    skew = rng.normal(0, 0.0015) * height
    value = int(rng.uniform(215, 255))
    _rectangle(canvas, (left, top, right, bottom), skew, thick, rng, value)
    if style.frame_gap > 0:
        gap = style.frame_gap * height
        _rectangle(canvas, (left + gap, top + gap, right - gap, bottom - gap), skew, thick * 0.4, rng, value)
    if style.fold:
        edge = sheet.edge
        near = right if sheet.gutter_left else left
        draw_line(canvas, (near, top), (edge, top), thick, rng, value=value)
        draw_line(canvas, (near, bottom), (edge, bottom), thick, rng, value=value)
    if style.rules:
        for x in _between_columns(layout):
            draw_line(canvas, (x, top), (x - skew, bottom), max(0.3 * thick, 1.0), rng, value=int(0.85 * value))


def _between_columns(layout: Layout) -> list[float]:
    """Where rules may stand: halfway between neighbouring long columns."""
    columns = [column for column in group_columns(layout.boxes) if len(column) >= RULED_COLUMN]
    centers = [float(np.median(layout.boxes[column, 0] + layout.boxes[column, 2])) / 2 for column in columns]
    pairs = pairwise(centers)
    return [(right + left) / 2 for right, left in pairs if layout.nominal < right - left < 4 * layout.nominal]


def _rectangle(
    canvas: Mask,
    box: tuple[float, float, float, float],
    skew: float,
    thick: float,
    rng: np.random.Generator,
    value: int,
) -> None:
    left, top, right, bottom = box
    slope = 0.5 * skew
    draw_line(canvas, (left, top + slope), (right, top), thick, rng, value=value)
    draw_line(canvas, (left - skew, bottom + slope), (right - skew, bottom), thick, rng, value=value)
    draw_line(canvas, (left, top + slope), (left - skew, bottom + slope), thick, rng, value=value)
    draw_line(canvas, (right, top), (right - skew, bottom), thick, rng, value=value)


def draw_ruby(
    canvas: Mask,
    written: Written,
    hand: Hand,
    text: TextSource,
    nominal: float,
    style: BookStyle,
    rng: np.random.Generator,
) -> None:
    """Writes small kana and punctuation at the right of characters where there is room; draws rings around a few."""
    for codepoint, box in zip(written.codepoints, written.boxes.tolist(), strict=True):
        kanji = int(codepoint[2:], 16) >= 0x3100
        if rng.random() < style.ruby * (1.0 if kanji else 0.06):
            _write_ruby(canvas, box, hand, text, nominal, rng)
        if rng.random() < style.marks:
            _draw_mark(canvas, box, nominal, hand.style.stroke, rng)
        if rng.random() < style.circles:
            _draw_circle(canvas, box, nominal, hand.style.stroke, rng)


def _write_ruby(
    canvas: Mask, box: list[float], hand: Hand, text: TextSource, nominal: float, rng: np.random.Generator
) -> None:
    size = RUBY_SIZE * nominal * rng.uniform(0.85, 1.2)
    count = int(rng.integers(1, 5))
    x = box[2] + size * rng.uniform(0.45, 0.9)
    y = (box[1] + box[3]) / 2 - 0.45 * count * size + rng.normal(0, 0.2) * size
    room = canvas[_span(y, y + count * size, canvas.shape[0]), _span(x - 0.3 * size, x + 0.5 * size, canvas.shape[1])]
    if room.size == 0 or float((room > 80).mean()) > CROWDED:
        return
    for _ in range(count):
        codepoint = f"U+{ord(text.kana(rng)):04X}"
        height = size * rng.uniform(0.7, 1.15)
        ink = hand.draw(codepoint, (height, size * rng.uniform(0.5, 0.9)), rng, 1.5 * size)
        if ink is not None:
            paste_ink(canvas, ink, (x + rng.normal(0, 0.06) * size, y + height / 2))
        y += height * 1.02


def _draw_mark(canvas: Mask, box: list[float], nominal: float, stroke: float, rng: np.random.Generator) -> None:
    """A small circle or a drop at the lower right of a character."""
    x, y = box[2] + 0.12 * nominal, box[3] - 0.02 * nominal
    width = max(0.5 * stroke * nominal, 1.0)
    if rng.random() < 0.5:
        cv2.circle(canvas, (round(x), round(y)), max(round(0.09 * nominal), 1), 230, max(round(width), 1), cv2.LINE_AA)
    else:
        points = np.array([(x, y), (x + 0.06 * nominal, y + 0.12 * nominal)])
        draw_curve(canvas, points, np.array([width, 1.5 * width]), 230)


def _draw_circle(canvas: Mask, box: list[float], nominal: float, stroke: float, rng: np.random.Generator) -> None:
    """A ring around a character, as around the number of an item."""
    center = round((box[0] + box[2]) / 2), round((box[1] + box[3]) / 2)
    radii = tuple(
        round(rng.uniform(0.6, 0.72) * max(size, 0.6 * nominal)) for size in (box[2] - box[0], box[3] - box[1])
    )
    width = max(round(rng.uniform(0.3, 0.7) * stroke * nominal), 1)
    cv2.ellipse(canvas, center, radii, 0, 0, 360, int(rng.uniform(190, 250)), width, cv2.LINE_AA)


def draw_fold(
    canvas: Mask,
    frame: tuple[float, float, float, float],
    sheet: Sheet,
    hand: Hand,
    text: TextSource,
    nominal: float,
    rng: np.random.Generator,
) -> None:
    """Writes the title that runs along the fold, of which the leaf's edge leaves one half."""
    space = abs(sheet.edge - (frame[2] if sheet.gutter_left else frame[0]))
    if space < 0.15 * nominal:
        return
    size = 0.65 * nominal
    for start in (0.12, 0.72):
        y = frame[1] + (start + rng.uniform(-0.05, 0.05)) * (frame[3] - frame[1])
        for _ in range(int(rng.integers(1, 5))):
            ink = hand.draw(f"U+{ord(text.next_character(None, rng)):04X}", (size, size), rng, size)
            if ink is not None:
                half = ink[:, : ink.shape[1] // 2] if sheet.gutter_left else ink[:, ink.shape[1] // 2 :]
                offset = -half.shape[1] / 2 if sheet.gutter_left else half.shape[1] / 2
                paste_ink(canvas, np.ascontiguousarray(half), (sheet.edge + offset, y))
            y += 1.1 * size


def draw_neighbor(
    canvas: Mask, layout: Layout, sheet: Sheet, style: BookStyle, hand: Hand, text: TextSource, rng: np.random.Generator
) -> None:
    """Draws what shows of the next page beyond the gutter: its frame, and the cut edge of its nearest column."""
    strip = sheet.gutter if sheet.gutter_left else layout.size_hw[1] - sheet.gutter
    if strip < 0.012 * layout.size_hw[0]:
        return
    direction = -1.0 if sheet.gutter_left else 1.0
    thick = max(style.frame * layout.size_hw[0], 1.0)
    if style.frame > 0 and rng.random() < 0.7:
        x = sheet.gutter + direction * strip * rng.uniform(0.4, 0.9)
        draw_line(canvas, (x, layout.block[1]), (x, layout.block[3]), thick, rng, value=220)
    elif rng.random() < 0.4:
        y = layout.block[1]
        while y < layout.block[3] and rng.random() < 0.97:
            size = layout.nominal * rng.uniform(0.7, 1.2)
            ink = hand.draw(f"U+{ord(text.next_character(None, rng)):04X}", (size, size), rng, layout.nominal)
            visible = int(0.6 * strip)
            if ink is not None and 1 < visible < ink.shape[1]:
                cut = ink[:, -visible:] if sheet.gutter_left else ink[:, :visible]
                side = visible / 2 if sheet.gutter_left else layout.size_hw[1] - visible / 2
                paste_ink(canvas, np.ascontiguousarray(cut), (side, y + size / 2))
            y += size * rng.uniform(1.0, 1.3)


def show_through(ink: Mask, opacity: float, scale: float, rng: np.random.Generator) -> Mask:
    """The back of the leaf: ink mirrored, moved, blurred, and fainter in places.

    Args:
        ink: uint8 (H, W) ink of a page like the one on the back.
        opacity: 0 to 1.
        scale: image pixels per pixel of a page about 3,000 pixels high.
        rng: the source of randomness.

    Returns:
        uint8 (H, W) ink.
    """
    height, width = ink.shape
    small_size = max(width // GHOST_STEP, 1), max(height // GHOST_STEP, 1)
    small = cv2.resize(ink, small_size, interpolation=cv2.INTER_AREA)[:, ::-1]
    shift = as_float32([[1, 0, rng.uniform(-0.04, 0.04) * small_size[0]], [0, 1, rng.normal(0, 0.02) * small_size[1]]])
    moved = cv2.warpAffine(np.ascontiguousarray(small), shift, small_size)
    moved = as_float32(cv2.GaussianBlur(moved, (0, 0), max(rng.uniform(1.0, 2.4) * scale, 0.5)))
    uneven = 1.0 + 0.35 * smooth_field(rng, (small_size[1], small_size[0]), (5, 4))
    ghost = np.clip(moved * opacity * uneven, 0, 255).astype(np.uint8)
    return as_uint8(cv2.resize(ghost, (width, height), interpolation=cv2.INTER_LINEAR))


def draw_worm_tracks(image: Image, expected: float, rng: np.random.Generator) -> None:
    """Eats winding tracks through paper and ink; what lies below shows a little darker, with a shadow at one side.

    Args:
        image: uint8 (H, W, 3) RGB, changed in place.
        expected: the expected number of tracks.
        rng: the source of randomness.
    """
    height, width = image.shape[:2]
    for _ in range(int(rng.poisson(expected))):
        thick = max(rng.uniform(0.001, 0.0035) * height, 1.0)
        heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.5, int(rng.integers(1, 14))))
        steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * 2.5 * thick
        points = np.cumsum(np.vstack([rng.uniform((0, 0), (width, height))[None], steps]), axis=0)
        _eat(image, points, thick, rng)


def _eat(image: Image, points: FloatArray, thick: float, rng: np.random.Generator) -> None:
    reach = int(3 * thick) + 2
    low = np.maximum(points.min(axis=0).astype(int) - reach, 0)
    high = np.minimum(points.max(axis=0).astype(int) + reach, (image.shape[1], image.shape[0]))
    if (high <= low).any():
        return
    part = image[low[1] : high[1], low[0] : high[0]]
    track = np.zeros(part.shape[:2], np.uint8)
    draw_curve(track, points - low, thick * rng.uniform(0.6, 1.4, len(points)))
    track = as_uint8(cv2.GaussianBlur(track, (0, 0), 0.7))
    below = np.median(part.reshape(-1, 3), axis=0) * rng.uniform(0.72, 1.0)
    shadow = np.roll(track, (1, 1), (0, 1)).astype(np.float32)[..., None] / 255
    cover = track.astype(np.float32)[..., None] / 255
    part[:] = np.clip(part * (1 - 0.25 * shadow) * (1 - cover) + below * cover, 0, 255).astype(np.uint8)


def _span(start: float, stop: float, limit: int) -> slice:
    return slice(int(np.clip(start, 0, limit)), int(np.clip(stop, 0, limit)))
