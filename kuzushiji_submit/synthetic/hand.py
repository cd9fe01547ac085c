"""A hand: the way one writer, or one block cutter, forms characters."""

from dataclasses import dataclass

import cv2
import numpy as np

from kuzushiji_submit.synthetic.fonts import BaseGlyph, FontFace, FontSet
from kuzushiji_submit.synthetic.glyph_source import GlyphSource
from kuzushiji_submit.synthetic.noise import smooth_field
from kuzushiji_submit.synthetic.types import FloatArray, Mask, as_float32, as_uint8
from kuzushiji_submit.synthetic.variants import PARENTS, STAND_INS
from recognition.charset import to_character

WARP_GRID = (2, 4, 4)
INK_FRACTION = 0.35
SUPERSAMPLED_BELOW = 64
FIT_TOLERANCE = 0.05
ASPECT_TOLERANCE = 1.9


@dataclass(frozen=True)
class HandStyle:
    """How a hand writes; lengths are parts of the character size.

    Attributes:
        face_weights: how often each font of the set is used.
        stroke: stroke width.
        stroke_jitter: relative deviation of the stroke width.
        slant: shift to the right per unit of height.
        habit: displacement by which the hand's shape of a character differs from the font's, always the same way.
        warp: displacement by which one writing of a character differs from the next.
        roughness: unevenness of the stroke's border, part of the stroke width.
        dryness: 0 for a wet brush, 1 for one that leaves streaks of paper everywhere.
        density: opacity of the ink.
        density_jitter: deviation of the opacity from character to character.
        parents: probability that a kana is written as one of its old parent kanji, where the fonts hold grass script.
        joining: probability that a stroke joins a character to the next one close below.
        softness: deviation in pixels of the blur of each character, beside the page's as a whole.
    """

    face_weights: tuple[float, ...]
    stroke: float = 0.115
    stroke_jitter: float = 0.1
    slant: float = 0.0
    habit: float = 0.03
    warp: float = 0.02
    roughness: float = 0.04
    dryness: float = 0.1
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
    manuscript = rng.random() < 0.35
    return HandStyle(
        face_weights=tuple((weights / weights.sum()).tolist()),
        stroke=float(np.clip(rng.normal(0.11, 0.023), 0.07, 0.165)),
        stroke_jitter=rng.uniform(0.05, 0.15),
        slant=rng.normal(0.0, 0.06),
        habit=rng.uniform(0.015, 0.045),
        warp=rng.uniform(0.008, 0.025),
        roughness=rng.uniform(0.015, 0.07),
        dryness=rng.uniform(0.1, 0.6) if manuscript else rng.uniform(0.0, 0.2),
        density=rng.uniform(0.85, 1.0),
        density_jitter=rng.uniform(0.03, 0.12) if manuscript else rng.uniform(0.01, 0.06),
        parents=rng.uniform(0.0, 0.4),
        joining=rng.uniform(0.0, 0.6),
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
        self._habits: dict[str, FloatArray] = {}

    def draw(
        self, codepoint: str, size_hw: tuple[float, float], rng: np.random.Generator, nominal: float | None = None
    ) -> Mask | None:
        """Writes one character so that its ink fills a size.

        Args:
            codepoint: such as "U+306F".
            size_hw: wanted height and width of the ink in pixels; met within a pixel or two by fonts, about by a source
                that keeps its glyphs' proportions.
            rng: the source of this writing's variation.
            nominal: the page's character size in pixels, which with the character's own decides the stroke width.

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
        chosen = self._choose(to_character(codepoint), height, width, rng)
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

    def _choose(
        self, character: str, height: float, width: float, rng: np.random.Generator
    ) -> tuple[str, BaseGlyph] | None:
        face_order = self._face_order(rng)
        parent = self._parent(character, height / width, max(height, width), rng)
        if parent is not None:
            return parent
        for candidate in (character, STAND_INS.get(character, "")):
            for face in face_order if candidate else ():
                if face.holds(candidate):
                    return candidate, face.glyph(candidate, max(height, width))
        return None

    def _face_order(self, rng: np.random.Generator) -> list[FontFace]:
        faces = self.fonts.faces
        order = rng.choice(len(faces), size=len(faces), replace=False, p=self.style.face_weights)
        return [faces[place] for place in order]

    def _parent(
        self, character: str, aspect: float, size: float, rng: np.random.Generator
    ) -> tuple[str, BaseGlyph] | None:
        if rng.random() >= self.style.parents or character not in PARENTS:
            return None
        candidates = PARENTS[character]
        parent = candidates[int(rng.integers(len(candidates)))]
        for face in self.fonts.faces:
            if face.cursive and face.holds(parent):
                base = face.glyph(parent, size)
                stretch = aspect * base.mask.shape[1] / base.mask.shape[0]
                return (parent, base) if 1 / ASPECT_TOLERANCE < stretch < ASPECT_TOLERANCE else None
        return None

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
        growth = float(np.clip((stroke - natural) / 2, -0.22 * natural, 0.9 * natural))
        inner_h, inner_w = max(height - 2 * growth, height / 2), max(width - 2 * growth, width / 2)
        margin = int(0.12 * max(height, width) + abs(growth) + 3)
        patch = self._warped(
            character, base, (inner_h, inner_w), (int(height) + 2 * margin, int(width) + 2 * margin), rng
        )
        return _thickened(patch, growth, self.style.roughness * max(stroke, 2.0), rng)

    def _warped(
        self,
        character: str,
        base: BaseGlyph,
        inner_hw: tuple[float, float],
        patch_hw: tuple[int, int],
        rng: np.random.Generator,
    ) -> FloatArray:
        base_h, base_w = base.mask.shape
        inner_h, inner_w = inner_hw
        size = min(float(np.sqrt(inner_h * inner_w)), 1.6 * min(inner_hw))
        grid = self.style.habit * self._habit(character) + self.style.warp * rng.standard_normal(
            WARP_GRID, dtype=np.float32
        )
        shift_y, shift_x = (
            cv2.resize(layer * np.float32(size), patch_hw[::-1], interpolation=cv2.INTER_CUBIC) for layer in grid
        )
        from_center_y = np.arange(patch_hw[0], dtype=np.float32)[:, None] - np.float32((patch_hw[0] - 1) / 2)
        from_center_x = np.arange(patch_hw[1], dtype=np.float32)[None, :] - np.float32((patch_hw[1] - 1) / 2)
        y = from_center_y + shift_y
        x = from_center_x + shift_x + np.float32(self.style.slant) * from_center_y
        map_y = y * np.float32(base_h / inner_h) + np.float32((base_h - 1) / 2)
        map_x = x * np.float32(base_w / inner_w) + np.float32((base_w - 1) / 2)
        return as_float32(cv2.remap(base.mask, map_x, map_y, cv2.INTER_LINEAR)) / 255

    def _ink(self, alpha: FloatArray, rng: np.random.Generator) -> Mask:
        style = self.style
        density = np.clip(style.density + style.density_jitter * rng.standard_normal(), 0.35, 1.0)
        fading = 1.0 - abs(style.density_jitter * rng.standard_normal()) * np.linspace(
            0, 1.5, len(alpha), dtype=np.float32
        )
        ink = alpha * (density * fading[:, None].clip(0.4, 1.0))
        if rng.random() < 2 * style.dryness:
            streaks = smooth_field(rng, (alpha.shape[0], alpha.shape[1]), (3, alpha.shape[1] / 3))
            threshold = 2.2 - 2.6 * style.dryness * rng.random()
            ink *= 1.0 - 0.75 * np.clip((streaks - threshold) * 2.0, 0.0, 1.0)
        return as_uint8(ink * 255)


def _thickened(patch: FloatArray, growth: float, roughness: float, rng: np.random.Generator) -> FloatArray:
    """Moves the border of a mask outwards by `growth` pixels, unevenly by about `roughness` pixels."""
    solid = (patch > 0.5).astype(np.uint8)
    inside = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    outside = cv2.distanceTransform(1 - solid, cv2.DIST_L2, 3)
    distance = np.where(solid > 0, inside - 0.5, 0.5 - outside)
    if growth > 0:
        # Dilation must not fill the counters of a dense character.
        growth = min(growth, 0.45 * float(outside[outside > 0].mean())) if outside.any() else growth
    unevenness = smooth_field(rng, (patch.shape[0], patch.shape[1]), (patch.shape[0] / 6, patch.shape[1] / 6))
    return np.clip(distance + growth + roughness * unevenness + 0.5, 0.0, 1.0)


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
    return cut_to_ink(as_uint8(cv2.resize(cut, wanted[::-1], interpolation=cv2.INTER_AREA)))


def cut_to_ink(ink: Mask) -> Mask | None:
    """The part of a mask that holds its ink: all above a third of its darkest value; None if there is none."""
    threshold = max(INK_FRACTION * float(ink.max(initial=0)), 1.0)
    rows = np.flatnonzero(ink.max(axis=1, initial=0) >= threshold)
    columns = np.flatnonzero(ink.max(axis=0, initial=0) >= threshold)
    if not len(rows):
        return None
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
