from dataclasses import replace

import numpy as np
import pytest

from kuzushiji_submit.synthetic.book import draw_book_style
from kuzushiji_submit.synthetic.free_space import free_rectangle
from kuzushiji_submit.synthetic.hand import Hand
from kuzushiji_submit.synthetic.page import draw_page
from kuzushiji_submit.synthetic.placement import Layout, draw_layout, empty_layout, layout_from_truth
from kuzushiji_submit.synthetic.repertoire import MIDDLE
from kuzushiji_submit.synthetic.statistics import load_statistics
from kuzushiji_submit.synthetic.text import TextSource
from kuzushiji_submit.synthetic.writing import write_layout
from tests.kuzushiji_submit.synthetic.conftest import UNHELD, greek_page

BLOCK = (50.0, 50.0, 370.0, 380.0)
SIZE_HW = (430, 420)


@pytest.fixture
def text(fonts):
    return TextSource(load_statistics(), lambda character: fonts.drawn_character(character) is not None)


def greek_layout(**changes) -> Layout:
    return replace(layout_from_truth(greek_page("1_1"), SIZE_HW, BLOCK), **changes)


class StandIn(Hand):
    """Writes a letter the font holds in place of every character."""

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand.fonts, hand.style, (7,))

    def draw(self, codepoint, size_hw, rng, nominal=None, place=MIDDLE):
        return super().draw("U+0394", size_hw, rng, nominal, place)


def busy_style(seed=0):
    style = draw_book_style(np.random.default_rng(seed), 1)
    return replace(
        style, frame=0.004, frame_gap=0.01, rules=True, ruby=1.0, marks=0.5, show_through=0.3, stains=3.0, holes=3.0,
        seals=4.0, pictures=1.0, fold=True,
    )  # fmt: skip


def test_every_pixel_of_ink_lies_in_a_box_and_every_box_is_tight(hand):
    canvas = np.zeros(SIZE_HW, np.uint8)
    layout = greek_layout()
    written = write_layout(canvas, layout, hand, np.random.default_rng(0))
    assert written.codepoints == layout.codepoints
    assert np.abs(written.boxes - layout.boxes).max() <= 3
    outside = canvas.copy()
    for x0, y0, x1, y1 in written.boxes.astype(int):
        ink = canvas[y0:y1, x0:x1]
        assert min(edge.max() for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1])) > 60
        outside[y0:y1, x0:x1] = 0
    assert not outside.any()


def test_clean_page_is_dark_only_inside_its_boxes(hand, text):
    style = replace(busy_style(), hand=hand.style)
    page = draw_page(greek_layout(), style, hand, text, np.random.default_rng(0), gutter_left=True, clutter=False)
    inside = np.zeros(SIZE_HW, bool)
    for x0, y0, x1, y1 in page.boxes.astype(int):
        inside[y0:y1, x0:x1] = True
    paper = np.asarray(style.paper, np.uint8)
    assert np.abs(page.image[~inside].astype(int) - paper).max() <= 1
    assert all(page.image[y0:y1, x0:x1].min() < 0.6 * paper.min() for x0, y0, x1, y1 in page.boxes.astype(int))


def test_joining_strokes_lead_into_the_next_box(fonts, hand):
    canvases, boxes = [], []
    for joining in (0.0, 1.0):
        canvas = np.zeros(SIZE_HW, np.uint8)
        writer = Hand(fonts, replace(hand.style, joining=joining), (7,))
        boxes.append(write_layout(canvas, greek_layout(), writer, np.random.default_rng(0)).boxes)
        canvases.append(canvas)
    apart, joined = boxes
    assert (canvases[1] >= canvases[0]).all()
    assert canvases[1].astype(int).sum() > canvases[0].astype(int).sum()
    grown = (apart != joined).any(axis=1)
    assert grown.any()
    assert np.array_equal(apart[:, [0, 2]], joined[:, [0, 2]])
    assert (joined[:, 1] <= apart[:, 1]).all()
    assert (joined[:, 3] >= apart[:, 3]).all()
    outside = canvases[1].copy()
    for x0, y0, x1, y1 in joined.astype(int):
        outside[y0:y1, max(x0 - 8, 0) : x1 + 8] = 0
    assert not outside.any()


def test_circled_numerals_keep_their_own_box(hand):
    digit = "U+4E00"
    layout = greek_layout(codepoints=(digit,), boxes=np.array([[100.0, 100.0, 140.0, 150.0]]))
    writer = StandIn(hand)
    canvas = np.zeros(SIZE_HW, np.uint8)
    written = write_layout(canvas, layout, writer, np.random.default_rng(0), circled=1.0)
    x0, y0, x1, y1 = written.boxes[0].astype(int)
    assert (x1 - x0, y1 - y0) == pytest.approx((0.66 * 40, 0.66 * 50), abs=2)
    ring = canvas.copy()
    ring[y0:y1, x0:x1] = 0
    rows, columns = np.nonzero(ring)
    assert rows.min() < y0
    assert rows.max() >= y1
    assert columns.min() < x0
    assert columns.max() >= x1


