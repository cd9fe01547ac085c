"""Pictures of a data folder."""

import io

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.stats.drawings import (
    BOX_COLOR,
    PANEL,
    draw_boxes,
    draw_frequencies,
    draw_sizes,
    draw_steps,
    join,
)


@pytest.mark.parametrize("counts", [[1], [5, 1, 1], list(range(600, 0, -7))])
def test_frequencies_of_few_and_many_classes(counts):
    values = np.array(counts, np.int64)
    picture = Image.open(io.BytesIO(draw_frequencies(values, {"even": np.full(len(values), 500.0)})))
    colors = set(map(tuple, np.asarray(picture.convert("RGB")).reshape(-1, 3).tolist()))
    assert {(31, 119, 180), (255, 127, 14)} <= colors  # before and after


@pytest.mark.parametrize("boxes", [0, 3])
def test_sizes(boxes):
    sides = np.full((boxes, 2), 20, np.float32)
    assert draw_sizes(np.array([boxes], np.int64), sides).startswith(b"\x89PNG")


@pytest.mark.parametrize("size_hw", [(100, 80), (50, 40), (224, 224)])
def test_boxes_go_where_the_page_goes(size_hw):
    """A blue page stays blue (RGB order), and a box's border lies where the page's scaling puts it."""
    page = np.full((100, 80, 3), (10, 20, 200), np.uint8)
    shown = draw_boxes(page, np.array([[20, 10, 60, 90]], np.float32), size_hw)
    assert shown.shape == (*size_hw, 3)
    assert tuple(shown[0, 0]) == (10, 20, 200)
    green = np.argwhere((shown == BOX_COLOR).all(axis=2))
    height, width = size_hw
    np.testing.assert_allclose(green.min(axis=0), (0.1 * height, 0.25 * width), atol=1.5)
    np.testing.assert_allclose(green.max(axis=0), (0.9 * height, 0.75 * width), atol=1.5)


def test_no_boxes_leave_the_page_as_it_is():
    page = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    np.testing.assert_array_equal(draw_boxes(page, np.zeros((0, 4), np.float32), (40, 30)), page)


@pytest.mark.parametrize("box", [(10, 10, 40, 60), (-5, -5, 3, 3), (79, 99, 90, 120)])
def test_steps_of_a_character(box):
    random = np.random.default_rng(0)
    page = random.integers(0, 256, (100, 80, 3), np.uint8)
    ink = random.integers(0, 256, (100, 80), np.uint8)
    steps = draw_steps(page, ink, np.array(box, np.float32))
    names = [name for name, _ in steps]
    assert names[:3] == ["color", "gray", "ink"]
    assert [name for name in names if name.startswith("binary")] == [
        "binary, whole 32",
        "binary, 2/3 32",
        "binary, whole 64",
        "binary, 2/3 64",
    ]
    for name, panel in steps:
        assert panel.shape == (PANEL, PANEL, 3)
        assert not name.startswith("binary") or set(np.unique(panel)) <= {0, 255}
    joined = join([panel for _, panel in steps])
    assert joined.shape[0] == PANEL
    np.testing.assert_array_equal(joined[:, -PANEL:], steps[-1][1])
