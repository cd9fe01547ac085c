"""Boxes in the order in which they are read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.reading.order import _cost, _near, read_order


def boxes_of(*boxes):
    return np.array(boxes, np.float32).reshape(-1, 4)


def square(x, y, side=50):
    return (x, y, x + side, y + side)


def order_of(*boxes):
    return read_order(boxes_of(*boxes)).order.tolist()


@pytest.mark.parametrize(
    "boxes",
    [
        [],
        [square(0, 0)],
        [(5, 5, 5, 5)],  # without area
        [square(0, 0)] * 3,  # the same three times
        [(5, 5, 5, 5)] * 2,
        [(0, 0, 1000, 1000), square(10, 10)],  # one within the other
    ],
)
def test_degenerate_pages_have_an_order(boxes):
    found = read_order(boxes_of(*boxes))
    assert sorted(found.order.tolist()) == list(range(len(boxes)))
    assert found.column.shape == found.ruby.shape == (len(boxes),)
    assert len(found) == len(boxes)


ANY_BOX = st.tuples(st.integers(-50, 900), st.integers(-50, 900), st.integers(0, 200), st.integers(0, 200)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


@given(st.lists(ANY_BOX, max_size=40))
def test_every_box_is_read_once_whatever_the_page(boxes):
    found = read_order(boxes_of(*boxes))
    assert sorted(found.order.tolist()) == list(range(len(boxes)))
    assert sorted([*found.text.tolist(), *np.flatnonzero(found.ruby).tolist()]) == list(range(len(boxes)))
    numbers = found.column[found.order].tolist()
    assert list(dict.fromkeys(numbers)) == list(range(len(set(numbers))))  # numbered as they are begun


@given(st.integers(1, 4), st.integers(1, 6), st.randoms(), st.floats(-0.3, 0.3))
def test_columns_are_read_from_right_to_left_however_boxes_are_mixed(columns, rows, random, slant):
    places = [(column, row) for column in range(columns) for row in range(rows)]
    boxes = [(500 - 90 * c + slant * 50 * r, 60 * r, 550 - 90 * c + slant * 50 * r, 60 * r + 50) for c, r in places]
    mixed = list(range(len(places)))
    random.shuffle(mixed)
    found = read_order(boxes_of(*(boxes[place] for place in mixed)))
    assert [places[mixed[place]] for place in found.order] == places
    assert found.column[found.order].tolist() == [column for column, _ in places]
    assert not found.ruby.any()


@given(st.lists(ANY_BOX, max_size=25), st.integers(1, 8), st.integers(-300, 300))
def test_neither_scale_nor_place_of_the_page_matters(boxes, scale, shift):
    before = boxes_of(*boxes)
    assert read_order(before * scale + shift).order.tolist() == read_order(before).order.tolist()


@pytest.mark.parametrize("width", [8, 20, 50])
def test_a_narrow_character_stays_in_its_column(width):
    middle = (125 - width / 2, 60, 125 + width / 2, 110)
    assert order_of(square(100, 0), middle, square(100, 120), square(20, 0)) == [0, 1, 2, 3]


def test_what_is_left_of_a_broken_column_is_read_before_the_next():
    column = [square(20, 60 * row) for row in range(11)]
    assert order_of(square(100, 0), square(100, 600), *column) == list(range(13))


#    M      the note's right row is read first, then its left one, then the column goes on
#   l r     rows may be of unequal length
#   l r
#     r
#    N
NOTE = [square(100, 0), *(square(130, 60 + 30 * row, 24) for row in range(3))]
NOTE += [*(square(100, 60 + 30 * row, 24) for row in range(2)), square(100, 150)]


def test_two_row_notes_are_read_row_by_row_within_their_column():
    column = [square(20, 60 * row) for row in range(4)]
    boxes = [*NOTE, *column]
    found = read_order(boxes_of(*boxes))
    assert found.order.tolist() == list(range(len(boxes)))
    assert found.column.tolist() == [0] * len(NOTE) + [1] * len(column)


def test_two_row_notes_of_neighboring_columns_stay_apart():
    moved = [(x0 - 75, y0, x1 - 75, y1) for x0, y0, x1, y1 in NOTE]
    assert order_of(*NOTE, *moved) == list(range(2 * len(NOTE)))


def tiers(columns, x=0):
    """Columns of two boxes in two tiers, in reading order: all above, then all below."""
    return [square(x - 80 * c, y + 55 * row) for y in (0, 400) for c in range(columns) for row in range(2)]


def test_the_upper_tier_of_a_menu_is_read_before_the_lower():
    boxes = tiers(3)
    assert order_of(*boxes) == list(range(len(boxes)))


def test_a_column_through_both_tiers_parts_right_from_left():
    through = [square(0, 55 * row) for row in range(10)]
    boxes = [*tiers(2, x=160), *through, *tiers(2, x=-80)]
    assert order_of(*boxes) == list(range(len(boxes)))


def test_ragged_columns_are_no_tiers():
    lengths = [6, 2, 5, 1, 6]
    boxes = [square(400 - 80 * c, 55 * row) for c, length in enumerate(lengths) for row in range(length)]
    assert order_of(*boxes) == list(range(len(boxes)))


def test_columns_that_begin_lower_are_no_tier():
    starts = [0, 300, 0, 300]
    boxes = [square(400 - 80 * c, start + 55 * row) for c, start in enumerate(starts) for row in range(7)]
    assert order_of(*boxes) == list(range(len(boxes)))


def test_the_right_page_of_a_spread_comes_first():
    boxes = [*tiers(3, x=1000), *tiers(3, x=300)]
    assert order_of(*boxes) == list(range(len(boxes)))


def test_ruby_is_told_apart_and_follows_its_column():
    column = [square(100, 55 * row) for row in range(6)]
    ruby = [square(155, 60 + 22 * row, 18) for row in range(4)]
    left = [square(20, 55 * row) for row in range(6)]
    found = read_order(boxes_of(*ruby, *column, *left))
    assert found.ruby.tolist() == [True] * 4 + [False] * 12
    assert found.order.tolist() == [*range(4, 10), *range(4), *range(10, 16)]
    assert found.text.tolist() == list(range(4, 16))


def test_the_rest_of_a_broken_column_is_no_tier_when_nothing_stands_beside_it():
    title = [square(400, 55 * row) for row in range(3)]
    rest = [square(400, 500 + 55 * row) for row in range(3)]
    left = [square(200, 55 * row) for row in range(4)]
    found = read_order(boxes_of(*title, *rest, *left))
    assert found.order.tolist() == list(range(10))
    assert found.column.tolist() == [0] * 6 + [1] * 4


def leaf_of(x, y, columns=4, rows=9, pitch=60):
    """Boxes of a leaf in reading order, its upper right corner at (x, y)."""
    return [square(x - pitch * (c + 1), y + pitch * r, 40) for c in range(columns) for r in range(rows)]


def read_mixed(boxes, seed=0):
    """The boxes in the order in which they are read, after they were shuffled."""
    shuffled = np.random.default_rng(seed).permutation(len(boxes))
    return [boxes[shuffled[index]] for index in read_order(boxes_of(*boxes)[shuffled]).order.tolist()]


@pytest.mark.parametrize("leaves", [1, 2, 6, 20])
def test_leaves_side_by_side_follow_from_right_to_left(leaves):
    boxes = [box for k in range(leaves) for box in leaf_of(9000 - 400 * k, 100 + 17 * (k % 3))]
    assert read_mixed(boxes) == boxes


@pytest.mark.parametrize(("leaves", "gap"), [(1, 90), (2, 250), (6, 90), (6, 250), (20, 90)])
def test_leaves_one_above_the_other_are_read_leaf_by_leaf(leaves, gap):
    boxes = [box for k in range(leaves) for box in leaf_of(1000 + 13 * (k % 3), k * (9 * 60 - 20 + gap))]
    assert read_mixed(boxes) == boxes


def test_tiers_of_one_leaf_do_not_reach_into_the_next():
    upper, lower = leaf_of(900, 0, rows=4), leaf_of(900, 400, rows=4)
    boxes = [(x - shift, *rest) for shift in (0, 700, 1400, 2100) for x, *rest in [*upper, *lower]]
    boxes = [(x, y, x + 40, y + 40) for x, y, *_ in boxes]
    assert read_mixed(boxes) == boxes


def test_columns_of_many_leaves_have_numbers_of_their_own():
    boxes = [box for k in range(6) for box in leaf_of(9000 - 400 * k, 100)]
    assert read_order(boxes_of(*boxes)).column.tolist() == [index // 9 for index in range(6 * 36)]


def test_a_scroll_without_gaps_is_read_column_by_column():
    boxes = leaf_of(20_000, 100, columns=300, rows=12)  # more than are compared at once
    assert read_mixed(boxes) == boxes


def test_a_tall_image_without_gaps_is_read_column_by_column(monkeypatch):
    monkeypatch.setattr("kuzushiji_submit.reading.order.BLOCK", 16)
    boxes = leaf_of(400, 100, columns=3, rows=60)
    assert read_mixed(boxes) == boxes


@given(st.lists(ANY_BOX, min_size=1, max_size=40), st.integers(1, 7))
def test_blocks_of_boxes_find_the_same_neighbors_as_all_together(boxes, block):
    exact = boxes_of(*boxes).astype(np.float64)
    farthest = 100.0
    together = np.full((len(boxes), len(boxes)), np.inf)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kuzushiji_submit.reading.order.BLOCK", block)
        for uppers, lowers in _near(exact, farthest):
            together[np.ix_(uppers, lowers)] = _cost(exact[uppers], exact[lowers], farthest)
    np.testing.assert_array_equal(together, _cost(exact, exact, farthest))
