"""A page with what was read on it, and how a notebook shows it."""

import json

import matplotlib as mpl
import numpy as np
import pytest
from lxml import etree, html

from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.notebook.read_page import ReadPage
from kuzushiji_submit.reading.characters import Alternative, Character
from tests.kuzushiji_submit.export.conftest import column_of
from tests.page_readings import page_reading

SIZE_HW = (300, 200)


@pytest.fixture(autouse=True)
def _no_window():
    mpl.use("Agg")


def read_page(*read: Character, name: str = "b_1.jpg") -> ReadPage:
    return ReadPage(name, np.full((*SIZE_HW, 3), 230, np.uint8), page_reading("b_1", read, SIZE_HW))


@pytest.fixture
def page():
    return read_page(*column_of(120, "はか"), *column_of(20, "<の"))


def test_a_page_without_characters_can_be_shown_listed_drawn_and_saved(tmp_path):
    empty = read_page()
    assert (len(empty), empty.text, len(empty.table())) == (0, "", 0)
    assert repr(empty) == "ReadPage('b_1.jpg', 200 x 300 pixels, 0 characters)"
    assert html.fromstring(empty._repr_html_()).findall(".//rect") == []
    assert empty.plot().get_title() == "b_1: 0 characters"
    assert empty.save(tmp_path / "a.txt").read_bytes() == b""


def test_text_is_in_columns_and_a_table_in_reading_order(page):
    assert page.text == "はか\n<の\n"
    table = page.table()
    assert "".join(table["character"]) == "はか<の"
    assert table.columns.tolist() == ["character", "codepoint", "x0", "y0", "x1", "y1", "score", "detection_score"]
    assert table.loc[0, ["codepoint", "x0", "y1", "score"]].tolist() == ["U+306F", 120, 60, 0.5]


def test_a_notebook_shows_scan_boxes_and_text(page):
    shown = html.fromstring(page._repr_html_())
    (scan,) = shown.iter("image")
    assert scan.get("href").startswith("data:image/jpeg;base64,")
    assert [title.text_content().split(",")[0] for title in shown.iter("title")] == [
        "は U+306F",
        "か U+304B",
        "< U+003C",
        "の U+306E",
    ]
    first = next(shown.iter("rect"))
    assert [first.get(name) for name in ("x", "y", "width", "height")] == ["120", "20", "40", "40"]
    assert "".join(shown.xpath("//figure/div")[0].text_content().split()) == "はか<の"
    assert repr(page) in shown.text_content().replace("\n", "")


def test_other_readings_are_in_the_tooltip():
    top = (Alternative("U+306F", 0.6), Alternative("U+304B", 0.3))
    shown = read_page(Character((10, 10, 50, 50), "U+306F", 0.3, 0.5, top))._repr_html_()
    assert "<title>は U+306F, score 0.30, か 0.30</title>" in shown


def test_names_are_escaped():
    shown = html.fromstring(read_page(name="<script>x</script>.jpg")._repr_html_())
    assert list(shown.iter("script")) == []


def test_a_large_scan_is_shown_smaller():
    large = ReadPage("b.jpg", np.full((3000, 2000, 3), 230, np.uint8), page_reading("b", [], (3000, 2000)))
    shown = html.fromstring(large._repr_html_())
    assert next(shown.iter("svg")).get("viewbox") == "0 0 2000 3000"
    assert len(large._repr_html_()) < 100_000


def test_a_drawing_has_the_page_a_box_a_character_and_the_way_through_them(page):
    axes = page.plot()
    assert len(axes.images) == 1
    (boxes,) = axes.collections
    assert boxes.get_paths()[0].get_extents().bounds == (120, 20, 40, 40)
    assert len(boxes.get_paths()) == 4
    assert axes.lines[0].get_xydata()[0].tolist() == [140, 40]
    assert page.plot(axes) is axes
    mpl.pyplot.close("all")


@pytest.mark.parametrize(
    ("name", "kind", "holds"),
    [
        ("a.xml", None, b"PcGts"),
        ("a.xml", "alto", b"<alto"),
        ("a.HTML", None, b"ocr_page"),
        ("a.txt", None, "はか\n".encode()),
        ("a", "text", "はか\n".encode()),
    ],
)
def test_a_page_is_saved_by_its_suffix_or_by_name(page, tmp_path, name, kind, holds):
    assert holds in page.save(tmp_path / name, kind).read_bytes()


def test_saved_xml_and_json_can_be_read(page, tmp_path):
    assert etree.parse(page.save(str(tmp_path / "a.xml"))).getroot()[1].get("imageFilename") == "b_1.jpg"
    assert len(json.loads(page.save(tmp_path / "a.json").read_bytes())["annotations"]) == 4


@pytest.mark.parametrize(("name", "kind"), [("a.docx", None), ("a", None), ("a.xml", "docx")])
def test_unknown_formats_are_named(page, tmp_path, name, kind):
    with pytest.raises(OutputError, match=r"in which format\? give a name ending in \.xml, \.html, \.txt, \.json, or"):
        page.save(tmp_path / name, kind)
