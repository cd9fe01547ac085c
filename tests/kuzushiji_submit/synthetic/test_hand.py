from dataclasses import replace

import numpy as np
import pytest

from kuzushiji_submit.synthetic.fonts import mean_stroke
from kuzushiji_submit.synthetic.hand import INK_FRACTION, Hand, HandStyle, cut_to_ink, draw_hand_style
from tests.kuzushiji_submit.synthetic.conftest import GREEK, UNHELD


@pytest.mark.parametrize(
    "size_hw", [(0, 0), (1, 1), (2, 300), (300, 2), (7, 9), (40, 30), (63, 64), (65, 64), (120, 40), (260, 250)]
)
def test_ink_fills_the_wanted_size(hand, size_hw):
    for codepoint in ("U+03B1", "U+0394", "U+0049"):
        ink = hand.draw(codepoint, size_hw, np.random.default_rng(1))
        assert ink is not None
        assert ink.dtype == np.uint8
        for got, want in zip(ink.shape, size_hw, strict=True):
            assert abs(got - max(want, 3)) <= max(3, 0.08 * want)


def test_ink_is_cut_to_its_extent(hand):
    for seed, codepoint in enumerate(GREEK):
        ink = hand.draw(codepoint, (80, 60), np.random.default_rng(seed))
        least = INK_FRACTION * ink.max() - 1
        assert all(edge.max() >= least for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1]))


def test_unheld_character_gives_none(hand):
    assert hand.draw(UNHELD, (50, 50), np.random.default_rng(0)) is None


def test_same_seed_same_ink_and_other_seed_other_ink(fonts):
    style = draw_hand_style(np.random.default_rng(0), 1)
    first, again, other = (
        Hand(fonts, style, seed).draw("U+03B2", (90, 70), np.random.default_rng(1)) for seed in ((1,), (1,), (2,))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_stroke_width_follows_the_style(fonts):
    plain = HandStyle(face_weights=(1.0,), habit=0, warp=0, roughness=0, dryness=0, stroke_jitter=0, density_jitter=0)
    widths = [
        mean_stroke(
            Hand(fonts, replace(plain, stroke=stroke), (1,)).draw("U+03C7", (150, 120), np.random.default_rng(0))
        )
        for stroke in (0.08, 0.12, 0.17)
    ]
    assert widths == sorted(widths)
    assert widths[2] > 1.3 * widths[0]


def test_weights_must_match_the_fonts(fonts):
    with pytest.raises(ValueError, match="1 weights"):
        Hand(fonts, HandStyle(face_weights=(0.5, 0.5)), (1,))


@pytest.mark.parametrize("shape", [(0, 0), (4, 4)])
def test_no_ink_is_cut_to_none(shape):
    assert cut_to_ink(np.zeros(shape, np.uint8)) is None
