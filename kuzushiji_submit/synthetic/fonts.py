"""Font files as sources of glyph masks: which characters they hold, and the ink of one at a size."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from PIL import ImageFont

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.synthetic.types import Mask
from kuzushiji_submit.synthetic.variants import STAND_INS

DEBIAN_PACKAGES = ("fonts-kouzan-mouhitsu", "fonts-aoyagi-kouzan-t", "fonts-aoyagi-soseki")
FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
)
BRUSH_WORDS = ("kouzan", "aoyagi", "mouhitsu")
CURSIVE_WORDS = ("sousyo", "sosho", "草書")
LEVELS = (48, 96, 192)
UNASSIGNED = ("\U0010fffd", "\ue123", "\uffff")
CACHE_ENTRIES = 3000


class FontError(ConfigError):
    """Font files that are missing, unreadable, or hold none of the characters asked for."""


def discover_fonts() -> list[Path]:
    """The installed brush fonts, in the order of their names.

    Raises:
        FontError: if none is installed; names the Debian packages that hold them.
    """
    found = {
        path.name: path
        for folder in FONT_FOLDERS
        if folder.is_dir()
        for path in sorted(folder.rglob("*.[ot]tf"))
        if any(word in path.name.lower() for word in BRUSH_WORDS)
    }
    if not found:
        raise FontError(
            f"no brush font is installed: install the Debian packages {', '.join(DEBIAN_PACKAGES)}, "
            "or name font files with --fonts"
        )
    return [found[name] for name in sorted(found)]


@dataclass(frozen=True)
class BaseGlyph:
    """A character as the font draws it, cut to its ink.

    Attributes:
        mask: uint8 (H, W), 255 where there is ink.
        stroke: mean stroke width in pixels of the mask.
    """

    mask: Mask
    stroke: float


class FontFace:
    """One font file.

    Args:
        path: a TrueType or OpenType file.

    Raises:
        FontError: if the file is missing or no font.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fonts = {level: ImageFont.truetype(str(path), level) for level in LEVELS}
        except OSError as error:
            raise FontError(f"{path}: not a readable font file ({error}): name a .ttf or .otf file") from error
        self._glyphs: dict[tuple[str, int], BaseGlyph] = {}
        self._held: dict[str, bool] = {}

    @cached_property
    def cursive(self) -> bool:
        """Whether the font's name says that it holds grass script."""
        names = (self.path.name, *self._fonts[LEVELS[0]].getname())
        return any(word in str(name).lower() for name in names for word in CURSIVE_WORDS)

    @cached_property
    def _missing_marks(self) -> frozenset[bytes]:
        return frozenset(_raw(self._fonts[LEVELS[0]], character).tobytes() for character in UNASSIGNED)

    def holds(self, character: str) -> bool:
        """Whether the font has ink of its own for a character: a blank or the mark for missing glyphs is none."""
        if character not in self._held:
            raw = _raw(self._fonts[LEVELS[0]], character)
            self._held[character] = bool(raw.any()) and raw.tobytes() not in self._missing_marks
        return self._held[character]

    def glyph(self, character: str, size: float) -> BaseGlyph:
        """The ink of a held character, drawn at the smallest level not below `size` pixels (the largest otherwise)."""
        level = next((level for level in LEVELS if level >= size), LEVELS[-1])
        key = (character, level)
        if key not in self._glyphs:
            if len(self._glyphs) >= CACHE_ENTRIES:
                self._glyphs.clear()
            self._glyphs[key] = _base_glyph(_raw(self._fonts[level], character))
        return self._glyphs[key]


class FontSet:
    """The fonts a synthetic competition is written with.

    Args:
        paths: font files, at least one.

    Raises:
        FontError: if there is none, or one cannot be read.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        if not paths:
            raise FontError("no font files: name at least one")
        self.faces = tuple(FontFace(Path(path)) for path in paths)

    def __len__(self) -> int:
        return len(self.faces)

    def drawn_character(self, character: str) -> str | None:
        """The character whose glyph is drawn: itself, its stand-in where no font holds it, None if neither is held."""
        for candidate in (character, STAND_INS.get(character, "")):
            if candidate and any(face.holds(candidate) for face in self.faces):
                return candidate
        return None


def _raw(font: ImageFont.FreeTypeFont, character: str) -> Mask:
    core = font.getmask(character, mode="L")
    width, height = core.size
    return np.asarray(core, dtype=np.uint8).reshape(height, width)


def _base_glyph(raw: Mask) -> BaseGlyph:
    rows, columns = np.flatnonzero(raw.max(axis=1) > 64), np.flatnonzero(raw.max(axis=0) > 64)
    mask = raw[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else raw
    return BaseGlyph(np.ascontiguousarray(mask), mean_stroke(mask))


def mean_stroke(mask: Mask) -> float:
    """The mean stroke width of a mask in pixels: a band of width w has a mean distance to its border of w / 4."""
    padded = np.pad(mask > 127, 1).astype(np.uint8)
    if not padded.any():
        return 1.0
    inside = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    return max(4.0 * float(inside[padded > 0].mean()) - 1.0, 1.0)
