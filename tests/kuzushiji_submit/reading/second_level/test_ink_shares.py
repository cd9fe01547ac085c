"""How much ink lies in a box."""

import numpy as np
import pytest

from kuzushiji_submit.reading.second_level.ink_shares import ink_shares

INK = np.zeros((10, 20), np.uint8)
INK[:, :10] = 255


@pytest.mark.parametrize(
    ("box", "share"),
    [
        ((0, 0, 10, 10), 1),
        ((5, 0, 15, 10), 0.5),
        ((12, 2, 18, 8), 0),
        ((8.5, 0, 11.5, 1), 0.5),  # whole pixels that it touches: 8, 9, 10, 11
        ((-10, -10, 5, 5), 1),  # what lies off the page does not count
        ((30, 30, 40, 40), 0),
        ((5, 5, 5, 5), 0),
        ((9, 9, 3, 3), 0),
        ((np.nan, 0, np.inf, 10), 0.5),
    ],
)
def test_a_box(box, share):
    found = ink_shares(INK, np.array([box], np.float32))
    assert found.dtype == np.float32
    assert found.tolist() == [share]


def test_no_boxes():
    assert ink_shares(INK, np.zeros((0, 4), np.float32)).shape == (0,)
