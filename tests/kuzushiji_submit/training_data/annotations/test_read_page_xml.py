"""PAGE XML as truth."""

import pytest

from kuzushiji_submit.core.errors import AnnotationError
from kuzushiji_submit.training_data.annotations.read_page_xml import read_page_xml

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/{}"
BOX = '<Coords points="{0},{1} {2},{1} {2},{3} {0},{3}"/>'


def text(value, index=None):
    number = "" if index is None else f' index="{index}"'
    return f"<TextEquiv{number}><Unicode>{value}</Unicode></TextEquiv>"


def glyph(value, box=(1, 2, 11, 22), name="g"):
    return f'<Glyph id="{name}">{BOX.format(*box)}{text(value) if value is not None else ""}</Glyph>'


def word(content, value="", box=(1, 2, 11, 22)):
    return f'<Word id="w">{BOX.format(*box)}{content}{text(value) if value else ""}</Word>'


def line(content, value="", name="l1"):
    return f'<TextLine id="{name}">{BOX.format(0, 0, 50, 90)}{content}{text(value) if value else ""}</TextLine>'


@pytest.fixture
def read(tmp_path):
    """Reads a page with these lines, of a certain year."""

    def make(*lines, region=None, year="2019-07-15", image="IMG/b_1.jpg"):
        path = tmp_path / "page.xml"
        content = "".join(lines) if region is None else region
        body = f'<TextRegion id="r1">{BOX.format(0, 0, 90, 90)}{content}</TextRegion>' if content else ""
        path.write_text(
            f'<PcGts xmlns="{NAMESPACE.format(year)}"><Metadata/>'
            f'<Page imageFilename="{image}" imageWidth="80" imageHeight="100">{body}</Page></PcGts>',
            encoding="utf-8",
        )
        return read_page_xml(path)

    return make


def test_a_blank_page_has_no_characters_and_no_faults(read):
    page = read()
    assert (page.image_id, page.size_hw, page.codepoints, page.faults) == ("b_1", (100, 80), [], [])


@pytest.mark.parametrize("year", ["2010-03-19", "2013-07-15", "2019-07-15", "2024-07-15"])
def test_glyphs_of_any_year_are_characters(read, year):
    page = read(line(word(glyph("は") + glyph("か", (1, 30, 12, 44)), "はか"), "はか"), year=year)
    assert page.codepoints == ["U+306F", "U+304B"]
    assert page.boxes == [(1, 2, 11, 22), (1, 30, 12, 44)]
    assert page.faults == []


def test_points_may_be_elements_as_they_were_before_2013(read):
    old = '<Glyph id="g"><Coords><Point x="5" y="6"/><Point x="9" y="6"/><Point x="9" y="12"/></Coords>'
    page = read(line(word(f"{old}{text('は')}</Glyph>"), "は"))
    assert page.boxes == [(5, 6, 9, 12)]


def test_a_word_of_one_character_is_one(read):
    page = read(line(word("", "は", (3, 4, 5, 6)) + word("", "か"), "はか"))
    assert (page.codepoints, page.boxes[0], page.faults) == (["U+306F", "U+304B"], (3, 4, 5, 6), [])


def test_the_reading_of_the_lowest_index_counts(read):
    readings = text("か", 1) + text("は", 0) + text("の", 2)
    page = read(line(word(f'<Glyph id="g">{BOX.format(1, 2, 3, 4)}{readings}</Glyph>')))
    assert page.codepoints == ["U+306F"]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ([line("", "はかの")], "line l1 has no boxes for 3 of its characters"),
        ([line(word("", "はか"), "はか")], "line l1 has no boxes for 2 of its characters"),
        ([line(word("", "はか"))], "line l1 has no boxes for 2 of its characters"),
        ([line(word(glyph("は"), "はか"), "はか")], "line l1 has no boxes for 1 of its characters"),
        ([line("")], "line l1 has neither text nor boxes"),
        ([line(word(glyph("はか"), "はか"), "はか")], "glyph g holds 'はか': write one character"),
        ([line(word(glyph(None) + glyph("か")))], "glyph g has no text: write one character"),
    ],
    ids=["line alone", "word of two", "text of the word", "one short", "nothing", "glyph of two", "glyph of none"],
)
def test_text_without_boxes_is_a_fault(read, lines, fault):
    assert read(*lines).faults == [fault]


def test_spaces_and_combining_marks_are_no_missing_characters(read):
    page = read(line(word(glyph("が") + glyph("は")), " か\u3099 は "))
    assert (page.codepoints, page.faults) == (["U+304C", "U+306F"], [])


def test_a_region_without_lines_is_a_fault(read):
    assert read(region=text("はか")).faults == ["text region r1 has no lines"]


def test_regions_in_regions_are_read_once(read):
    inner = f'<TextRegion id="r2">{BOX.format(0, 0, 9, 9)}{line(word(glyph("は")), "は")}</TextRegion>'
    page = read(region=inner)
    assert (page.codepoints, page.faults) == (["U+306F"], [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not XML"),
        ("<PcGts>", "not XML"),
        ("<alto><Page/></alto>", "its root is alto, not PcGts with a Page"),
        ("<PcGts><Metadata/></PcGts>", "not PcGts with a Page"),
        ("<PcGts><Page imageWidth='1' imageHeight='1'/></PcGts>", "no imageFilename"),
        ("<PcGts><Page imageFilename='a.jpg' imageWidth='x' imageHeight='1'/></PcGts>", "not whole PAGE XML"),
    ],
)
def test_what_is_no_page_xml_is_named(tmp_path, content, message):
    path = tmp_path / "page.xml"
    path.write_text(content)
    with pytest.raises(AnnotationError, match=message) as caught:
        read_page_xml(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("coords", ["", '<Coords points=""/>', '<Coords points="1,2 x,3"/>', '<Coords points="1 2"/>'])
def test_coordinates_that_are_none_are_named(read, coords):
    with pytest.raises(AnnotationError, match="not whole PAGE XML"):
        read(line(word(f'<Glyph id="g">{coords}{text("は")}</Glyph>')))


def test_nothing_outside_the_file_is_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("は")
    path = tmp_path / "page.xml"
    path.write_text(
        f'<!DOCTYPE PcGts [<!ENTITY x SYSTEM "{secret}">]><PcGts><Page imageFilename="b.jpg" imageWidth="9" '
        f'imageHeight="9"><TextRegion>{line(word(glyph("&x;")))}</TextRegion></Page></PcGts>'
    )
    assert read_page_xml(path).codepoints == []
