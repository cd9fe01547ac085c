import cv2
import numpy as np
import pytest

from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.synthetic.glyph_cutting import SOLID_INK, cut_glyphs
from tests.kuzushiji_submit.synthetic.conftest import greek_image, greek_page

BOX = (200, 200, 260, 260)
RED = (200, 30, 30)


def paper(size_hw=(1500, 1200)):
    return np.full((*size_hw, 3), (235, 220, 180), np.uint8)


def stroke(page, *points, width=9, color=(40, 38, 36)):
    cv2.polylines(page, [np.array(points, np.int32)], False, color, width, cv2.LINE_AA)


def cross(page):
    """A character that fills BOX."""
    stroke(page, (205, 225), (230, 235), (255, 225))
    stroke(page, (235, 205), (225, 230), (230, 255))


def cut(page, *boxes):
    truth = PageTruth("1_1", ("U+5341",) * len(boxes), np.array(boxes, np.float32).reshape(-1, 4))
    return cut_glyphs(page, truth)


def test_every_letter_of_a_page_with_its_proportions_and_strokes():
    truth = greek_page("1_1")
    glyphs, left_out = cut_glyphs(greek_image(truth), truth)
    assert len(glyphs) == len(truth)
    assert not left_out
    for item, codepoint, box in zip(glyphs, truth.codepoints, truth.boxes, strict=True):
        assert item.codepoint == codepoint
        assert np.abs(np.array(item.glyph.mask.shape) - (box[3] - box[1], box[2] - box[0])).max() <= 3
        assert 2 < item.glyph.stroke < 20
        assert item.glyph.mask.max() > 200
        assert 35 < item.nominal < 45


def test_borders_of_strokes_stay_as_soft_as_on_the_scan():
    sharp = paper()
    cross(sharp)
    (hard,), _ = cut(sharp, BOX)
    (soft,), _ = cut(cv2.GaussianBlur(sharp, (0, 0), 1.5), BOX)
    faint = [int(((item.glyph.mask > 5) & (item.glyph.mask < SOLID_INK)).sum()) for item in (hard, soft)]
    assert faint[1] > 200
    assert faint[1] > 1.5 * faint[0]


def test_page_without_characters():
    assert cut(paper()) == ([], {})


def test_stroke_of_a_neighbor_that_reaches_in_is_gone():
    alone, beside = paper(), paper()
    cross(alone)
    cross(beside)
    stroke(beside, (230, 100), (250, 150), (253, 205), width=5)
    (wanted,), _ = cut(alone, BOX)
    (got,), _ = cut(beside, BOX)
    assert got.glyph.mask.shape == wanted.glyph.mask.shape
    assert np.abs(got.glyph.mask.astype(int) - wanted.glyph.mask).max() < 40


def test_joined_characters_are_cut_at_the_border():
    page = paper()
    cross(page)
    stroke(page, (230, 250), (240, 300), (225, 350))
    (item,), _ = cut(page, BOX)
    assert item.glyph.mask.shape[0] <= 64


def test_dot_of_the_character_itself_stays():
    page = paper()
    cross(page)
    cv2.circle(page, (252, 210), 5, (40, 38, 36), -1)
    (item,), _ = cut(page, BOX)
    assert item.glyph.mask[:14, -14:].max() > 200


def nothing(page):
    return (BOX,)


def a_sliver(page):
    return ((200, 200, 204, 260),)


def a_box_without_area(page):
    return ((200, 200, 200, 200),)


def a_box_beyond_the_page(page):
    return ((2900, 2900, 2960, 2960),)


def two_that_share_a_box(page):
    cross(page)
    return BOX, (205, 205, 262, 262)


def seal_over_it(page):
    cross(page)
    cv2.rectangle(page, (190, 190), (225, 270), RED, -1)
    return (BOX,)


def only_a_corner_written(page):
    stroke(page, (210, 210), (222, 222))
    return (BOX,)


def strokes_through_it(page):
    for end in ((170, 150), (235, 150), (290, 170), (150, 235)):
        stroke(page, end, (230, 230), (460 - end[0], 465 - end[1]))
    return (BOX,)


@pytest.mark.parametrize(
    ("draw", "reason"),
    [
        (nothing, "hardly any ink"),
        (a_sliver, "too small"),
        (a_box_without_area, "too small"),
        (a_box_beyond_the_page, "too small"),
        (two_that_share_a_box, "overlapped by another box"),
        (seal_over_it, "under a seal"),
        (only_a_corner_written, "does not fill its box"),
        (strokes_through_it, "grown together with its neighbors"),
    ],
)
def test_what_is_no_use_is_left_out_with_a_reason(draw, reason):
    page = paper()
    boxes = draw(page)
    glyphs, left_out = cut(page, *boxes)
    assert (glyphs, left_out) == ([], {reason: len(boxes)})
