"""PAGE XML of 2019-07-15 (Pletschacher and Antonacopoulos 2010; schema.primaresearch.org/PAGE).

```
PcGts ─ Page ─ ReadingOrder ─ the region
             └ TextRegion ─ TextLine (a column) ─ Word (all of it) ─ Glyph (a character) ─ TextEquiv 0, 1, ...: readings
```

Japanese has no spaces, so a column is one word: the format wants words between lines and glyphs.
"""

from datetime import datetime

from lxml import etree

from kuzushiji_submit import __version__
from kuzushiji_submit.export.text_columns import Column, ExportedPage, Glyph, IntBox, Points, hull, mean_confidence
from kuzushiji_submit.export.xml_text import add, decimals, format_points, to_bytes, xml_text

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_NAMESPACES = {None: NAMESPACE, "xsi": "http://www.w3.org/2001/XMLSchema-instance"}
_VERTICAL = {"readingDirection": "top-to-bottom", "textLineOrder": "right-to-left"}


def render_page_xml(page: ExportedPage, created: datetime) -> bytes:
    """A page as PAGE XML.

    Args:
        page: the page.
        created: when it was read, with its time zone.
    """
    root = etree.Element(f"{{{NAMESPACE}}}PcGts", nsmap=_NAMESPACES)
    root.set(_SCHEMA, f"{NAMESPACE} {NAMESPACE}/pagecontent.xsd")
    metadata = add(root, "Metadata")
    add(metadata, "Creator", text=f"kuzushiji_submit {__version__}")
    for name in ("Created", "LastChange"):
        add(metadata, name, text=created.isoformat(timespec="seconds"))
    height, width = page.size_hw
    sheet = add(root, "Page", imageFilename=xml_text(page.image_name), imageWidth=str(width), imageHeight=str(height))
    _set(sheet, primaryLanguage="Japanese", **_VERTICAL)
    if page.columns:
        _set(sheet, conf=decimals(mean_confidence(page.columns)))
        group = add(add(sheet, "ReadingOrder"), "OrderedGroup", id="order")
        add(group, "RegionRefIndexed", index="0", regionRef="region")
        _add_region(sheet, page)
    return to_bytes(root)


def _add_region(sheet: etree._Element, page: ExportedPage) -> None:
    region = add(sheet, "TextRegion", id="region", custom="readingOrder {index:0;}", primaryLanguage="Japanese")
    _set(region, **_VERTICAL)
    _add_coords(region, hull(glyph.box for glyph in page.glyphs))
    for index, column in enumerate(page.columns):
        _add_line(region, column, index)
    _add_text(region, "\n".join(column.text for column in page.columns), mean_confidence(page.columns))


def _add_line(region: etree._Element, column: Column, index: int) -> None:
    kind = " structure {type:ruby;}" if column.ruby else ""
    line = add(region, "TextLine", id=f"line_{index}", custom=f"readingOrder {{index:{index};}}{kind}")
    _set(line, index=str(index), readingDirection="top-to-bottom")
    _add_coords(line, column.outline)
    add(line, "Baseline", points=format_points(column.middle))
    word = add(line, "Word", id=f"line_{index}_word", readingDirection="top-to-bottom")
    _add_coords(word, column.outline)
    for place, glyph in enumerate(column.glyphs):
        _add_glyph(word, glyph, f"line_{index}_glyph_{place}")
    _add_text(word, column.text, column.confidence)
    _add_text(line, column.text, column.confidence)


def _add_glyph(word: etree._Element, glyph: Glyph, name: str) -> None:
    element = add(word, "Glyph", id=name)
    _add_coords(element, _corners(glyph.box), glyph.detection_score)
    _add_text(element, glyph.text, glyph.confidence, index=0)
    for index, other in enumerate(glyph.others, start=1):
        _add_text(element, other.text, other.confidence, index=index)


def _add_coords(parent: etree._Element, points: Points, score: float | None = None) -> None:
    coords = add(parent, "Coords", points=format_points(points))
    if score is not None:
        _set(coords, conf=decimals(score))


def _add_text(parent: etree._Element, text: str, confidence: float, index: int | None = None) -> None:
    equivalent = add(parent, "TextEquiv")
    if index is not None:
        _set(equivalent, index=str(index))
    _set(equivalent, conf=decimals(confidence))
    add(equivalent, "Unicode", text=text)


def _set(element: etree._Element, **attributes: str) -> None:
    for name, value in attributes.items():
        element.set(name, value)


def _corners(box: IntBox) -> Points:
    x0, y0, x1, y1 = box
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)
