import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from properties import examples

from kuzushiji_submit.core.components import Components, threshold


@pytest.mark.parametrize("shape", [(0, 0), (0, 4), (4, 0), (1, 1), (5, 7)])
def test_an_empty_map_has_no_components(shape: tuple[int, int]) -> None:
    found = Components.of_mask(np.zeros(shape, np.uint8))
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)
    assert found.labels.shape == shape


def test_boxes_are_exclusive_at_the_right_and_bottom() -> None:
    mask = np.zeros((6, 8), np.uint8)
    mask[1:3, 2:5] = 255
    mask[4, 7] = 1
    found = Components.of_mask(mask)
    assert found.boxes.tolist() == [[2, 1, 5, 3], [7, 4, 8, 5]]
    assert found.areas.tolist() == [6, 1]


def test_connectivity_decides_on_corners() -> None:
    mask = np.eye(3, dtype=np.uint8)
    assert len(Components.of_mask(mask)) == 1
    assert len(Components.of_mask(mask, connectivity=4)) == 3


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([0, 255])))
@examples(60)
def test_components_part_the_ink(mask: np.ndarray) -> None:
    found = Components.of_mask(mask)
    assert found.areas.sum() == (mask > 0).sum()
    assert ((found.labels > 0) == (mask > 0)).all()
    for number, (left, top, right, bottom) in enumerate(found.boxes.astype(int), start=1):
        ys, xs = np.nonzero(found.labels == number)
        assert (left, top, right, bottom) == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


def test_threshold_is_strict() -> None:
    assert threshold(np.array([[9, 10, 11]], np.uint8), 10).tolist() == [[0, 0, 255]]
    assert threshold(np.zeros((0, 3), np.uint8), 10).shape == (0, 3)
