"""What contact sheets are drawn with."""

import numpy as np
import pytest

from detection.contact_sheet import WIDEST, panel_size, side_by_side


@pytest.mark.parametrize(
    ("page_hw", "size"),
    [
        ((0, 0), (100, 100)),
        ((0, 9), (300, 33)),
        ((9, 0), (11, 100)),
        ((1, 1), (100, 100)),
        ((300, 200), (67, 100)),
        ((200, 300), (150, 100)),
        ((3, 4000), (300, 1)),
        ((4000, 3), (1, 100)),
        ((1500, 60_000), (300, 8)),
    ],
)
def test_pictures_are_bounded_on_both_sides(page_hw: tuple[int, int], size: tuple[int, int]) -> None:
    assert panel_size(page_hw, 100) == size
    assert max(size) <= WIDEST * 100


def test_pictures_stand_beside_one_another_under_their_names() -> None:
    sheet = side_by_side([("a", np.zeros((50, 20, 3), np.uint8)), ("b", np.zeros((50, 30, 3), np.uint8))])
    assert sheet.shape == (84, 62, 3)
    assert (sheet[34:, :20] == 0).all()
