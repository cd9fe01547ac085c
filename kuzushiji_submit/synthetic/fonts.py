"""Fonts as sources of glyph masks: which characters they are good for, and the ink of one at a size."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from fontTools.ttLib import TTFont
from PIL import ImageFont

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.synthetic.font_catalog import FontProfile, Script, known_font, old_kana_of, profile_of, script_of
from kuzushiji_submit.synthetic.old_forms import KanaForm, kana_forms, split_marks
from kuzushiji_submit.synthetic.types import Mask
from kuzushiji_submit.synthetic.variants import STAND_INS

DEBIAN_PACKAGES = ("fonts-kouzan-mouhitsu", "fonts-aoyagi-kouzan-t", "fonts-aoyagi-soseki")
FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    # Path.home() raises where the user has no entry in the user table.
    Path(os.path.expanduser("~/.local/share/fonts")),
    Path(os.path.expanduser("~/.fonts")),
)
FETCHED_FOLDER = Path("fonts")
BRUSH_WORDS = ("kouzan", "aoyagi", "mouhitsu")
PIECES = (".ttf", ".otf", ".woff", ".woff2")
LEVELS = (48, 96, 192)
UNASSIGNED = ("\U0010fffd", "\ue123", "\uffff")
CACHE_ENTRIES = 3000


class FontError(ConfigError):
    """Font files that are missing, unreadable, or hold none of the characters asked for."""


def discover_fonts() -> list[Path]:
    """The brush fonts that are installed or were fetched into `fonts/` here, in the order of their names.

    Raises:
        FontError: if there is none; names the Debian packages that hold the backbone.
    """
    found: dict[str, Path] = {}
    for folder in (*FONT_FOLDERS, FETCHED_FOLDER):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if _is_brush_font(path):
                found.setdefault(path.name, path)
    if not any(Script.KANA in profile_of(path).weights for path in found.values()):
        raise FontError(
            f"no brush font is installed: install the Debian packages {', '.join(DEBIAN_PACKAGES)}, "
            "fetch them with scripts/fonts.sh, or name font files with --fonts"
        )
    return [found[name] for name in sorted(found)]


def _is_brush_font(path: Path) -> bool:
    if path.is_dir():
        pieces = _pieces(path) if known_font(path) else []
        return bool(pieces) and pieces[0].suffix.startswith(".woff")
    if path.suffix.lower() not in (".ttf", ".otf") or path.parent.name == "files":
        return False
    return known_font(path) or any(word in path.name.lower() for word in BRUSH_WORDS)


def _pieces(folder: Path) -> list[Path]:
    """The files of a font in pieces, one format only: the packages hold each piece as .woff and as .woff2."""
    for inside in (folder / "files", folder):
        for suffix in PIECES:
            pieces = sorted(inside.glob(f"*{suffix}")) if inside.is_dir() else []
            if pieces and (suffix != ".ttf" or len(pieces) > 1):
                return pieces
    return []


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
    """One font: a file, or a folder of files that each hold a part of the characters.

    Args:
        path: a TrueType or OpenType file, or a folder of such files or of .woff and .woff2 files.

    Raises:
        FontError: if the file is missing or no font.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        pieces = _pieces(path) if path.is_dir() else [path]
        if not pieces:
            raise FontError(f"{path}: a folder without font files: name a font, or a folder of the pieces of one")
        self._piece_of = _characters_of_pieces(pieces) if path.is_dir() else {}
        self._first = pieces[0]
        self._fonts: dict[tuple[Path, int], ImageFont.FreeTypeFont] = {}
        names = tuple(str(name) for name in self._font(self._first, LEVELS[0]).getname())
        self.profile: FontProfile = profile_of(path, names)
        self.old_kana = old_kana_of(path)
        self._missing: dict[Path, frozenset[bytes]] = {}
        self._glyphs: dict[tuple[str, int], BaseGlyph] = {}
        self._held: dict[str, bool] = {}

    @property
    def cursive(self) -> bool:
        """Whether the font holds kanji in grass script, which may stand for kana."""
        return self.profile.cursive

    def weight(self, script: Script) -> float:
        """How much a hand leans on this font for a script; 0 where it is not to be drawn with it."""
        return self.profile.weights.get(script, 0.0)

    def holds(self, character: str) -> bool:
        """Whether the font has ink of its own for a character: a blank or the mark for missing glyphs is none."""
        if character not in self._held:
            self._held[character] = self._has_ink(character)
        return self._held[character]

    def writes(self, character: str) -> bool:
        """Whether a hand may draw the character with this font: it holds it, and is good for its script."""
        return self.shape_of(character) is not None

    def shape_of(self, character: str) -> str | None:
        """The character whose glyph is drawn, itself or its simplified shape; None if the font is not good for it."""
        if not self.weight(script_of(character)):
            return None
        own = "" if character in self.profile.misdrawn else character
        shapes = (own, self.profile.shapes.get(character, ""))
        return next((shape for shape in shapes if shape and self.holds(shape)), None)

    def glyph(self, character: str, size: float) -> BaseGlyph:
        """The ink of a held character, drawn at the smallest level not below `size` pixels (the largest otherwise)."""
        level = next((level for level in LEVELS if level >= size), LEVELS[-1])
        key = (character, level)
        if key not in self._glyphs:
            if len(self._glyphs) >= CACHE_ENTRIES:
                self._glyphs.clear()
            self._glyphs[key] = _base_glyph(_raw(self._font(self._piece(character), level), character))
        return self._glyphs[key]

    def _piece(self, character: str) -> Path:
        return self._piece_of.get(character, self._first)

    def _font(self, piece: Path, level: int) -> ImageFont.FreeTypeFont:
        if (piece, level) not in self._fonts:
            try:
                self._fonts[piece, level] = ImageFont.truetype(str(piece), level)
            except OSError as error:
                raise FontError(f"{piece}: not a readable font file ({error}): name a .ttf or .otf file") from error
        return self._fonts[piece, level]

    def _has_ink(self, character: str) -> bool:
        if self._piece_of and character not in self._piece_of:
            return False
        piece = self._piece(character)
        font = self._font(piece, LEVELS[0])
        if piece not in self._missing:
            self._missing[piece] = frozenset(_raw(font, mark).tobytes() for mark in UNASSIGNED)
        raw = _raw(font, character)
        return bool(raw.any()) and raw.tobytes() not in self._missing[piece]


