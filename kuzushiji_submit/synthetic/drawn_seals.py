"""Red seals: owners' and censors' stamps, over the text or beside it, never annotated."""

import cv2
import numpy as np

from kuzushiji_submit.synthetic.hand import Hand
from kuzushiji_submit.synthetic.noise import layered_field
from kuzushiji_submit.synthetic.seal_script import draw_seal_sign
from kuzushiji_submit.synthetic.text import TextSource
from kuzushiji_submit.synthetic.types import FloatArray, Image, Mask, as_uint8

REDS = ((200, 50, 50), (205, 70, 60), (190, 80, 85), (165, 45, 40), (215, 60, 45))

SEAL_SCRIPT = 0.7


def stamp_seals(
    image: Image, expected: float, nominal: float, hand: Hand, text: TextSource, rng: np.random.Generator
) -> None:
    """Stamps seals at random places.

    Args:
        image: uint8 (H, W, 3) RGB, changed in place; the ink below a seal still shows.
        expected: the expected number of seals.
        nominal: character size of the page in pixels.
        hand: writes the characters in the seals.
        text: what they say.
        rng: the source of randomness.
    """
    height, width = image.shape[:2]
    for _ in range(int(rng.poisson(expected))):
        mask = _draw_seal(nominal * rng.uniform(1.0, 2.4), hand, text, rng)
        seal_h, seal_w = mask.shape
        if seal_h >= height or seal_w >= width:
            continue
        left = int(rng.integers(width - seal_w))
        top = int(rng.integers(height - seal_h))
        _press(image[top : top + seal_h, left : left + seal_w], mask, rng)


def _draw_seal(side: float, hand: Hand, text: TextSource, rng: np.random.Generator) -> Mask:
    rows, columns = ((1, 1), (2, 1), (2, 2), (2, 2), (3, 2), (3, 1))[int(rng.integers(6))]
    width = max(int(side * (1.0 if columns == 2 else 0.65)), 12)
    height = max(int(side * (1.2 if rows == 3 else 1.0 if columns == 2 or rows == 2 else 0.65)), 12)
    border = max(int(0.045 * side), 1)
    face = np.zeros((height, width), np.uint8)
    inner_h, inner_w = (height - 4 * border) / rows, (width - 4 * border) / columns
    ancient = rng.random() < SEAL_SCRIPT
    line = rng.uniform(0.055, 0.1) * min(inner_h, inner_w)
    for row in range(rows):
        for column in range(columns):
            cell_hw = max(int(0.9 * inner_h), 1), max(int(0.88 * inner_w), 1)
            ink = draw_seal_sign(cell_hw, line, rng) if ancient else _squared(cell_hw, hand, text, rng)
            top, left = int(2 * border + row * inner_h), int(2 * border + column * inner_w)
            target = face[top : top + ink.shape[0], left : left + ink.shape[1]]
            np.maximum(target, ink[: target.shape[0], : target.shape[1]], out=target)
    if rng.random() < 0.35:
        return _within_outline(255 - face, border, rng, filled=True)
    return _within_outline(face, border, rng, filled=False)


def _squared(cell_hw: tuple[int, int], hand: Hand, text: TextSource, rng: np.random.Generator) -> Mask:
    """A character of the book's hand, stretched to fill its cell."""
    codepoint = f"U+{ord(text.next_character(None, rng)):04X}"
    ink = hand.draw(codepoint, cell_hw, rng)
    if ink is None:
        return np.zeros(cell_hw, np.uint8)
    return as_uint8(cv2.resize(ink, cell_hw[::-1]))


def _within_outline(face: Mask, border: int, rng: np.random.Generator, *, filled: bool) -> Mask:
    height, width = face.shape
    shape, ring = np.zeros_like(face), np.zeros_like(face)
    corner, opposite = (border, border), (width - 1 - border, height - 1 - border)
    if rng.random() < 0.25:
        center, axes = (width // 2, height // 2), (width // 2 - border, height // 2 - border)
        cv2.ellipse(shape, center, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
        cv2.ellipse(ring, center, axes, 0, 0, 360, 255, border, cv2.LINE_AA)
    else:
        cv2.rectangle(shape, corner, opposite, 255, -1)
        cv2.rectangle(ring, corner, opposite, 255, border)
    inside = np.minimum(face, shape)
    return inside if filled else np.maximum(inside, ring)


def _press(part: Image, mask: Mask, rng: np.random.Generator) -> None:
    red = np.clip(np.asarray(REDS[int(rng.integers(len(REDS)))]) + rng.normal(0, 8, 3), 0, 255).astype(np.float32)
    pressure = 0.95 + 0.12 * layered_field(rng, (mask.shape[0], mask.shape[1]), mask.shape[0] / 3, 4)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.8).astype(np.float32) / 255
    cover: FloatArray = (soft * pressure * rng.uniform(0.3, 0.9)).clip(0, 1)[..., None]
    # The stamp's red takes light away as ink does, so dark strokes stay dark below it.
    tinted = part.astype(np.float32) * (red / 240.0)
    part[:] = (part * (1 - cover) + tinted * cover).astype(np.uint8)
