"""A hand: the way one writer, or one block cutter, forms characters."""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.synthetic.bristles import dry_brush
from kuzushiji_submit.synthetic.fonts import BaseGlyph, FontSet
from kuzushiji_submit.synthetic.glyph_source import GlyphSource
from kuzushiji_submit.synthetic.repertoire import MIDDLE, Place, Repertoire
from kuzushiji_submit.synthetic.strokes import with_stroke
from kuzushiji_submit.synthetic.types import FloatArray, Mask, as_uint8
from kuzushiji_submit.synthetic.warp import warp_mask

WARP_GRID = (2, 4, 4)
INK_FRACTION = 0.35
SUPERSAMPLED_BELOW = 64
MANUSCRIPTS = 0.3
FIT_TOLERANCE = 0.05


class Making(StrEnum):
    """How a book was made."""

    WOODBLOCK = "woodblock"
    MANUSCRIPT = "manuscript"


@dataclass(frozen=True)
class HandStyle:
    """How a hand writes; lengths are parts of the character size.

    Attributes:
        face_weights: how often each font of the set is used.
        making: whether the hand's strokes were cut into a block or are the brush's own.
        stroke: stroke width.
        hairline: width of a character's thin strokes against its median one.
        contrast: width of a character's thick strokes against its median one.
        pressure: relative deviation of the width along the strokes.
        stroke_jitter: relative deviation of the stroke width.
        slant: shift to the right per unit of height.
        habit: displacement by which the hand's shape of a character differs from the font's, always the same way.
        warp: displacement by which one writing of a character differs from the next.
        roughness: unevenness of the stroke's border, part of the stroke width.
        dryness: 0 for a wet brush, 1 for one that leaves streaks of paper everywhere.
        depletion: part of the ink that is gone before the brush is dipped again.
        density: opacity of the ink.
        density_jitter: deviation of the opacity from character to character.
        parents: how much the hand likes old forms of kana, 0.2 being usual; 0 for the modern kana alone.
        joining: probability that a stroke joins a character to the next one close below.
        softness: deviation in pixels of the blur of each character, beside the page's as a whole.
    """

    face_weights: tuple[float, ...]
    making: Making = Making.WOODBLOCK
    stroke: float = 0.066
    hairline: float = 0.45
    contrast: float = 1.45
    pressure: float = 0.1
    stroke_jitter: float = 0.1
    slant: float = 0.0
    habit: float = 0.03
    warp: float = 0.02
    roughness: float = 0.04
    dryness: float = 0.1
    depletion: float = 0.0
    density: float = 0.92
    density_jitter: float = 0.05
    parents: float = 0.15
    joining: float = 0.25
    softness: float = 0.0


def draw_hand_style(rng: np.random.Generator, faces: int) -> HandStyle:
    """Draws the style of a hand that leans on one or two of `faces` fonts."""
    weights = np.full(faces, 0.02)
    favored = rng.permutation(faces)[:2]
    weights[favored] += np.array((1.0, rng.uniform(0, 0.5)))[: len(favored)]
    manuscript = bool(rng.random() < MANUSCRIPTS)
    return HandStyle(
        face_weights=tuple((weights / weights.sum()).tolist()),
        making=Making.MANUSCRIPT if manuscript else Making.WOODBLOCK,
        stroke=float(
            np.clip(rng.normal(0.05, 0.007), 0.036, 0.07)
            if manuscript
            else np.clip(rng.normal(0.066, 0.007), 0.052, 0.08)
        ),
        hairline=rng.uniform(0.38, 0.58),
        contrast=rng.uniform(1.5, 1.85) if manuscript else rng.uniform(1.35, 1.6),
        pressure=rng.uniform(0.08, 0.25) if manuscript else rng.uniform(0.03, 0.15),
        stroke_jitter=rng.uniform(0.05, 0.15),
        slant=rng.normal(0.0, 0.06),
        habit=rng.uniform(0.015, 0.045),
        warp=rng.uniform(0.008, 0.025),
        roughness=rng.uniform(0.01, 0.05) if manuscript else rng.uniform(0.02, 0.09),
        dryness=rng.uniform(0.1, 0.6) if manuscript else rng.uniform(0.0, 0.15),
        depletion=rng.uniform(0.0, 0.3) if manuscript else 0.0,
        density=rng.uniform(0.94, 1.0),
        density_jitter=rng.uniform(0.03, 0.1) if manuscript else rng.uniform(0.01, 0.05),
        parents=rng.uniform(0.0, 0.4),
        joining=rng.uniform(0.3, 0.85) if manuscript else rng.uniform(0.1, 0.65),
    )