def _characters_of_pieces(pieces: list[Path]) -> dict[str, Path]:
    """The piece that holds each character of a font in pieces."""
    held: dict[str, Path] = {}
    for piece in pieces:
        try:
            with piece.open("rb") as stream, TTFont(stream, lazy=True) as font:
                codes = font.getBestCmap() or {}
        except ImportError as error:
            raise FontError(f"{piece}: .woff2 needs the package brotli: install it, or take .woff or .ttf") from error
        except Exception as error:  # fontTools raises whatever a broken table leads to
            raise FontError(f"{piece}: not a readable font file ({error}): fetch it anew") from error
        for code in codes:
            held.setdefault(chr(code), piece)
    return held


class FontSet:
    """The fonts a synthetic competition is written with.

    Args:
        paths: font files or folders, at least one.

    Raises:
        FontError: if there is none, or one cannot be read.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        if not paths:
            raise FontError("no font files: name at least one")
        self.faces = tuple(FontFace(Path(path)) for path in paths)
        self._sources: dict[tuple[str, str], list[tuple[FontFace, str]]] = {}

    def __len__(self) -> int:
        return len(self.faces)

    def drawn_character(self, character: str) -> str | None:
        """The character whose glyph is drawn: itself, its stand-in where no font holds it, None if neither is held."""
        for candidate in (character, STAND_INS.get(character, "")):
            if candidate and any(face.writes(candidate) for face in self.faces):
                return candidate
            base, _ = split_marks(candidate) if candidate else ("", "")
            if any(self.sources(base, form) for form in kana_forms().get(base, ())):
                return candidate
        return None

    def sources(self, kana: str, form: KanaForm) -> list[tuple[FontFace, str]]:
        """Where a form of a kana without marks is drawn: faces and the character to draw with each.

        The modern form comes from fonts of kana; an old one from hentaigana, from fonts that draw it at the kana's own
        code point, or from its parent kanji in grass script.
        """
        if (kana, form.parent) not in self._sources:
            self._sources[kana, form.parent] = [
                (face, character) for face in self.faces for character in _characters_for(face, kana, form)
            ]
        return self._sources[kana, form.parent]


def _characters_for(face: FontFace, kana: str, form: KanaForm) -> list[str]:
    if face.old_kana.get(kana) == form.parent and face.weight(Script.OLD_KANA) and face.holds(kana):
        return [kana]
    if form.parent == kana:
        return [kana] if face.writes(kana) else []
    if face.weight(Script.HENTAIGANA):
        return [character for character in form.hentaigana if face.holds(character)]
    shape = face.shape_of(form.parent) if face.cursive else None
    return [shape] if shape else []


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
