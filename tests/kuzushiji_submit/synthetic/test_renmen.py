import numpy as np
import pytest

from kuzushiji_submit.synthetic.hand import HandStyle
from kuzushiji_submit.synthetic.renmen import Tips, draw_join, joins_well, lapped, may_join, tips_of

NOMINAL = 40.0


def test_tips_are_where_the_ink_begins_and_ends():
    ink = np.zeros((48, 30), np.uint8)
    ink[:6, 2:7] = 255
    ink[20:24] = 255
    ink[42:, 20:29] = 200
    tips = tips_of(ink, (100, 200, 130, 248))
    assert tips.entry == pytest.approx((104, 202), abs=1)
    assert tips.exit == pytest.approx((124, 246), abs=1)


@pytest.mark.parametrize(
    ("lower", "entry", "expected"),
    [
        ((0, 44, 40, 84), (20, 46), True),
        ((0, 38, 40, 78), (20, 40), True),
        ((0, 70, 40, 110), (20, 72), False),  # too far below
        ((0, 44, 80, 84), (70, 46), False),  # too far aside
        ((0, 20, 40, 60), (20, 22), False),  # above the exit
    ],
)
def test_which_characters_may_be_joined(lower, entry, expected):
    tips = Tips((20, 2), (20, 38)), Tips(entry, (20, lower[3] - 2))
    assert may_join((0, 0, 40, 40), lower, tips, NOMINAL) is expected


def test_kana_join_more_readily_than_kanji():
    assert joins_well("U+306E", "U+306F") == 1
    assert joins_well("U+6587", "U+306F") == joins_well("U+306E", "U+6587") < 1


def test_join_tapers_from_exit_to_entry():
    canvas = np.zeros((120, 80), np.uint8)
    tips = Tips((40, 5), (40, 20)), Tips((40, 100), (40, 115))
    draw_join(canvas, tips, HandStyle((1.0,), stroke=0.2), NOMINAL, np.random.default_rng(0))
    widths = canvas.astype(float).sum(axis=1) / canvas.max()
    assert widths[22] > 1.3 * widths[60]
    assert widths[98] > 1.1 * widths[60]
    assert (widths[20:100] > 0.5).all()
    assert not canvas[:12].any()


@pytest.mark.parametrize(
    ("upper_end", "lower_start", "expected"),
    [(40.0, 50.0, (47.0, 43.0)), (40.0, 40.0, (40.0, 40.0)), (44.0, 40.0, (44.0, 40.0))],
)
def test_joined_boxes_meet_beyond_the_middle_of_their_gap(upper_end, lower_start, expected):
    boxes = np.array([[0, 0, 30, upper_end], [0, lower_start, 30, 90]])
    lapped(boxes, 0, 1, NOMINAL)
    assert (boxes[0, 3], boxes[1, 1]) == expected
