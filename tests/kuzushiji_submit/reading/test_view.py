"""Pages that lie turned or as negatives in their files, and the way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.reading.view import PLAIN, TURNS, View

VIEWS = [View(turned, negative) for turned in TURNS for negative in (False, True)]


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_without_pixels_or_boxes(view):
    assert view.upright(np.zeros((0, 5, 3), np.uint8)).size == 0
    assert view.points_in_file(np.zeros((0, 2), np.float32), (3, 4)).shape == (0, 2)
    assert view.boxes_in_file(np.zeros((0, 4), np.float32), (3, 4)).shape == (0, 4)


def test_plain_views_copy_nothing():
    pixels = np.zeros((3, 4, 3), np.uint8)
    assert PLAIN.upright(pixels) is pixels
    assert [view.is_plain for view in VIEWS] == [True, *[False] * 7]
    with pytest.raises(ValueError, match="turned must be one of"):
        View(45)


def test_clockwise():
    """The page's upper left corner lies at the upper right of a file in which it is turned by 90 degrees."""
    file = np.zeros((4, 6, 3), np.uint8)
    file[0, -1] = 200
    assert View(90).upright(file)[0, 0, 0] == 200
    assert View(180).upright(file)[-1, 0, 0] == 200
    assert View(270).upright(file)[-1, -1, 0] == 200
    assert View(0, negative=True).upright(file)[0, -1, 0] == 55


@pytest.mark.parametrize("view", VIEWS)
@given(data=st.data())
def test_boxes_lie_on_the_same_ink_in_the_file(view, data):
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
    page = np.zeros((height, width, 3), np.uint8)
    page[y0:y1, x0:x1] = 255
    file = np.rot90(page, -view.turned // 90)
    file = 255 - file if view.negative else file
    assert np.array_equal(view.upright(file), page)
    assert view.size_in_file((height, width)) == file.shape[:2]
    box = np.array([[x0, y0, x1, y1]], np.float32)
    found = view.boxes_in_file(box, (height, width))[0].astype(int)
    ink = file if not view.negative else 255 - file
    assert ink[found[1] : found[3], found[0] : found[2]].min() == 255
    assert (ink > 0).sum() == 3 * (found[3] - found[1]) * (found[2] - found[0])
    middle = view.points_in_file((box[:, :2] + box[:, 2:]) / 2, (height, width))[0]
    assert middle.tolist() == [(found[0] + found[2]) / 2, (found[1] + found[3]) / 2]


def test_notes():
    assert PLAIN.notes() == ()
    assert View(90, negative=True).notes() == (
        "lies turned by 90 degrees clockwise: read upright",
        "is a negative: read as a positive",
    )
