"""hOCR."""

import re

from hypothesis import given
from lxml import etree

from kuzushiji_submit.export.hocr import NAMESPACE, render_hocr
from kuzushiji_submit.export.text_columns import lay_out
from kuzushiji_submit.reading.characters import Character
from tests.kuzushiji_submit.export.conftest import CREATED, HA, exported_pages, few

# A property of hOCR: a name, and numbers or a text between quotes.
PROPERTY = re.compile(r'(bbox|x_bboxes)( \d+){4}|(x_wconf|x_confs) \d+(\.\d+)?|ppageno \d+|image "[^"]*"')


def of_class(root, name):
    return [element for element in root.iter() if name in (element.get("class") or "").split()]


def text_of(element):
    return "".join(element.itertext())


def test_a_page_without_characters_is_whole(empty):
    root = etree.fromstring(render_hocr(empty, CREATED))
    assert root.tag == f"{{{NAMESPACE}}}html"
    (sheet,) = of_class(root, "ocr_page")
    assert sheet.get("title") == 'image "b_2.jpg"; bbox 0 0 500 400; ppageno 0'
    assert len(sheet) == 0


def test_columns_are_lines_in_reading_order(page):
    root = etree.fromstring(render_hocr(page, CREATED))
    lines = of_class(root, "ocr_line")
    assert [text_of(line) for line in lines] == ["いろはにほ", "るを", "へとちりぬ"]
    assert [line.get("class") for line in lines] == ["ocr_line", "ocr_line ruby", "ocr_line"]
    assert lines[0].get("title") == "bbox 300 20 340 252"
    assert of_class(root, "ocrx_cinfo")[0].get("title") == "x_bboxes 300 20 340 60; x_confs 50"
    (capabilities,) = (meta for meta in root.iter("{*}meta") if meta.get("name") == "ocr-capabilities")
    used = {name for element in root.iter() for name in (element.get("class") or "").split() if name != "ruby"}
    assert used == set(capabilities.get("content").split())


def test_names_cannot_break_out_of_their_place():
    read = Character((1, 1, 9, 9), HA, 0.5, 0.5)
    page = lay_out("<b>", 'a"; bbox 1 1 2 2; "<&.jpg', (20, 20), 1, [read])
    (sheet,) = of_class(etree.fromstring(render_hocr(page, CREATED)), "ocr_page")
    assert sheet.get("title").startswith('image "a; bbox 1 1 2 2; <&.jpg"; bbox 0 0 20 20')


@given(exported_pages)
@few
def test_every_property_is_well_formed_and_every_character_there(page):
    content = render_hocr(page, CREATED)
    root = etree.fromstring(content)
    assert content.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE html>\n")
    for element in root.iter():
        for part in filter(None, (element.get("title") or "").split("; ")):
            assert PROPERTY.fullmatch(part)
    assert [text_of(one) for one in of_class(root, "ocrx_cinfo")] == [glyph.text for glyph in page.glyphs]