class Hand:
    """Writes characters as ink masks.

    Args:
        fonts: the fonts the hand leans on.
        style: how it writes; `face_weights` has one weight a font.
        seed: seed words of the hand's habits.
        source: what writes characters before the fonts do, None where the fonts write all.
    """

    def __init__(
        self, fonts: FontSet, style: HandStyle, seed: tuple[int, ...], source: GlyphSource | None = None
    ) -> None:
        if len(style.face_weights) != len(fonts):
            raise ValueError(f"face_weights needs {len(fonts)} weights, got {len(style.face_weights)}")
        self.fonts = fonts
        self.style = style
        self.source = source
        self._seed = seed
        self.repertoire = Repertoire(fonts, style.face_weights, style.parents, seed)
        self._habits: dict[str, FloatArray] = {}

    def draw(
        self,
        codepoint: str,
        size_hw: tuple[float, float],
        rng: np.random.Generator,
        nominal: float | None = None,
        place: Place = MIDDLE,
    ) -> Mask | None:
        """Writes one character so that its ink fills a size.

        Args:
            codepoint: such as "U+306F".
            size_hw: wanted height and width of the ink in pixels; met within a pixel or two by fonts, about by a source
                that keeps its glyphs' proportions.
            rng: the source of this writing's variation.
            nominal: the page's character size in pixels, which with the character's own decides the stroke width.
            place: where in its column the character stands, which sways the form.

        Returns:
            uint8 (H, W) ink, cut to the ink's exact extent, or None where no font holds the character.
        """
        height, width = max(size_hw[0], 3.0), max(size_hw[1], 3.0)
        written = self.source.write(codepoint, (height, width), rng) if self.source is not None else None
        if written is not None:
            return written
        own = float(np.sqrt(height * width))
        scale = 2 if max(height, width) < SUPERSAMPLED_BELOW else 1
        height, width = height * scale, width * scale
        chosen = self.repertoire.choose(to_character(codepoint), (height, width), rng, place)
        if chosen is None:
            return self.source.write(codepoint, size_hw, rng, needed=True) if self.source is not None else None
        character, base = chosen
        stroke = self.style.stroke * (nominal or own) ** 0.6 * own**0.4 * scale
        stroke *= max(1.0 + self.style.stroke_jitter * rng.standard_normal(), 0.5)
        alpha = self._shape(character, base, (height, width), stroke, rng)
        ink = self._ink(alpha, rng)
        if self.style.softness > 0:
            ink = as_uint8(cv2.GaussianBlur(ink, (0, 0), self.style.softness * scale))
        return fit_ink(ink, (round(height / scale), round(width / scale)), scale)

    def _habit(self, character: str) -> FloatArray:
        if character not in self._habits:
            rng = np.random.default_rng((*self._seed, ord(character)))
            self._habits[character] = rng.standard_normal(WARP_GRID, dtype=np.float32)
        return self._habits[character]

    def _shape(
        self, character: str, base: BaseGlyph, size_hw: tuple[float, float], stroke: float, rng: np.random.Generator
    ) -> FloatArray:
        """Opacity (H, W) in 0 … 1 of the warped, slanted glyph with its strokes brought to a width."""
        height, width = size_hw
        base_h, base_w = base.mask.shape
        natural = base.stroke * np.sqrt(height / base_h * width / base_w)
        growth = float(np.clip((stroke - natural) / 2, -0.4 * natural, 0.9 * natural))
        inner_h, inner_w = max(height - 2 * growth, height / 2), max(width - 2 * growth, width / 2)
        margin = int(0.12 * max(height, width) + abs(growth) + 3)
        patch = self._warped(
            character, base, (inner_h, inner_w), (int(height) + 2 * margin, int(width) + 2 * margin), rng
        )
        style = self.style
        spread = style.hairline, style.contrast
        return with_stroke(patch, stroke, spread, style.pressure, style.roughness * max(stroke, 2.0), rng)

    def _warped(
        self,
        character: str,
        base: BaseGlyph,
        inner_hw: tuple[float, float],
        patch_hw: tuple[int, int],
        rng: np.random.Generator,
    ) -> FloatArray:
        size = min(float(np.sqrt(inner_hw[0] * inner_hw[1])), 1.6 * min(inner_hw))
        grid = self.style.habit * self._habit(character) + self.style.warp * rng.standard_normal(
            WARP_GRID, dtype=np.float32
        )
        return warp_mask(base.mask, inner_hw, patch_hw, grid * np.float32(size), self.style.slant) / 255

    def _ink(self, alpha: FloatArray, rng: np.random.Generator) -> Mask:
        style = self.style
        density = np.clip(style.density + style.density_jitter * rng.standard_normal(), 0.35, 1.0)
        fading = 1.0 - abs(style.density_jitter * rng.standard_normal()) * np.linspace(
            0, 1.5, len(alpha), dtype=np.float32
        )
        ink = alpha * (density * fading[:, None].clip(0.4, 1.0))
        if rng.random() < 2 * style.dryness:
            ink = dry_brush(ink, style.dryness * rng.random(), rng)
        return as_uint8(ink * 255)


def fit_ink(ink: Mask, size_hw: tuple[int, int], scale: int) -> Mask | None:
    """Brings supersampled ink to a size and cuts it to its extent; None if nothing is left."""
    cut = cut_to_ink(ink)
    if cut is None:
        return None
    wanted = (max(size_hw[0], 1), max(size_hw[1], 1))
    actual = (cut.shape[0] / scale, cut.shape[1] / scale)
    off = max(abs(got - want) / want for got, want in zip(actual, wanted, strict=True))
    if scale == 1 and off <= FIT_TOLERANCE:
        return cut
    # Shrunk by more than the supersampling, hairlines would pale until they count as none: they are thickened first.
    excess = [max(round(got / want), 1) for got, want in zip(actual, wanted, strict=True)]
    if max(excess) > 1:
        cut = as_uint8(cv2.dilate(cut, np.ones((2 * excess[0] - 1, 2 * excess[1] - 1), np.uint8)))
    return cut_to_ink(as_uint8(cv2.resize(cut, wanted[::-1], interpolation=cv2.INTER_AREA)))


def cut_to_ink(ink: Mask) -> Mask | None:
    """The part of a mask that holds its ink: all above a third of its darkest value; None if there is none."""
    threshold = max(INK_FRACTION * float(ink.max(initial=0)), 1.0)
    rows = np.flatnonzero(ink.max(axis=1, initial=0) >= threshold)
    columns = np.flatnonzero(ink.max(axis=0, initial=0) >= threshold)
    if not len(rows):
        return None
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
