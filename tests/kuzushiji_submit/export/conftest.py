"""Pages to export, and what their files must be like."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from lxml import etree

from kuzushiji_submit.export.text_columns import ExportedPage, lay_out
from kuzushiji_submit.reading.characters import Alternative, Character

HERE = Path(__file__).parent
CREATED = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
few = settings(max_examples=40, deadline=None, derandomize=True)
HA, KA, NO = "U+306F", "U+304B", "U+306E"

numbers = st.floats(-300, 1500, width=32)
shares = st.floats(0, 1, width=32)
codepoints = st.sampled_from([HA, KA, NO, "U+4E00", "U+1B001", "U+2000B", "U+0026", "U+003C"])
alternatives = st.lists(st.builds(Alternative, codepoints, shares), max_size=4, unique_by=lambda one: one.codepoint)
boxes = st.tuples(numbers, numbers, st.floats(0, 200, width=32), st.floats(0, 200, width=32)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)
characters = st.builds(Character, boxes, codepoints, shares, shares, alternatives.map(tuple))
sizes = st.tuples(st.integers(1, 1200), st.integers(1, 1000))
exported_pages = st.builds(
    lay_out, st.just("b_1"), st.just("b_1.jpg"), sizes, st.integers(1, 9), st.lists(characters, max_size=25)
)


def column_of(x: float, texts: str, side: float = 40, top: float = 20) -> list[Character]:
    """Characters below one another, the left upper corner of the first at (x, top)."""
    return [
        Character((x, y, x + side, y + side), f"U+{ord(text):04X}", 0.5, 0.75)
        for text, y in zip(texts, (top + 1.2 * side * place for place in range(len(texts))), strict=True)
    ]


def ruby_page() -> ExportedPage:
    """Two columns of five, and ruby beside the right one."""
    read = [*column_of(300, "いろはにほ"), *column_of(100, "へとちりぬ"), *column_of(345, "るを", side=15, top=70)]
    return lay_out("b_1", "b_1.jpg", (400, 500), 3, read)


@pytest.fixture
def page() -> ExportedPage:
    """Two columns of five, and ruby beside the right one."""
    return ruby_page()


@pytest.fixture
def empty() -> ExportedPage:
    """A page on which nothing was read."""
    return lay_out("b_2", "b_2.jpg", (400, 500), 1, [])


@pytest.fixture(scope="session")
def require_valid() -> Callable[[str, bytes], etree._Element]:
    """Checks an XML file against one of the grammars beside this file, and its ids; gives its root."""
    grammars = {name: etree.RelaxNG(etree.parse(HERE / f"{name}.rng")) for name in ("page", "alto")}

    def check(name: str, content: bytes) -> etree._Element:
        root = etree.fromstring(content)
        grammars[name].assertValid(root)
        ids = [value for element in root.iter() for key, value in element.attrib.items() if key in {"id", "ID"}]
        assert len(ids) == len(set(ids))
        return root

    return check
