import cv2
import numpy as np
import pytest

from detection.ink.columns import ColumnConfig, find_columns
from detection.ink.ruby import RubyConfig, remove_ruby

UNIT = 40.0


def labels_of(mask: np.ndarray) -> np.ndarray:
    found = find_columns(mask, UNIT, ColumnConfig())
    return remove_ruby(found.labels, found.axis_x, UNIT, RubyConfig())


def body(mask: np.ndarray, x: int, count: int = 10) -> None:
    for k in range(count):
        top = 100 + 50 * k
        for y in (top + 3, top + 19, top + 35):
            cv2.line(mask, (x - 15, y), (x + 15, y), 255, 6)
        cv2.line(mask, (x, top + 3), (x, top + 35), 255, 6)


def small(mask: np.ndarray, x: int, y: int, count: int) -> None:
    for k in range(count):
        cv2.rectangle(mask, (x - 5, y + 16 * k), (x + 5, y + 11 + 16 * k), 255, 3)


def test_nothing_gives_nothing() -> None:
    assert not labels_of(np.zeros((80, 60), np.uint8)).any()


@pytest.mark.parametrize("count", [1, 2, 8])
@pytest.mark.parametrize("gap", [30, 36, 44])
def test_ruby_right_of_a_column_goes(count: int, gap: int) -> None:
    mask = np.zeros((700, 500), np.uint8)
    body(mask, 200)
    alone = mask.copy()
    small(mask, 200 + gap, 200, count)
    kept = labels_of(mask)
    assert not kept[(mask > 0) & (alone == 0)].any()
    assert (kept[alone > 0] > 0).all()


def test_a_right_hand_stroke_of_a_character_stays() -> None:
    mask = np.zeros((700, 500), np.uint8)
    body(mask, 200)
    mask[250:290, 174:229] = 0
    cv2.line(mask, (184, 252), (184, 288), 255, 6)
    cv2.line(mask, (213, 252), (213, 284), 255, 6)
    assert (labels_of(mask)[mask > 0] > 0).all()


def test_a_narrow_column_left_of_another_stays() -> None:
    mask = np.zeros((700, 500), np.uint8)
    body(mask, 200)
    small(mask, 160, 200, 8)
    assert (labels_of(mask)[mask > 0] > 0).all()


def test_a_narrow_column_on_its_own_stays() -> None:
    mask = np.zeros((700, 500), np.uint8)
    body(mask, 200)
    small(mask, 400, 200, 8)
    assert (labels_of(mask)[mask > 0] > 0).all()
