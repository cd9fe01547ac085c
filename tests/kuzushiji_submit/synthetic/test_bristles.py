import numpy as np
import pytest

from kuzushiji_submit.synthetic.bristles import dry_brush


def strokes() -> np.ndarray:
    alpha = np.zeros((120, 120), np.float32)
    alpha[10:110, 20:44] = 1.0
    return alpha


def test_a_wet_brush_leaves_no_streaks():
    assert np.array_equal(dry_brush(strokes(), 0.0, np.random.default_rng(0)) > 0.5, strokes() > 0.5)


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (40, 3)])
def test_smallest_strokes(shape):
    assert dry_brush(np.ones(shape, np.float32), 0.7, np.random.default_rng(0)).shape == shape


def test_the_drier_the_more_paper_shows_and_only_in_the_strokes():
    left = [
        np.mean([dry_brush(strokes(), dryness, np.random.default_rng(seed)).sum() for seed in range(5)])
        for dryness in (0.2, 0.6, 1.0)
    ]
    assert left == sorted(left, reverse=True)
    assert left[2] < 0.8 * left[0]
    assert not dry_brush(strokes(), 1.0, np.random.default_rng(0))[:, 60:].any()


def test_streaks_run_along_the_stroke():
    across, along = 0.0, 0.0
    for seed in range(5):
        dry = dry_brush(strokes(), 0.9, np.random.default_rng(seed))[15:105, 24:40]
        across += float(np.abs(np.diff(dry, axis=1)).mean())
        along += float(np.abs(np.diff(dry, axis=0)).mean())
    assert across > 2 * along
