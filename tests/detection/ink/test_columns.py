import cv2
import numpy as np
import pytest

from detection.ink.columns import ColumnConfig, column_axes, find_columns

UNIT = 40.0


def write(mask: np.ndarray, x: float, y: int, count: int, *, slant: float = 0.0) -> None:
    for k in range(count):
        top, left = y + 50 * k, round(x + slant * 50 * k)
        cv2.line(mask, (left - 18, top + 2), (left + 18, top + 2), 255, 5)
        cv2.line(mask, (left - 18, top + 36), (left + 18, top + 36), 255, 5)
        cv2.line(mask, (left, top), (left, top + 38), 255, 5)
        cv2.line(mask, (left, top + 10), (left + (-1) ** k * 16, top + 28), 255, 5)


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (50, 60)])
def test_no_ink_no_columns(shape: tuple[int, int]) -> None:
    mask = np.zeros(shape, np.uint8)
    assert not column_axes(mask, UNIT, ColumnConfig()).any()
    found = find_columns(mask, UNIT, ColumnConfig())
    assert found.labels.shape == shape
    assert len(found.axis_x) == 1


@pytest.mark.parametrize("slant", [0.0, 0.1, -0.15])
def test_straight_and_slanted_columns_keep_apart(slant: float) -> None:
    mask = np.zeros((800, 600), np.uint8)
    places = [150, 220, 290, 360]
    for x in places:
        write(mask, x, 100, 10, slant=slant)
    found = find_columns(mask, UNIT, ColumnConfig())
    assert len(np.unique(found.labels[mask > 0])) == 4
    assert (found.labels[mask > 0] > 0).all()
    for x in places:
        number = found.labels[119, x]
        assert number > 0
        assert found.labels[119 + 450, round(x + slant * 450)] == number
        assert found.axis_x[number, 300] == pytest.approx(x + slant * 180, abs=6)


def test_a_column_broken_at_a_wide_character_is_one() -> None:
    mask = np.zeros((900, 400), np.uint8)
    write(mask, 200, 100, 5)
    write(mask, 214, 350, 5)
    assert len(np.unique(find_columns(mask, UNIT, ColumnConfig()).labels)) == 2


def test_half_columns_side_by_side_are_two() -> None:
    mask = np.zeros((900, 400), np.uint8)
    for k in range(10):
        for x in (180, 212):
            cv2.rectangle(mask, (x - 10, 100 + 30 * k), (x + 10, 122 + 30 * k), 255, 4)
    assert len(np.unique(find_columns(mask, UNIT, ColumnConfig()).labels)) == 3


def test_ink_far_from_every_column_belongs_to_none() -> None:
    mask = np.zeros((900, 600), np.uint8)
    write(mask, 200, 100, 12)
    mask[300:303, 500:503] = 255
    found = find_columns(mask, UNIT, ColumnConfig())
    assert found.labels[301, 501] == 0
    assert found.labels[119, 200] > 0