def test_no_circle_where_a_neighbor_stands_in_the_way(hand):
    digits = ("U+4E00", "U+4E8C")
    boxes = np.array([[100.0, 100.0, 140.0, 150.0], [100.0, 152.0, 140.0, 200.0]])
    canvas = np.zeros(SIZE_HW, np.uint8)
    layout = greek_layout(codepoints=digits, boxes=boxes)
    written = write_layout(canvas, layout, StandIn(hand), np.random.default_rng(0), circled=1.0)
    assert np.abs(written.boxes - boxes).max() <= 3


def test_red_writing_is_red_and_annotated(hand, text):
    style = replace(busy_style(), hand=hand.style, ink=(0.3, 0.3, 0.3), red=(0.85, 0.4, 0.3), rubric=1.0)
    layout = greek_layout()
    found = 0
    for seed in range(4):
        page = draw_page(layout, style, hand, text, np.random.default_rng(seed), gutter_left=True, clutter=False)
        assert page.codepoints == layout.codepoints
        for x0, y0, x1, y1 in page.boxes.astype(int):
            part = page.image[y0:y1, x0:x1].reshape(-1, 3).astype(int)
            darkest = part[part.sum(axis=1).argmin()]
            found += int(darkest[0] > 1.5 * darkest[1])
    assert 4 <= found < 4 * len(layout.codepoints)


@pytest.mark.parametrize("gutter_left", [True, False])
@pytest.mark.parametrize("size_hw", [SIZE_HW, (700, 430)])
def test_cluttered_page_keeps_its_truth(hand, text, gutter_left, size_hw):
    layout = greek_layout(size_hw=size_hw)
    page = draw_page(layout, busy_style(), hand, text, np.random.default_rng(0), gutter_left=gutter_left)
    clean = draw_page(
        layout, busy_style(), hand, text, np.random.default_rng(0), gutter_left=gutter_left, clutter=False
    )
    assert page.image.shape == (*size_hw, 3)
    assert page.image.dtype == np.uint8
    assert page.codepoints == clean.codepoints
    assert np.array_equal(page.boxes, clean.boxes)


@pytest.mark.parametrize("size_hw", [(64, 40), (430, 420)])
def test_empty_page_takes_the_same_path(hand, text, size_hw):
    layout = Layout(size_hw, (), np.zeros((0, 4)), (5.0, 5.0, 30.0, 50.0), 20.0, 10.0)
    page = draw_page(layout, busy_style(), hand, text, np.random.default_rng(0), gutter_left=False)
    assert page.image.shape == (*size_hw, 3)
    assert page.codepoints == ()
    assert page.boxes.shape == (0, 4)


def test_undrawable_characters_are_in_neither_image_nor_truth(hand, text):
    layout = greek_layout(codepoints=(UNHELD, *greek_layout().codepoints[1:]))
    page = draw_page(layout, busy_style(), hand, text, np.random.default_rng(0), gutter_left=True)
    assert page.undrawn == 1
    assert UNHELD not in page.codepoints
    assert len(page.boxes) == len(layout.boxes) - 1


def test_truth_boxes_without_area_or_off_the_page_are_left_out():
    truth = greek_page("1_1", rows=1, columns=3)
    truth.boxes[0, 2] = truth.boxes[0, 0]
    truth.boxes[1] += 5000
    layout = layout_from_truth(truth, SIZE_HW, BLOCK)
    assert layout.codepoints == truth.codepoints[2:]
    half = layout.scaled(0.5)
    assert half.size_hw == (215, 210)
    assert np.array_equal(half.boxes, layout.boxes / 2)


def test_drawn_layouts_stay_on_the_page(text):
    statistics = load_statistics()
    for seed, figures in enumerate(statistics.pages[::60]):
        size_hw = statistics.page_sizes_hw[figures.book]
        layout = draw_layout(figures, size_hw, statistics, text, np.random.default_rng(seed))
        assert len(layout.codepoints) == len(layout.boxes)
        assert (layout.boxes[:, 2:] > layout.boxes[:, :2]).all()
        assert (layout.boxes[:, 3] < size_hw[0] * 1.05).all()
        assert len(layout.boxes) <= 3 * figures.characters + 60
        assert empty_layout(figures, size_hw).boxes.shape == (0, 4)


@pytest.mark.parametrize(
    ("boxes", "area", "expected"),
    [
        ([], (0, 0, 10, 10), None),
        ([], (0, 0, 480, 960), (0, 0, 480, 960)),
        ([(0, 0, 480, 960)], (0, 0, 480, 960), None),
        ([(240, 0, 480, 960)], (0, 0, 480, 960), (0, 0, 240, 960)),
        ([(0, 0, 480, 100)], (0, 0, 480, 960), (0, 100, 480, 960)),
        ([(-100, -100, -50, -50)], (0, 0, 480, 960), (0, 0, 480, 960)),
    ],
)
def test_free_rectangle(boxes, area, expected):
    found = free_rectangle(np.array(boxes, float).reshape(-1, 4), area)
    assert found == (None if expected is None else pytest.approx(expected, abs=20))
