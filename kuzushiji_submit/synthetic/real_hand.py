"""A real book's writing as a hand: its own characters where it has them, those of other real books now and then."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from kuzushiji_submit.synthetic.book import BookStyle
from kuzushiji_submit.synthetic.fonts import BaseGlyph
from kuzushiji_submit.synthetic.hand import cut_to_ink
from kuzushiji_submit.synthetic.real_glyphs import RealBook, RealGlyphs
from kuzushiji_submit.synthetic.types import FloatArray, Mask, as_float32, as_uint8
from kuzushiji_submit.synthetic.warp import warp_mask

REAL_SEED = 21
OWN_SHARE = 0.9
OTHER_SHARE = 0.35
LARGEST_STRETCH = 1.3
GRID = (2, 3, 3)
MOTTLE = 0.15
"""Real ink is uneven already."""
BLUR = 0.00016
"""Blur of the page as a whole, part of its height: little, as each character brings most of its own."""
BLUR_PIXELS = 0.55
"""About how soft that makes what is drawn with sharp borders, on a page of usual height."""


@dataclass(frozen=True)
class RealHandStyle:
    """How far a writing may differ from the glyph it is made from; lengths are parts of the glyph's size.

    Attributes:
        warp: deviation of the displacement.
        scale: deviation of the size.
        shear: deviation of the slant.
        thickness: largest part of a pixel's dilation or erosion, on the scale of the written page.
        softness: deviation in pixels of the blur that the finished page shall show; the glyphs have it at their scale.
        density: opacity of the ink.
        density_jitter: deviation of the opacity from character to character.
    """

    warp: float = 0.012
    scale: float = 0.04
    shear: float = 0.03
    thickness: float = 0.6
    softness: float = 0.0
    density: float = 0.95
    density_jitter: float = 0.04


class RealHand:
    """Writes with the glyphs of one real book, helped out by others. A `GlyphSource`.

    Args:
        glyphs: the glyphs of every allowed book.
        book_id: the book that leads.
        style: how far a writing differs from its glyph.
    """

    def __init__(self, glyphs: RealGlyphs, book_id: str, style: RealHandStyle | None = None) -> None:
        self.book = glyphs.books[book_id]
        self._glyphs = glyphs
        self._style = style or RealHandStyle()

    def write(
        self, codepoint: str, size_hw: tuple[float, float], rng: np.random.Generator, *, needed: bool = False
    ) -> Mask | None:
        """Writes one character about as large as wanted, its proportions kept; None where the fonts shall write it."""
        glyph = self._choose(codepoint, rng, needed=needed)
        return None if glyph is None else _write(glyph, size_hw, self._style, rng)

    def _choose(self, codepoint: str, rng: np.random.Generator, *, needed: bool) -> BaseGlyph | None:
        holders = self._glyphs.holders.get(codepoint, ())
        own = self.book.book_id in holders
        if not holders or (not needed and rng.random() >= (OWN_SHARE if own else OTHER_SHARE)):
            return None
        book = self.book if own else self._glyphs.books[holders[int(rng.integers(len(holders)))]]
        return book.glyphs[codepoint][int(rng.integers(len(book.glyphs[codepoint])))]


@dataclass(frozen=True, eq=False)
class RealHands:
    """Which synthetic books are written by real hands.

    Attributes:
        glyphs: the glyphs of every allowed book.
        share: part of the synthetic books that a real hand writes.
    """

    glyphs: RealGlyphs
    share: float

    def draw(self, seed: tuple[int, ...], style: BookStyle) -> tuple[BookStyle, RealHand | None]:
        """Decides about one book.

        Args:
            seed: the book's seed words.
            style: the book as it would be without a real hand.

        Returns:
            The style, adapted to what the scans of the real book show, and the hand; the style given and None where
            the book is written with fonts alone.
        """
        rng = np.random.default_rng((*seed, REAL_SEED))
        if rng.random() >= self.share:
            return style, None
        names = sorted(self.glyphs.books)
        weights = np.sqrt([len(self.glyphs.books[name]) for name in names])
        book = self.glyphs.books[names[int(rng.choice(len(names), p=weights / weights.sum()))]]
        real_style = RealHandStyle(
            softness=book.softness,
            density=style.hand.density,
            density_jitter=min(style.hand.density_jitter, 0.06),
        )
        return adapted(style, book), RealHand(self.glyphs, book.book_id, real_style)

    def record(self) -> dict[str, object]:
        """What a folder made with these hands says about them."""
        books = {name: len(book) for name, book in sorted(self.glyphs.books.items())}
        return {"share": self.share, "books": books, "sha256": self.glyphs.digest()}


def adapted(style: BookStyle, book: RealBook) -> BookStyle:
    """The style of a book whose font characters must look like the real ones beside them.

    Real glyphs have been through a scanner: the page is hardly blurred again, the fonts' characters are, one by one.
    """
    softness = float(np.sqrt(max(book.softness**2 - BLUR_PIXELS**2, 0.0)))
    hand = replace(style.hand, stroke=book.stroke, softness=softness)
    return replace(style, hand=hand, blur=BLUR, mottle=min(style.mottle, MOTTLE))


def _write(
    glyph: BaseGlyph, size_hw: tuple[float, float], style: RealHandStyle, rng: np.random.Generator
) -> Mask | None:
    glyph_h, glyph_w = glyph.mask.shape
    ratio_h, ratio_w = size_hw[0] / glyph_h, size_hw[1] / glyph_w
    scale = min(float(np.sqrt(ratio_h * ratio_w)), LARGEST_STRETCH * min(ratio_h, ratio_w))
    scale *= float(np.exp(style.scale * np.clip(rng.standard_normal(), -2, 2)))
    inner_hw = max(round(scale * glyph_h), 3), max(round(scale * glyph_w), 3)
    shrunk = as_uint8(cv2.resize(glyph.mask, inner_hw[::-1], interpolation=cv2.INTER_AREA)) if scale < 1 else glyph.mask
    ink = _warped(shrunk, inner_hw, style, rng)
    ink = _thickened(ink, style.thickness * rng.uniform(-1.0, 1.0))
    missing = style.softness**2 * (1 - min(scale, 1.0) ** 2) - BLUR_PIXELS**2
    if missing > 0:
        ink = as_float32(cv2.GaussianBlur(ink, (0, 0), float(np.sqrt(missing))))
    density = np.clip(style.density + style.density_jitter * rng.standard_normal(), 0.35, 1.0)
    return cut_to_ink(as_uint8(ink * density))


def _warped(mask: Mask, inner_hw: tuple[int, int], style: RealHandStyle, rng: np.random.Generator) -> FloatArray:
    """The mask at a size, smoothly displaced and slanted, float32 (H, W) in 0 … 255 with a margin."""
    inner_h, inner_w = inner_hw
    margin = 2 + round(0.06 * max(inner_hw))
    patch_hw = inner_h + 2 * margin, inner_w + 2 * margin
    size = float(np.sqrt(inner_h * inner_w))
    grid = np.float32(style.warp * size) * rng.standard_normal(GRID, dtype=np.float32)
    slant = style.shear * np.clip(rng.standard_normal(), -2, 2) * min(1.0, inner_w / inner_h)
    return warp_mask(mask, inner_hw, patch_hw, grid, float(slant))


def _thickened(ink: FloatArray, amount: float) -> FloatArray:
    """Ink mixed with its dilation (amount up to 1) or its erosion (down to -1) by a pixel, so that its grain stays."""
    kernel = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    other = cv2.dilate(ink, kernel) if amount > 0 else cv2.erode(ink, kernel)
    return as_float32((1 - abs(amount)) * ink + abs(amount) * other)
