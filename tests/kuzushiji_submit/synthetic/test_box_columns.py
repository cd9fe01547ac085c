from itertools import chain

import numpy as np
import pytest

from kuzushiji_submit.synthetic.box_columns import group_columns, successors

RIGHT, LEFT = 100, 40


def boxes(*corners):
    return np.array([(x, y, x + 20, y + 20) for x, y in corners], float).reshape(-1, 4)


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ([], []),
        ([(0, 0)], [[0]]),
        ([(5, 5), (5, 5)], [[0], [1]]),
        ([(RIGHT, 45), (RIGHT, 0), (LEFT, 0), (LEFT, 25)], [[1, 0], [2, 3]]),
        ([(RIGHT, 0), (RIGHT, 200)], [[0], [1]]),
        ([(RIGHT, 0), (RIGHT + 6, 22), (RIGHT - 5, 44)], [[0, 1, 2]]),
    ],
)
def test_group_columns(corners, expected):
    assert group_columns(boxes(*corners)) == expected


def test_every_box_is_in_one_column():
    rng = np.random.default_rng(0)
    crowd = boxes(*rng.uniform(0, 300, (80, 2)))
    assert sorted(chain.from_iterable(group_columns(crowd))) == list(range(80))
    assert len([following for following in successors(crowd) if following >= 0]) == len(
        {following for following in successors(crowd) if following >= 0}
    )
