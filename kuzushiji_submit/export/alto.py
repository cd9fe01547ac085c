"""ALTO 4.4 (Library of Congress, loc.gov/standards/alto): blocks, lines, strings, glyphs with variants.

A column is a TextLine and one String; a Glyph is a character, its Variants the other readings.
"""

from datetime import datetime

from lxml import etree

from kuzushiji_submit import __version__
from kuzushiji_submit.export.text_columns import Column, ExportedPage, Glyph, IntBox, Points, hull, mean_confidence
from kuzushiji_submit.export.xml_text import add, decimals, format_points, to_bytes, xml_text

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
VERSION = "4.4"
_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_NAMESPACES = {None: NAMESPACE, "xsi": "http://www.w3.org/2001/XMLSchema-instance"}


def render_alto(page: ExportedPage, created: datetime) -> bytes:
    """A page as ALTO.

    Args:
        page: the page.
        created: when it was read, with its time zone.
    """
    root = etree.Element(f"{{{NAMESPACE}}}alto", nsmap=_NAMESPACES)
    root.set("SCHEMAVERSION", VERSION)
    root.set(_SCHEMA, f"{NAMESPACE} http://www.loc.gov/standards/alto/v4/alto-4-4.xsd")
    _add_description(root, page, created)
    if any(column.ruby for column in page.columns):
        add(add(root, "Tags"), "OtherTag", ID="ruby", TYPE="line", LABEL="ruby")
    height, width = page.size_hw
    size = {"WIDTH": str(width), "HEIGHT": str(height)}
    sheet = add(add(root, "Layout"), "Page", ID="page", PHYSICAL_IMG_NR=str(page.number), LANG="ja", **size)
    space = add(sheet, "PrintSpace", HPOS="0", VPOS="0", **size)
    if page.columns:
        sheet.set("PC", decimals(mean_confidence(page.columns)))
        block = add(space, "TextBlock", ID="block", BASEDIRECTION="ttb", **_place(page.box))
        _add_shape(block, hull(glyph.box for glyph in page.glyphs))
        for index, column in enumerate(page.columns):
            _add_line(block, column, index)
    return to_bytes(root)


def _add_description(root: etree._Element, page: ExportedPage, created: datetime) -> None:
    description = add(root, "Description")
    add(description, "MeasurementUnit", text="pixel")
    add(add(description, "sourceImageInformation"), "fileName", text=page.image_name)
    step = add(description, "Processing", ID="processing")
    add(step, "processingCategory", text="contentGeneration")
    add(step, "processingDateTime", text=created.isoformat(timespec="seconds"))
    software = add(step, "processingSoftware")
    add(software, "softwareName", text="kuzushiji_submit")
    add(software, "softwareVersion", text=__version__)


def _add_line(block: etree._Element, column: Column, index: int) -> None:
    tags = {"TAGREFS": "ruby"} if column.ruby else {}
    place = _place(column.box)
    baseline = format_points(column.middle)
    line = add(block, "TextLine", ID=f"line_{index}", BASELINE=baseline, BASEDIRECTION="ttb", **tags, **place)
    _add_shape(line, column.outline)
    text, confidence = xml_text(column.text), decimals(column.confidence)
    string = add(line, "String", ID=f"line_{index}_string", CONTENT=text, WC=confidence, **place)
    for place_in_column, glyph in enumerate(column.glyphs):
        _add_glyph(string, glyph, f"line_{index}_glyph_{place_in_column}")


def _add_glyph(string: etree._Element, glyph: Glyph, name: str) -> None:
    content = {"CONTENT": xml_text(glyph.text), "GC": decimals(glyph.confidence)}
    element = add(string, "Glyph", ID=name, **content, **_place(glyph.box))
    for other in glyph.others:
        add(element, "Variant", CONTENT=xml_text(other.text), VC=decimals(other.confidence))


def _add_shape(parent: etree._Element, points: Points) -> None:
    add(add(parent, "Shape"), "Polygon", POINTS=format_points(points))


def _place(box: IntBox) -> dict[str, str]:
    x0, y0, x1, y1 = box
    return {"HPOS": str(x0), "VPOS": str(y0), "WIDTH": str(x1 - x0), "HEIGHT": str(y1 - y0)}
