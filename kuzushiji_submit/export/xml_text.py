"""XML elements in their parent's namespace, and text that XML can hold."""

import re

from lxml import etree

from kuzushiji_submit.export.text_columns import Points

# All but the characters of XML 1.0 (https://www.w3.org/TR/xml/#charsets).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(value: str) -> str:
    """Text that any XML file can hold: forbidden characters become U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", value)


def add(parent: etree._Element, name: str, /, text: str | None = None, **attributes: str) -> etree._Element:
    """A new last child in the parent's namespace.

    Args:
        parent: where it goes.
        name: its name without a namespace.
        text: what it holds; characters that XML forbids become U+FFFD.
        attributes: its attributes, without a namespace.
    """
    namespace = etree.QName(parent).namespace
    element = etree.SubElement(parent, f"{{{namespace}}}{name}", attributes)
    if text is not None:
        element.text = xml_text(text)
    return element


def decimals(value: float) -> str:
    """A score as files show it, at most five digits: 0.5, 0.98765."""
    return f"{value:.5f}".rstrip("0").rstrip(".")


def format_points(points: Points) -> str:
    """Points as PAGE and ALTO write them: "1,2 3,4"."""
    return " ".join(f"{x},{y}" for x, y in points)


def to_bytes(root: etree._Element) -> bytes:
    """The file, indented, UTF-8."""
    etree.indent(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n")
