"""Which form of a character a hand writes: its repertoire of kana, its fonts for kanji, and the choice by place.

    kana か, a hand's repertoire            this place: start of a line, box 1.1 high a unit of width
    ------------------------------          ----------------------------------------------------------
    可  0.6  hentaigana KA-3                share x habit of the place x fit of the form's aspect -> 可 0.5
    か  0.3  a kana font                                                                         か 0.4
    加  0.1  grass script kanji                                                                  加 0.1

A hand keeps its repertoire through a book. A box that a real page asks for tells which form stood in it (し is a line,
its other form 志 is not), so forms that would have to be stretched are rarely taken.
"""

from dataclasses import dataclass

import numpy as np

from kuzushiji_submit.synthetic.font_catalog import Script, script_of
from kuzushiji_submit.synthetic.fonts import BaseGlyph, FontFace, FontSet
from kuzushiji_submit.synthetic.old_forms import KanaForm, kana_forms, split_marks
from kuzushiji_submit.synthetic.variants import STAND_INS
from kuzushiji_submit.synthetic.voicing import with_mark

FORM_COUNTS = (1, 2, 3)
FORM_COUNT_SHARES = (0.25, 0.45, 0.3)
# Gamma shape of a hand's own liking of a form or a font: the smaller, the more hands differ.
LIKING = 1.2
FONT_LIKING = 0.7
# Deviation of log aspect at which a form fits a box with exp(-1/2) of its weight.
ASPECT_DEVIATION = 0.45
# A hand's first choice of font for a character is kept with this probability.
FAITHFULNESS = 0.85
USUAL_PARENTS = 0.2
# Forms that books like at the start of a line or word; a hand has the liking with probability HEAD_HABIT.
HEAD_FORMS = {
    "し": "志",
    "は": "者",
    "か": "可",
    "た": "多",
    "す": "春",
    "な": "那",
    "の": "能",
    "ま": "満",
    "そ": "楚",
}
TAIL_FORMS = {"に": "尓", "る": "流", "け": "介", "は": "八", "み": "三", "を": "越", "り": "里"}
HEAD_HABIT = 0.5
PLACE_FACTOR = 3.0


@dataclass(frozen=True)
class Place:
    """Where in a column a character stands.

    Attributes:
        head: at the start of a line.
        tail: at its end.
        repeated: whether the same character stands shortly before it.
    """

    head: bool = False
    tail: bool = False
    repeated: bool = False


MIDDLE = Place()


@dataclass(frozen=True)
class ChosenForm:
    """A form in a hand's repertoire.

    Attributes:
        form: the form.
        share: how often the hand writes it where nothing speaks for another.
        face: the font it is drawn with.
        character: the character of the font.
    """

    form: KanaForm
    share: float
    face: FontFace
    character: str


