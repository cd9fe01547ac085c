"""hOCR 1.2 (kba.github.io/hocr-spec/1.2): HTML whose classes and titles say where each line and character lies.

A column is an `ocr_line` and one `ocrx_word`; each character is an `ocrx_cinfo`. Browsers show the columns from top to
bottom and right to left.
"""

from datetime import datetime

from lxml import etree

from kuzushiji_submit import __version__
from kuzushiji_submit.export.text_columns import Column, ExportedPage, IntBox
from kuzushiji_submit.export.xml_text import add, decimals, xml_text

NAMESPACE = "http://www.w3.org/1999/xhtml"
_CAPABILITIES = "ocr_page ocr_carea ocr_line ocrx_word ocrx_cinfo"
_STYLE = ".ocr_page { writing-mode: vertical-rl } .ocr_line { display: block } .ruby { font-size: 50% }"


def render_hocr(page: ExportedPage, created: datetime) -> bytes:
    """A page as hOCR.

    Args:
        page: the page.
        created: when it was read, with its time zone.
    """
    root = etree.Element(f"{{{NAMESPACE}}}html", {"lang": "ja"}, nsmap={None: NAMESPACE})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", "ja")
    head = add(root, "head")
    add(head, "title", text=page.image_id)
    add(head, "meta", charset="utf-8")
    details = {
        "ocr-system": f"kuzushiji_submit {__version__}",
        "ocr-capabilities": _CAPABILITIES,
        "ocr-number-of-pages": "1",
        "ocr-langs": "ja",
        "ocr-scripts": "Jpan",
        "dcterms.created": created.isoformat(timespec="seconds"),
    }
    for name, content in details.items():
        add(head, "meta", name=name, content=content)
    add(head, "style", text=_STYLE)
    height, width = page.size_hw
    title = f"image {_quote(page.image_name)}; {_bbox((0, 0, width, height))}; ppageno {page.number - 1}"
    sheet = _add(add(root, "body"), "div", "ocr_page", title, "page")
    if page.columns:
        area = _add(sheet, "div", "ocr_carea", _bbox(page.box), "area")
        for index, column in enumerate(page.columns):
            _add_line(area, column, index)
    # Not indented: the space between elements would be text.
    written = etree.tostring(root, xml_declaration=True, encoding="UTF-8", doctype="<!DOCTYPE html>")
    return bytes(written + b"\n")


def _add_line(area: etree._Element, column: Column, index: int) -> None:
    css = "ocr_line ruby" if column.ruby else "ocr_line"
    line = _add(area, "span", css, _bbox(column.box), f"line_{index}")
    sureness = f"{_bbox(column.box)}; x_wconf {decimals(100 * column.confidence)}"
    word = _add(line, "span", "ocrx_word", sureness, f"line_{index}_word")
    for place, glyph in enumerate(column.glyphs):
        coordinates = " ".join(map(str, glyph.box))
        title = f"x_bboxes {coordinates}; x_confs {decimals(100 * glyph.confidence)}"
        character = _add(word, "span", "ocrx_cinfo", title, f"line_{index}_glyph_{place}")
        character.text = xml_text(glyph.text)


def _add(parent: etree._Element, name: str, css: str, title: str, identifier: str) -> etree._Element:
    return add(parent, name, **{"class": css, "id": identifier, "title": xml_text(title)})


def _bbox(box: IntBox) -> str:
    return f"bbox {' '.join(map(str, box))}"


def _quote(name: str) -> str:
    """A file name between quotes, as hOCR's properties want it; a quote in it is left out."""
    return f'"{name.replace(chr(34), "")}"'
