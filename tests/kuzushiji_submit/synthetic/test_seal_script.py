import numpy as np
import pytest

from kuzushiji_submit.synthetic.seal_script import draw_seal_sign


@pytest.mark.parametrize("size_hw", [(1, 1), (2, 9), (9, 2), (12, 12), (30, 20), (61, 64), (20, 120)])
@pytest.mark.parametrize("line", [0.2, 1.6, 4.0])
def test_sign_fills_its_cell(size_hw, line):
    for seed in range(12):
        sign = draw_seal_sign(size_hw, line, np.random.default_rng(seed))
        assert sign.shape == size_hw
        assert all(edge.max() > 0 for edge in (sign[0], sign[-1], sign[:, 0], sign[:, -1]))


def test_sign_is_lines_and_paper():
    shares = [float((draw_seal_sign((80, 80), 6.0, np.random.default_rng(seed)) > 127).mean()) for seed in range(40)]
    assert min(shares) > 0.15
    assert max(shares) < 0.75


def test_seed_decides():
    first, again, other = (draw_seal_sign((50, 40), 3.0, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
