"""The SVG over the scan."""

import re

import pytest

from kuzushiji_submit.reading.characters import Character
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.join_characters import join_characters
from kuzushiji_submit.report.judge import judge_page
from kuzushiji_submit.report.mark_layout import lay_out
from kuzushiji_submit.report.model import Picture
from kuzushiji_submit.report.overlay import describe, draw_mark
from kuzushiji_submit.report.templates import render_template

HA, HO, KA = "U+306F", "U+307B", "U+304B"
BOX = (100, 100, 160, 160)


def draw(marks, size_hw=(1000, 700)):
    layout = lay_out(marks, size_hw)
    drawn = [draw_mark(mark, layout, Glyphs()) for mark in marks]
    picture = Picture(size_hw, readable=True)
    return render_template("overlay.svg.jinja", {"picture": picture, "unit": layout.unit, "drawn": drawn})


def texts(svg, css):
    return re.findall(rf'<text class="{css}[^"]*"[^>]*>([^<]*)</text>', svg)


def test_no_marks():
    svg = draw([])
    assert 'viewBox="0 0 700 1000"' in svg
    assert "<g" not in svg


def test_a_point_alone_is_a_cross_with_its_character(points):
    svg = draw(judge_page(points("p", (HA, 130, 130)), None))
    assert (svg.count('class="cross"'), svg.count('class="box')) == (1, 0)
    assert (texts(svg, "beside read"), texts(svg, "over read")) == (["は"], ["は"])


def test_a_character_shows_its_box_instead_of_a_cross(points):
    marks = join_characters(judge_page(points("p", (HA, 130, 130)), None), [Character(BOX, HA, 0.5, 0.5)])
    svg = draw(marks)
    assert (svg.count('class="cross"'), svg.count('class="box found"')) == (0, 1)
    assert 'class="box found" x="100" y="100" width="60" height="60"' in svg


def test_a_misread_shows_both_characters_and_a_sign(points, truth):
    svg = draw(judge_page(points("p", (HO, 130, 130)), truth("p", (HA, *BOX))))
    assert (texts(svg, "beside read"), texts(svg, "beside true")) == (["ほ"], ["は"])
    assert svg.count('class="box annotated alone"') == 1
    assert svg.count('class="badge"') == 1


def test_a_missed_character_shows_what_is_annotated(points, truth):
    svg = draw(judge_page(points("p"), truth("p", (KA, *BOX))))
    assert (texts(svg, "beside read"), texts(svg, "beside true"), texts(svg, "over true")) == ([], ["か"], ["か"])


@pytest.mark.parametrize(("x", "left"), [(300, False), (690, True)])
def test_labels_stay_on_the_page(x, left, points):
    svg = draw(judge_page(points("p", (HA, x, 130)), None))
    assert ('class="beside read left"' in svg) is left


def test_a_box_turned_inside_out_is_drawn_without_area(points, truth):
    svg = draw(judge_page(points("p"), truth("p", (HA, 160, 160, 100, 100))))
    assert 'width="0" height="0"' in svg
    assert not re.search(r'(width|height)="-', svg)


def test_only_one_mark_is_a_tab_stop(points):
    svg = draw(judge_page(points("p", *((HA, 100, 100 + 50 * place) for place in range(4))), None))
    assert (svg.count('tabindex="0"'), svg.count('tabindex="-1"')) == (1, 3)


def test_descriptions(points, truth):
    marks = judge_page(points("p", (HO, 130, 130)), truth("p", (HA, *BOX)))
    assert describe(marks[0], Glyphs()) == "misread, read ほ U+307B, annotated は U+306F"
    marks = join_characters(judge_page(points("p", (HA, 130, 130)), None), [Character(BOX, HA, 0.5, 0.75)])
    assert describe(marks[0], Glyphs()) == "read, read は U+306F, score 0.500"


def test_labels_are_escaped(points):
    svg = draw(judge_page(points("p", ('"<b>', 130, 130)), None))
    assert "<b>" not in svg
    assert "&#34;&lt;b&gt;" in svg
