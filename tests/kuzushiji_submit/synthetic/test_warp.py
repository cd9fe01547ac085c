import numpy as np
import pytest

from kuzushiji_submit.synthetic.warp import warp_mask

STILL = np.zeros((2, 3, 3), np.float32)


def bar() -> np.ndarray:
    mask = np.zeros((9, 5), np.uint8)
    mask[:, 2] = 255
    return mask


def test_without_shift_and_slant_the_mask_stands_in_the_middle():
    patch = warp_mask(bar(), (9, 5), (13, 11), STILL, 0.0)
    assert patch.dtype == np.float32
    assert np.array_equal(patch[2:11, 3:8], bar())
    assert patch.sum() == bar().sum()


@pytest.mark.parametrize("inner_hw", [(18, 10), (9, 10)])
def test_it_is_brought_to_the_size(inner_hw):
    patch = warp_mask(np.full((9, 5), 255, np.uint8), inner_hw, (30, 30), STILL, 0.0)
    solid = patch > 127
    assert abs(solid.any(axis=1).sum() - inner_hw[0]) <= 1
    assert abs(solid.any(axis=0).sum() - inner_hw[1]) <= 1


def test_a_slant_moves_what_is_below_to_the_left():
    rows = np.argmax(warp_mask(bar(), (9, 5), (9, 21), STILL, 0.5), axis=1)
    assert rows[0] > rows[4] > rows[8]


def test_a_shift_looks_down_and_to_the_right():
    dot = np.zeros((5, 5), np.uint8)
    dot[2, 2] = 255
    down, right = np.full((3, 3), 1.0, np.float32), np.full((3, 3), 2.0, np.float32)
    patch = warp_mask(dot, (5, 5), (11, 11), np.stack([down, right]), 0.0)
    assert np.unravel_index(patch.argmax(), patch.shape) == (4, 3)
