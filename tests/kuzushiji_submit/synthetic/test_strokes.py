import cv2
import numpy as np
import pytest

from kuzushiji_submit.synthetic.strokes import map_strokes, with_stroke

EVEN = (0.6, 1.4)


def ribbon(widths: list[int], length: int = 100) -> np.ndarray:
    """Upright strokes of the given widths, 30 pixels apart."""
    patch = np.zeros((length + 20, 30 * len(widths) + 20), np.float32)
    for place, width in enumerate(widths):
        left = 20 + 30 * place
        patch[10 : 10 + length, left : left + width] = 1.0
    return patch


def width_at(alpha: np.ndarray, place: int) -> float:
    return float(alpha[60, 12 + 30 * place : 38 + 30 * place].sum())


@pytest.mark.parametrize(
    "patch", [np.zeros((6, 5), np.float32), np.ones((6, 5), np.float32), np.ones((1, 1), np.float32)]
)
def test_no_ink_and_nothing_but_ink_stay_what_they_are(patch):
    alpha = with_stroke(patch, 4.0, EVEN, 0.0, 0.0, np.random.default_rng(0))
    assert alpha.shape == patch.shape
    assert (alpha > 0.5).all() == (patch > 0.5).all()
    assert map_strokes(patch).radii.shape == (1,)


@pytest.mark.parametrize("width", [3.0, 6.0, 9.0, 14.0])
def test_a_stroke_gets_the_width_asked_for(width):
    alpha = with_stroke(ribbon([9]), width, EVEN, 0.0, 0.0, np.random.default_rng(0))
    assert width_at(alpha, 0) == pytest.approx(width, abs=0.8)


def test_thinning_keeps_hairlines_and_their_proportion():
    alpha = with_stroke(ribbon([3, 9, 9, 9, 15]), 4.0, (0.4, 1.6), 0.0, 0.0, np.random.default_rng(0))
    hairline, stroke, thick = (width_at(alpha, place) for place in (0, 1, 4))
    assert 0.8 <= hairline < stroke < thick
    assert stroke == pytest.approx(4.0, abs=0.7)


def test_spread_sets_how_far_thick_and_thin_lie_apart():
    patch = ribbon([5, 9, 9, 9, 13])
    narrow, wide = (
        with_stroke(patch, 8.0, spread, 0.0, 0.0, np.random.default_rng(0)) for spread in ((0.8, 1.2), (0.4, 1.7))
    )
    assert width_at(wide, 0) < width_at(narrow, 0)
    assert width_at(wide, 4) > width_at(narrow, 4)


def test_growth_leaves_counters_open():
    patch = np.ones((60, 60), np.float32)
    patch[::6] = patch[1::6] = 0
    alpha = with_stroke(patch, 30.0, EVEN, 0.0, 0.0, np.random.default_rng(0))
    assert alpha.min() < 0.5


def test_pressure_varies_the_width_along_a_stroke():
    even, pressed = (
        with_stroke(ribbon([11]), 8.0, EVEN, pressure, 0.0, np.random.default_rng(1)).sum(axis=1)[25:95]
        for pressure in (0.0, 0.25)
    )
    assert pressed.std() > 3 * even.std() + 0.2


def test_radius_is_read_on_the_middle_line():
    patch = np.zeros((80, 80), np.float32)
    cv2.circle(patch, (40, 40), 20, 1.0, -1)
    strokes = map_strokes(patch)
    assert strokes.distance[40, 40] == pytest.approx(20, abs=1)
    assert strokes.distance[0, 0] < -20
    assert strokes.radii[strokes.nearest][40, 40] == pytest.approx(20, abs=1)