class Repertoire:
    """The forms of one hand.

    Args:
        fonts: the fonts the hand leans on.
        face_weights: how much it leans on each.
        parents: how much it likes old forms of kana, 0.2 being usual; 0 for the modern kana alone.
        seed: seed words of the hand.
    """

    def __init__(self, fonts: FontSet, face_weights: tuple[float, ...], parents: float, seed: tuple[int, ...]) -> None:
        self._fonts = fonts
        self._parents = parents
        self._seed = seed
        rng = np.random.default_rng((*seed, 1))
        self._liking = np.asarray(face_weights) * rng.gamma(FONT_LIKING, size=len(fonts))
        # Labels tell ば where the mark is written; hands that leave it off are few, and seldom do so.
        self._unmarked = float(rng.choice((0.0, 0.03, 0.15), p=(0.6, 0.3, 0.1)))
        self._avoids_repeats = float(rng.uniform(0.25, 1.0))
        self._kana: dict[str, tuple[ChosenForm, ...]] = {}

    def choose(
        self, character: str, size_hw: tuple[float, float], rng: np.random.Generator, place: Place = MIDDLE
    ) -> tuple[str, BaseGlyph] | None:
        """What the hand writes for a character.

        Args:
            character: the character of the transcription.
            size_hw: the height and width in pixels it is to fill.
            rng: the source of this writing's variation.
            place: where it stands.

        Returns:
            The name under which the hand's habits of the shape are kept, and the glyph; None if no font draws it.
        """
        for candidate in (character, STAND_INS.get(character, "")):
            chosen = self._choose(candidate, size_hw, rng, place) if candidate else None
            if chosen is not None:
                return chosen
        return None

    def forms(self, kana: str) -> tuple[ChosenForm, ...]:
        """The hand's forms of a kana without marks, the likeliest first; empty if no font draws any."""
        if kana not in self._kana:
            self._kana[kana] = self._draw_forms(kana)
        return self._kana[kana]

    def _choose(
        self, character: str, size_hw: tuple[float, float], rng: np.random.Generator, place: Place
    ) -> tuple[str, BaseGlyph] | None:
        base, mark = split_marks(character)
        forms = self.forms(base) if base in kana_forms() else ()
        if not forms:
            return self._from_face(character, size_hw, rng)
        size = max(size_hw)
        marked = bool(mark) and rng.random() >= self._unmarked
        glyphs = [_glyph(form, character if marked else base, mark if marked else "", size) for form in forms]
        weights = np.array([form.share for form in forms]) * self._habit(base, forms, place)
        weights *= [_aspect_fit(glyph, size_hw) for glyph in glyphs]
        index = int(rng.choice(len(forms), p=weights / weights.sum()))
        return forms[index].character, glyphs[index]

    def _habit(self, kana: str, forms: tuple[ChosenForm, ...], place: Place) -> np.ndarray:
        """Factors for the place: forms liked at line starts and ends; another form than the first for a repeat."""
        rng = np.random.default_rng((*self._seed, 3, ord(kana)))
        likes_head, likes_tail = rng.random(2) < HEAD_HABIT
        factors = np.ones(len(forms))
        for index, chosen in enumerate(forms):
            if place.head and likes_head and chosen.form.parent == HEAD_FORMS.get(kana, forms[0].form.parent):
                factors[index] *= PLACE_FACTOR
            if place.tail and likes_tail and chosen.form.parent == TAIL_FORMS.get(kana, forms[-1].form.parent):
                factors[index] *= PLACE_FACTOR
        if place.repeated:
            factors[0] *= self._avoids_repeats
        return factors

    def _draw_forms(self, kana: str) -> tuple[ChosenForm, ...]:
        rng = np.random.default_rng((*self._seed, 2, ord(kana)))
        known = kana_forms()[kana]
        liking = rng.gamma(LIKING, size=len(known))
        count = int(rng.choice(FORM_COUNTS, p=FORM_COUNT_SHARES))
        old = self._parents / USUAL_PARENTS
        shares = {
            form: form.weight * like * (1.0 if form.parent == kana else old)
            for form, like in zip(known, liking.tolist(), strict=True)
            if self._fonts.sources(kana, form)
        }
        shares = {form: share for form, share in shares.items() if share > 0}
        kept = sorted(shares, key=lambda form: -shares[form])[:count]
        total = sum(shares[form] for form in kept)
        return tuple(ChosenForm(form, shares[form] / total, *self._source(kana, form, rng)) for form in kept)

    def _source(self, kana: str, form: KanaForm, rng: np.random.Generator) -> tuple[FontFace, str]:
        sources = self._fonts.sources(kana, form)
        if form.parent == kana:
            order = {face.path: like for face, like in zip(self._fonts.faces, self._liking.tolist(), strict=True)}
            weights = np.array([order[face.path] * max(face.weight(Script.KANA), 0.1) for face, _ in sources])
        else:
            weights = np.ones(len(sources))
        return sources[int(rng.choice(len(sources), p=weights / weights.sum()))]

    def _from_face(
        self, character: str, size_hw: tuple[float, float], rng: np.random.Generator
    ) -> tuple[str, BaseGlyph] | None:
        script = script_of(character)
        faces = [face for face in self._fonts.faces if face.writes(character)]
        if not faces:
            return None
        liking = dict(zip(self._fonts.faces, self._liking.tolist(), strict=True))
        weights = np.array([liking[face] * face.weight(script) for face in faces]) + 1e-9
        stable = np.random.default_rng((*self._seed, 4, ord(character)))
        source = stable if rng.random() < FAITHFULNESS else rng
        face = faces[int(source.choice(len(faces), p=weights / weights.sum()))]
        return character, face.glyph(face.shape_of(character) or character, max(size_hw))


def _glyph(chosen: ChosenForm, character: str, mark: str, size: float) -> BaseGlyph:
    """The glyph of a form, with the mark of a voiced kana; a font's own voiced glyph where it has one."""
    if mark and script_of(chosen.character) is Script.KANA and chosen.face.holds(character):
        return chosen.face.glyph(character, size)
    glyph = chosen.face.glyph(chosen.character, size)
    return with_mark(glyph, mark) if mark else glyph


def _aspect_fit(glyph: BaseGlyph, size_hw: tuple[float, float]) -> float:
    height, width = glyph.mask.shape
    stretch = np.log(size_hw[0] / size_hw[1]) - np.log(height / width)
    return float(np.exp(-0.5 * (stretch / ASPECT_DEVIATION) ** 2)) + 1e-4
