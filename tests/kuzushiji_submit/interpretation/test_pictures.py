"""Heatmaps as pictures."""

import numpy as np
from PIL import Image

from kuzushiji_submit.interpretation.pictures import SIDE, lay_over, show_ink, write_panels


def test_ink_is_black_and_heat_is_warm_where_it_is():
    image = np.zeros((8, 8), np.float32)
    image[:, :4] = 1
    shown = show_ink(image)
    assert shown.shape == (SIDE, SIDE, 3)
    assert (shown[:, : SIDE // 2] == 0).all()
    assert (shown[:, SIDE // 2 :] == 255).all()
    heat = np.zeros((8, 8), np.float32)
    heat[:4] = 1
    over = lay_over(np.zeros((8, 8), np.float32), heat).astype(int)
    red, _, blue = over[5, 5]
    assert red > blue
    assert (over[-5, -5] == 255).all()  # no heat, nothing over the paper


def test_panels_stand_side_by_side(tmp_path):
    panels = [np.full((SIDE, SIDE, 3), value, np.uint8) for value in (0, 90)]
    write_panels(tmp_path / "panels.png", panels)
    with Image.open(tmp_path / "panels.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape[0] == SIDE
    assert (pixels[:, :SIDE] == 0).all()
    assert (pixels[:, -SIDE:] == 90).all()
