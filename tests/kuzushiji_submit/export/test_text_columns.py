"""Characters laid out in columns."""

import numpy as np
import pytest
from hypothesis import given

from kuzushiji_submit.core.errors import CharsetError
from kuzushiji_submit.export.text_columns import OtherReading, hull, lay_out, lay_out_reading, mean_confidence
from kuzushiji_submit.reading.characters import Alternative, Character
from kuzushiji_submit.reading.view import TURNS, View
from tests.kuzushiji_submit.export.conftest import HA, KA, NO, characters, column_of, exported_pages, few, sizes
from tests.page_readings import page_reading


def laid_out(*read: Character, size_hw: tuple[int, int] = (100, 80)):
    return lay_out("b_1", "b_1.jpg", size_hw, 1, read)


def test_a_page_without_characters_has_no_columns(empty):
    assert empty.columns == () == empty.glyphs
    assert empty.box == (0, 0, 0, 0)
    assert mean_confidence(empty.columns) == 0


def test_columns_go_from_right_to_left_and_ruby_follows_its_column(page):
    assert [(column.text, column.ruby) for column in page.columns] == [
        ("いろはにほ", False),
        ("るを", True),
        ("へとちりぬ", False),
    ]
    assert page.columns[0].box == (300, 20, 340, 252)
    assert page.columns[0].middle == ((320, 20), (320, 252))
    assert page.box == (100, 20, 360, 252)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 0, 0, 0), (0, 0, 1, 1)),
        ((10.4, 10.5, 20.6, 30.4), (10, 10, 21, 30)),
        ((-5, -5, 20, 20), (0, 0, 20, 20)),
        ((70, 90, 500, 500), (70, 90, 80, 100)),
        ((-50, 10, -20, 30), (0, 10, 1, 30)),
        ((200, 300, 220, 330), (79, 99, 80, 100)),
    ],
    ids=["no area", "rounded", "left and above", "right and below", "beside", "far away"],
)
def test_boxes_are_whole_pixels_of_the_page(box, expected):
    (glyph,) = laid_out(Character(box, HA, 0.5, 0.5)).glyphs
    assert glyph.box == expected


def test_a_reading_keeps_its_own_confidence_and_the_others_theirs():
    read = (Alternative(KA, 0.1), Alternative(HA, 0.7), Alternative(NO, 0.2))
    (glyph,) = laid_out(Character((1, 1, 9, 9), HA, 0.35, 0.5, read)).glyphs
    assert (glyph.text, glyph.confidence, glyph.detection_score, glyph.score) == ("は", 0.7, 0.5, 0.35)
    assert glyph.others == (OtherReading("の", 0.2), OtherReading("か", 0.1))


def test_without_alternatives_the_joint_score_stands_in():
    (glyph,) = laid_out(Character((1, 1, 9, 9), HA, 0.35, 0.5)).glyphs
    assert (glyph.confidence, glyph.others) == (0.35, ())


def test_an_alternative_that_is_no_codepoint_is_named():
    with pytest.raises(CharsetError, match="'は' is not a codepoint"):
        laid_out(Character((1, 1, 9, 9), HA, 0.35, 0.5, (Alternative("は", 0.1),)))


@given(exported_pages)
@few
def test_every_character_is_there_once_inside_page_and_outline(page):
    height, width = page.size_hw
    for column in page.columns:
        assert column.glyphs
        x, y = np.array(column.outline).T
        assert (x.min(), y.min(), x.max(), y.max()) == column.box
        (x0, y0), (x1, y1) = column.middle
        assert column.box[1] == y0 < y1 == column.box[3]
        assert column.box[0] <= min(x0, x1) <= max(x0, x1) <= column.box[2]
    for glyph in page.glyphs:
        x0, y0, x1, y1 = glyph.box
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height


@given(characters, sizes)
@few
def test_no_character_is_lost(character, size_hw):
    other = Character((5, 5, 9, 9), NO, 0.5, 0.5)
    found = laid_out(character, other, size_hw=size_hw).glyphs
    assert sorted(glyph.codepoint for glyph in found) == sorted([character.codepoint, NO])


def test_the_hull_of_a_leaning_column_is_narrower_than_its_box():
    boxes = [(60, 0, 70, 10), (30, 30, 40, 40), (0, 60, 10, 70)]
    outline = np.array(hull(boxes), np.float64)
    x, y = outline.T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert area < 0.35 * 70 * 70


def test_a_reading_is_laid_out_as_its_characters_are():
    read = [Character((10.04, 10, 20, 20), HA, 0.123456, 0.5, (Alternative(HA, 0.3),))]
    page = lay_out_reading(page_reading("b_1", read, (100, 80)), "b_1.jpg", 7)
    assert (page.image_id, page.size_hw, page.number) == ("b_1", (100, 80), 7)
    assert [(glyph.box, glyph.score) for glyph in page.glyphs] == [((10, 10, 20, 20), 0.12346)]


@pytest.mark.parametrize("turned", TURNS)
def test_a_turned_page_has_the_columns_of_the_upright_one(turned):
    read = page_reading("b_1", [*column_of(200, "いろは"), *column_of(80, "にほへ")], (300, 260))
    page = lay_out_reading(read.in_file(View(turned)), "b_1.jpg", 1)
    assert [column.text for column in page.columns] == ["いろは", "にほへ"]
    assert page.size_hw == ((300, 260) if turned in {0, 180} else (260, 300))
