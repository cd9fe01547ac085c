import numpy as np
import pytest

from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.synthetic import fonts as fonts_module
from kuzushiji_submit.synthetic.fonts import FontError, FontFace, FontSet, discover_fonts, mean_stroke
from tests.kuzushiji_submit.synthetic.conftest import UNHELD

UNDRAWN = (UNHELD, "U+0020", "U+E123", "U+10FFFD")


def test_blanks_and_missing_glyphs_are_not_drawn(fonts):
    assert [fonts.drawn_character(to_character(codepoint)) for codepoint in UNDRAWN] == [None] * len(UNDRAWN)
    assert fonts.drawn_character("α") == "α"


def test_stand_in_is_drawn_where_no_font_holds_the_character(fonts, monkeypatch):
    monkeypatch.setitem(fonts_module.STAND_INS, "一", "α")
    assert fonts.drawn_character("一") == "α"
    assert fonts.drawn_character("α") == "α"
    assert fonts.drawn_character("二") is None


def test_glyph_is_cut_to_its_ink(font_path):
    face = FontFace(font_path)
    for size in (1, 48, 49, 5000):
        mask = face.glyph("Δ", size).mask
        assert all(edge.max() > 64 for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    assert face.glyph("Δ", 49).mask.shape[0] > face.glyph("Δ", 48).mask.shape[0]
    assert not face.cursive


@pytest.mark.parametrize(("width", "expected"), [(0, 1.0), (4, 4.0), (10, 10.0), (21, 21.0)])
def test_mean_stroke_of_a_band(width, expected):
    band = np.zeros((400, 60), np.uint8)
    band[:, 20 : 20 + width] = 255
    assert mean_stroke(band) == pytest.approx(expected, rel=0.3)


def test_no_installed_brush_font_names_the_packages(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts_module, "FONT_FOLDERS", (tmp_path, tmp_path / "absent"))
    monkeypatch.setattr(fonts_module, "FETCHED_FOLDER", tmp_path / "absent")
    with pytest.raises(FontError, match="fonts-kouzan-mouhitsu, fonts-aoyagi-kouzan-t, fonts-aoyagi-soseki"):
        discover_fonts()


def test_discovered_fonts_are_ordered_by_name(tmp_path, monkeypatch):
    for name in ("b/KouzanB.ttf", "a/aoyagiA.otf", "a/DejaVuSans.ttf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(fonts_module, "FONT_FOLDERS", (tmp_path,))
    monkeypatch.setattr(fonts_module, "FETCHED_FOLDER", tmp_path / "absent")
    assert [path.name for path in discover_fonts()] == ["KouzanB.ttf", "aoyagiA.otf"]


def test_unusable_fonts_are_named_errors(tmp_path):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    with pytest.raises(FontError, match=r"broken\.ttf"):
        FontSet([broken])
    with pytest.raises(FontError, match=r"absent\.ttf"):
        FontSet([tmp_path / "absent.ttf"])
    with pytest.raises(FontError, match="no font files"):
        FontSet([])


def test_fetched_fonts_are_discovered(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts_module, "FONT_FOLDERS", ())
    monkeypatch.setattr(fonts_module, "FETCHED_FOLDER", tmp_path)
    names = ("fonts-kouzan-mouhitsu/kouzan-mouhitsu.ttf", "fonts-kouzan-mouhitsu/kouzan-mouhitsu-gyosho.ttf")
    for name in (*names, "liu-jian-mao-cao/files/part-1.woff", "zhi-mang-xing/package.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [path.name for path in discover_fonts()]
    assert found == ["kouzan-mouhitsu-gyosho.ttf", "kouzan-mouhitsu.ttf", "liu-jian-mao-cao"]
