"""PAGE XML."""

from hypothesis import given

from kuzushiji_submit.export.page_xml import NAMESPACE, render_page_xml
from kuzushiji_submit.export.text_columns import lay_out
from kuzushiji_submit.reading.characters import Alternative, Character
from tests.kuzushiji_submit.export.conftest import CREATED, HA, KA, exported_pages, few


def texts(root, name):
    path = f".//p:{name}/p:TextEquiv/p:Unicode"
    return [element.text for element in root.iterfind(path, {"p": NAMESPACE})]


def test_a_page_without_characters_is_whole_and_has_no_region(empty, require_valid):
    root = require_valid("page", render_page_xml(empty, CREATED))
    sheet = root[1]
    assert (sheet.get("imageFilename"), sheet.get("imageWidth"), sheet.get("imageHeight")) == ("b_2.jpg", "500", "400")
    assert len(sheet) == 0
    assert root[0][1].text == "2026-05-04T03:02:01+00:00"


def test_columns_are_lines_in_reading_order(page, require_valid):
    root = require_valid("page", render_page_xml(page, CREATED))
    assert texts(root, "TextLine") == texts(root, "Word") == ["いろはにほ", "るを", "へとちりぬ"]
    assert texts(root, "TextRegion") == ["いろはにほ\nるを\nへとちりぬ"]
    assert "".join(texts(root, "Glyph")) == "いろはにほるをへとちりぬ"
    lines = root.findall(".//p:TextLine", {"p": NAMESPACE})
    assert [line.get("index") for line in lines] == ["0", "1", "2"]
    assert [line.get("custom") for line in lines] == [
        "readingOrder {index:0;}",
        "readingOrder {index:1;} structure {type:ruby;}",
        "readingOrder {index:2;}",
    ]
    assert lines[0].find("p:Baseline", {"p": NAMESPACE}).get("points") == "320,20 320,252"


def test_alternatives_are_numbered_readings_of_a_glyph(require_valid):
    read = Character((10, 20, 40, 60), HA, 0.4, 0.8, (Alternative(HA, 0.5), Alternative(KA, 0.25)))
    root = require_valid("page", render_page_xml(lay_out("b", "b.png", (90, 90), 1, [read]), CREATED))
    (glyph,) = root.iterfind(".//p:Glyph", {"p": NAMESPACE})
    assert [(one.get("index"), one.get("conf"), one[0].text) for one in glyph[1:]] == [
        ("0", "0.5", "は"),
        ("1", "0.25", "か"),
    ]
    assert dict(glyph[0].attrib) == {"points": "10,20 40,20 40,60 10,60", "conf": "0.8"}


def test_what_xml_forbids_is_replaced_and_what_it_reserves_is_escaped(require_valid):
    read = [
        Character((10, 10 + 30 * n, 30, 30 + 30 * n), code, 0.5, 0.5) for n, code in enumerate(("U+003C", "U+0001"))
    ]
    root = require_valid("page", render_page_xml(lay_out("b", 'a&"<\x07.jpg', (90, 90), 1, read), CREATED))
    assert texts(root, "TextLine") == ["<\ufffd"]
    assert root[1].get("imageFilename") == 'a&"<\ufffd.jpg'


@given(exported_pages)
@few
def test_every_page_is_valid(require_valid, page):
    root = require_valid("page", render_page_xml(page, CREATED))
    assert "".join(texts(root, "TextLine")) == "".join(glyph.text for glyph in page.glyphs)
