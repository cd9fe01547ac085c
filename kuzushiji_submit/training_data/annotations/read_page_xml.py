"""PAGE XML of any year as truth: glyphs, and words of one character.

```
TextLine ─ Word ─ Glyph ─ Coords, TextEquiv     a character and its box
         │      (a Word of one character without a Glyph counts as one)
         └ TextEquiv                            text that is longer than the boxes are many: an incomplete page
```
"""

import math
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from kuzushiji_submit.core.errors import AnnotationError
from kuzushiji_submit.training_data.annotations.annotated_page import (
    AnnotatedPage,
    Box,
    base_name,
    compose,
    to_codepoint,
)

ROOT = "PcGts"


def root_name(path: Path) -> str:
    """The name of an XML file's root element, without its namespace.

    Raises:
        AnnotationError: if the file cannot be read, or is no XML.
    """
    return str(etree.QName(_parse(path)).localname)


def read_page_xml(path: Path) -> AnnotatedPage:
    """The characters of a PAGE XML file, in document order.

    Raises:
        AnnotationError: if the file cannot be read, is no PAGE XML, or a number in it is none.
    """
    root = _parse(path)
    sheet = next(_children(root, "Page"), None)
    if etree.QName(root).localname != ROOT or sheet is None:
        raise AnnotationError(
            f"{path}: its root is {etree.QName(root).localname}, not {ROOT} with a Page: not PAGE XML"
        )
    try:
        name = base_name(sheet.get("imageFilename") or "")
        if not name:
            raise ValueError("no imageFilename")
        page = AnnotatedPage(name, (int(sheet.get("imageHeight", "")), int(sheet.get("imageWidth", ""))))
        for region in _descendants(sheet, "TextRegion"):
            _read_region(page, region)
    except ValueError as error:
        raise AnnotationError(f"{path}: not whole PAGE XML ({error}): export the page anew") from None
    return page


def _read_region(page: AnnotatedPage, region: etree._Element) -> None:
    lines = list(_children(region, "TextLine"))
    for line in lines:
        _read_line(page, line)
    if not lines and next(_children(region, "TextRegion"), None) is None:
        page.faults.append(f"text region {_name(region)} has no lines")


def _read_line(page: AnnotatedPage, line: etree._Element) -> None:
    """Adds the characters of a line; what it lacks becomes a fault of the page."""
    found = [_read_character(page, part) for word in _children(line, "Word") for part in _parts(word)]
    expected = _count(_text_of(line))
    if not expected and not found:
        page.faults.append(f"line {_name(line)} has neither text nor boxes")
    elif expected > sum(found):
        page.faults.append(f"line {_name(line)} has no boxes for {expected - sum(found)} of its characters")


def _parts(word: etree._Element) -> list[etree._Element]:
    return list(_children(word, "Glyph")) or [word]


def _read_character(page: AnnotatedPage, element: etree._Element) -> int:
    """Adds a glyph, or a word that stands for one; gives how many characters of the line's text that accounts for."""
    text = compose(_text_of(element))
    codepoint = to_codepoint(text) if len(text) == 1 else None
    if codepoint is not None:
        page.add(codepoint, _box_of(element))
        return 1
    if etree.QName(element).localname == "Word":
        return 0  # the characters of its text are missed with those of its line
    what = f"holds {text!r}" if text else "has no text"
    page.faults.append(f"glyph {_name(element)} {what}: write one character")
    return _count(text)


def _name(element: etree._Element) -> str:
    return str(element.get("id") or "without an id")


def _box_of(element: etree._Element) -> Box:
    """What an element's Coords cover, xyxy.

    Raises:
        ValueError: if it has none, or they are no numbers.
    """
    coords = next(_children(element, "Coords"), None)
    if coords is None:
        raise ValueError(f"{_name(element)} has no Coords")
    listed = (coords.get("points") or "").split()
    # Before 2013 each point was an element of its own.
    older = [f"{point.get('x')},{point.get('y')}" for point in _children(coords, "Point")]
    points = [tuple(float(number) for number in pair.split(",")) for pair in listed or older]
    if not points or any(len(point) != 2 or not all(map(math.isfinite, point)) for point in points):
        raise ValueError(f"{_name(element)} has Coords without points")
    x, y = zip(*points, strict=True)
    return min(x), min(y), max(x), max(y)


def _text_of(element: etree._Element) -> str:
    """The main text of an element, that of the lowest index; of a line or word without one, that of its parts."""
    equivalents = [(int(part.get("index") or 0), part) for part in _children(element, "TextEquiv")]
    for _, equivalent in sorted(equivalents, key=lambda pair: pair[0]):
        for name in ("Unicode", "PlainText"):
            text = next((part.text for part in _children(equivalent, name) if part.text), "")
            if text:
                return str(text)
    return "".join(_text_of(part) for name in ("Word", "Glyph") for part in _children(element, name))


def _count(text: str) -> int:
    return len("".join(compose(text).split()))


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element.iterchildren("{*}" + name))


def _descendants(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element.iterdescendants("{*}" + name))


def _parse(path: Path) -> etree._Element:
    # Files come from anywhere: nothing that they name is fetched, and entities are not filled in.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.parse(path, parser).getroot()
    except etree.XMLSyntaxError as error:
        raise AnnotationError(f"{path}: not XML ({error.msg}): export the page anew") from None
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror or error}): check the path") from None
