"""ALTO."""

from hypothesis import given

from kuzushiji_submit.export.alto import NAMESPACE, render_alto
from kuzushiji_submit.export.text_columns import lay_out
from kuzushiji_submit.reading.characters import Alternative, Character
from tests.kuzushiji_submit.export.conftest import CREATED, HA, KA, exported_pages, few

NAMES = {"a": NAMESPACE}


def test_a_page_without_characters_is_whole_and_has_no_block(empty, require_valid):
    root = require_valid("alto", render_alto(empty, CREATED))
    (space,) = root.iterfind(".//a:PrintSpace", NAMES)
    assert len(space) == 0
    assert dict(space.attrib) == {"HPOS": "0", "VPOS": "0", "WIDTH": "500", "HEIGHT": "400"}
    assert root.find(".//a:fileName", NAMES).text == "b_2.jpg"


def test_columns_are_lines_in_reading_order(page, require_valid):
    root = require_valid("alto", render_alto(page, CREATED))
    assert [one.get("CONTENT") for one in root.iterfind(".//a:String", NAMES)] == ["いろはにほ", "るを", "へとちりぬ"]
    assert [line.get("TAGREFS") for line in root.iterfind(".//a:TextLine", NAMES)] == [None, "ruby", None]
    assert root.find(".//a:Page", NAMES).get("PHYSICAL_IMG_NR") == "3"
    (line, *_) = root.iterfind(".//a:TextLine", NAMES)
    assert [line.get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")] == ["300", "20", "40", "232"]


def test_alternatives_are_variants_of_a_glyph(require_valid):
    read = Character((10, 20, 40, 60), HA, 0.4, 0.8, (Alternative(HA, 0.5), Alternative(KA, 0.25)))
    root = require_valid("alto", render_alto(lay_out("b", "b.png", (90, 90), 1, [read]), CREATED))
    (glyph,) = root.iterfind(".//a:Glyph", NAMES)
    assert (glyph.get("CONTENT"), glyph.get("GC")) == ("は", "0.5")
    assert [dict(variant.attrib) for variant in glyph] == [{"CONTENT": "か", "VC": "0.25"}]


@given(exported_pages)
@few
def test_every_page_is_valid(require_valid, page):
    root = require_valid("alto", render_alto(page, CREATED))
    glyphs = [glyph.get("CONTENT") for glyph in root.iterfind(".//a:Glyph", NAMES)]
    assert glyphs == [glyph.text for glyph in page.glyphs]
