import numpy as np
import pytest

from kuzushiji_submit.core.boxes import centers_inside, median_size, overlaps, shared_areas


def boxes(*rows: tuple) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 15, 10), 1 / 3),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),
        ((0, 0, 10, 10), (2, 2, 4, 4), 0.04),
        ((0, 0, 0, 10), (0, 0, 0, 10), 0.0),
        ((0, 0, 10, 10), (20, 20, 10, 10), 0.0),
    ],
)
def test_overlap_is_intersection_over_union(one: tuple, other: tuple, expected: float) -> None:
    assert overlaps(boxes(one), boxes(other))[0, 0] == pytest.approx(expected)
    assert overlaps(boxes(other), boxes(one))[0, 0] == pytest.approx(expected)


def test_centers_on_the_border_are_outside() -> None:
    found = centers_inside(boxes((0, 0, 10, 10), (0, 0, 20, 20)), boxes((4, 4, 6, 6), (5, 0, 9, 20), (2, 2, 18, 18)))
    assert found.tolist() == [[True, False, True], [False, False, True]]


def test_no_boxes() -> None:
    assert overlaps(boxes(), boxes((0, 0, 1, 1))).shape == (0, 1)
    assert centers_inside(boxes((0, 0, 1, 1)), boxes()).shape == (1, 0)


@pytest.mark.parametrize(
    ("box", "other", "area"),
    [
        ((0, 0, 0, 0), (0, 0, 4, 4), 0),
        ((0, 0, 4, 4), (4, 0, 8, 4), 0),
        ((0, 0, 4, 4), (5, 5, 8, 8), 0),
        ((0, 0, 4, 4), (2, 1, 8, 8), 6),
        ((0, 0, 4, 4), (1, 1, 2, 2), 1),
    ],
)
def test_shared_areas(box, other, area):
    first, second = (np.array([corners], np.float32) for corners in (box, other))
    assert shared_areas(first, second).tolist() == shared_areas(second, first).tolist() == [[area]]


def test_no_boxes_share_nothing():
    none, one = np.zeros((0, 4), np.float32), np.ones((1, 4), np.float32)
    assert shared_areas(none, one).shape == (0, 1)
    assert shared_areas(one, none).shape == (1, 0)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], 0.0),
        ([(5, 5, 5, 9)], 0.0),
        ([(9, 9, 5, 5)], 0.0),
        ([(0, 0, 10, 40)], 20.0),
        ([(0, 0, 10, 10), (0, 0, 0, 0), (0, 0, 20, 20), (0, 0, 90, 90)], 20.0),
    ],
    ids=["none", "flat", "inverted", "one", "median"],
)
def test_the_size_of_characters(rows: list[tuple], expected: float) -> None:
    assert median_size(boxes(*rows)) == expected
