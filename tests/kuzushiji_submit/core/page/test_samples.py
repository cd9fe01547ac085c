"""Samples of any depth as 8 bits."""

import numpy as np
import pytest

from kuzushiji_submit.core.page.samples import on_white, scaled_note, to_eight_bits


@pytest.mark.parametrize(
    ("samples", "maximum", "expected"),
    [
        (np.zeros((0, 3), np.uint16), None, np.zeros((0, 3))),
        (np.array([0, 0], np.uint16), None, [0, 0]),
        (np.array([np.nan, np.inf], np.float32), None, [255, 255]),
        (np.array([7, 200], np.uint8), None, [7, 200]),
        (np.array([False, True]), None, [0, 1]),  # whole numbers up to 255 stay what they are
        (np.array([0, 255], np.uint16), None, [0, 255]),
        (np.array([0, 32768, 65535], np.uint16), None, [0, 128, 255]),
        (np.array([0, 4000, 4095], np.uint16), None, [0, 249, 255]),
        (np.array([0, 4000], np.uint16), None, [0, 249]),
        (np.array([0, 500, 1000], np.uint16), 1000, [0, 128, 255]),
        (np.array([0, 4095], np.uint16), 65535, [0, 255]),  # the file says more than its samples hold: theirs counts
        (np.array([0, 4095], np.uint16), 100, [0, 255]),  # less than its samples hold: not believed
        (np.array([0, 2**32 - 1], np.uint32), None, [0, 255]),
        (np.array([-32768, 0, 32767], np.int16), None, [0, 128, 255]),
        (np.array([0.0, 0.5, 1.0], np.float32), None, [0, 128, 255]),
        (np.array([0.0, 100.4, 255.0], np.float32), None, [0, 100, 255]),
        (np.array([0.0, 65535.0], np.float64), None, [0, 255]),
        (np.array([-1.0, 0.0, 1.0], np.float32), None, [0, 128, 255]),
        (np.array([0.0, np.nan, 1.0], np.float32), None, [0, 255, 255]),
        (np.array([-3.0, -3.0], np.float32), None, [0, 0]),
    ],
)
def test_to_eight_bits(samples, maximum, expected):
    found = to_eight_bits(samples, maximum)
    assert (found.dtype, found.shape) == (np.uint8, samples.shape)
    assert found.tolist() == np.asarray(expected).tolist()


def test_what_is_seen_through_is_white():
    colors = np.full((1, 3, 3), 100, np.uint8)
    alpha = np.array([[0, 128, 255]], np.uint8)
    assert on_white(colors, alpha)[0, :, 0].tolist() == [255, 177, 100]
    assert on_white(np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), np.uint8)).shape == (0, 0, 3)


def test_notes():
    assert scaled_note(np.dtype(np.uint16)) == "16-bit samples scaled to 8 bits"
    assert scaled_note(np.dtype(np.float32)) == "floating-point samples scaled to 8 bits"
