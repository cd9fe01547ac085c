"""Columns from right to left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.reading.reading_order import reading_order


def test_no_boxes():
    assert reading_order(np.zeros((0, 4), np.float32)).tolist() == []


@given(st.integers(1, 4), st.integers(1, 6), st.randoms(), st.floats(-0.3, 0.3))
def test_columns_are_read_from_right_to_left_however_boxes_are_mixed(columns, rows, random, slant):
    places = [(column, row) for column in range(columns) for row in range(rows)]
    boxes = [(500 - 90 * c + slant * 50 * r, 60 * r, 550 - 90 * c + slant * 50 * r, 60 * r + 50) for c, r in places]
    mixed = list(range(len(places)))
    random.shuffle(mixed)
    order = reading_order(np.array([boxes[one] for one in mixed], np.float32))
    assert [places[mixed[one]] for one in order] == places


@pytest.mark.parametrize("width", [8, 20, 50])
def test_a_narrow_character_stays_in_its_column(width):
    boxes = [(100, 0, 150, 50), (125 - width / 2, 60, 125 + width / 2, 110), (100, 120, 150, 170), (20, 0, 70, 50)]
    assert reading_order(np.array(boxes, np.float32)).tolist() == [0, 1, 2, 3]


def test_what_is_left_of_a_broken_column_is_read_before_the_next():
    boxes = [(100, 0, 150, 50), (100, 600, 150, 650), (20, 0, 70, 50)]
    assert reading_order(np.array(boxes, np.float32)).tolist() == [0, 1, 2]
