"""Fonts are made here: a bar of its own length for each character, so that forms are told by their shape."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from kuzushiji_submit.synthetic.fonts import FontError, FontFace, FontSet
from kuzushiji_submit.synthetic.repertoire import Place, Repertoire


def bar_font(path: Path, characters: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {ord(character): f"u{ord(character):04X}" for character in characters}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    glyphs = {}
    for place, name in enumerate([".notdef", *names.values()]):
        pen = TTGlyphPen(None)
        width = 250 + 90 * place
        pen.moveTo((0, 0))
        pen.lineTo((0, 600))
        pen.lineTo((width, 600))
        pen.lineTo((width, 0))
        pen.closePath()
        glyphs[name] = pen.glyph()
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (1000, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    if path.suffix == ".woff":
        builder.font.flavor = "woff"
    builder.save(path)
    return path


@pytest.fixture(scope="module")
def fonts(tmp_path_factory) -> FontSet:
    folder = tmp_path_factory.mktemp("fonts")
    return FontSet(
        [
            bar_font(folder / "plain.ttf", "かがはし人"),
            bar_font(folder / "ipamjm.ttf", "か人天" + "".join(map(chr, range(0x1B019, 0x1B023)))),
            bar_font(folder / "akebono.ttf", "かしは"),
            bar_font(folder / "zhi-mang-xing.ttf", "か人贝云"),
        ]
    )


def repertoire(fonts: FontSet, seed: int, parents: float = 0.2) -> Repertoire:
    return Repertoire(fonts, (0.25,) * 4, parents, (seed,))


def test_repertoires_are_kept_and_differ_between_hands(fonts):
    hands = [tuple(chosen.form.parent for chosen in repertoire(fonts, seed).forms("か")) for seed in range(60)]
    assert hands == [tuple(chosen.form.parent for chosen in repertoire(fonts, seed).forms("か")) for seed in range(60)]
    assert all(1 <= len(hand) <= 3 and len(set(hand)) == len(hand) for hand in hands)
    first = Counter(hand[0] for hand in hands)
    assert first["か"] + first["可"] > 40
    assert min(first["か"], first["可"]) > 5


def test_no_liking_for_old_forms_leaves_the_modern_kana(fonts):
    for seed in range(20):
        (only,) = repertoire(fonts, seed, parents=0.0).forms("か")
        assert (only.form.parent, only.share) == ("か", 1.0)


def test_fonts_write_only_what_they_are_good_for(fonts):
    plain, print_font, old, chinese = fonts.faces
    for seed in range(40):
        for chosen in repertoire(fonts, seed).forms("か"):
            assert chosen.face is not chinese
            assert chosen.face is not print_font or ord(chosen.character) > 0x1B000
            assert chosen.face is not old or chosen.form.parent == "可"
    assert not print_font.writes("人")
    assert not chinese.writes("か")
    assert plain.writes("人")


def test_chinese_shapes_stand_in_for_old_kanji_alone(fonts):
    chinese = fonts.faces[3]
    assert chinese.shape_of("貝") == "贝"
    assert chinese.shape_of("雲") is None
    assert fonts.drawn_character("貝") == "貝"
    assert fonts.drawn_character("天") is None


def test_box_decides_between_forms(fonts):
    hand = next(hand for seed in range(200) if len((hand := repertoire(fonts, seed)).forms("か")) == 3)
    for chosen in hand.forms("か"):
        glyph = chosen.face.glyph(chosen.character, 100).mask
        size = (100.0, 100.0 * glyph.shape[1] / glyph.shape[0])
        drawn = [hand.choose("か", size, np.random.default_rng(seed)) for seed in range(30)]
        assert any(found is not None and found[0] == chosen.character for found in drawn)


def test_voiced_kana_are_taller_than_their_form(fonts):
    hand = repertoire(fonts, 0)
    for place in (Place(), Place(head=True), Place(tail=True, repeated=True)):
        found = hand.choose("ば", (60.0, 60.0), np.random.default_rng(1), place)
        assert found is not None
        assert found[1].mask.any()
    assert hand.choose("井", (60.0, 60.0), np.random.default_rng(1)) is None


def test_font_in_pieces_is_one_font(tmp_path):
    bar_font(tmp_path / "liu-jian-mao-cao" / "files" / "part-1.woff", "人")
    bar_font(tmp_path / "liu-jian-mao-cao" / "files" / "part-2.woff", "大云")
    face = FontFace(tmp_path / "liu-jian-mao-cao")
    assert [face.writes(character) for character in "人大云雲小"] == [True, True, False, True, False]
    assert face.glyph("大", 48).mask.any()
    (tmp_path / "empty").mkdir()
    with pytest.raises(FontError, match="without font files"):
        FontFace(tmp_path / "empty")
    (tmp_path / "liu-jian-mao-cao" / "files" / "part-3.woff").write_bytes(b"no font")
    with pytest.raises(FontError, match="part-3"):
        FontFace(tmp_path / "liu-jian-mao-cao")
