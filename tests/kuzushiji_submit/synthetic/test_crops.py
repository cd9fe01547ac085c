import numpy as np
import pytest

from kuzushiji_submit.synthetic.crops import InkWindows, synthesize_crops
from kuzushiji_submit.synthetic.fonts import FontError
from kuzushiji_submit.synthetic.statistics import PageStatistics
from recognition.crops import CropConfig
from tests.kuzushiji_submit.synthetic.conftest import GREEK, UNHELD


@pytest.fixture
def windows(fonts):
    return InkWindows(fonts, hands=3)


def test_no_codepoints_give_no_crops(windows):
    crops, drawn = synthesize_crops([], windows, np.random.default_rng(0))
    assert crops.pixels.shape == (0, 48, 48)
    assert drawn == []


def test_crops_are_ink_on_zero_and_leave_out_what_no_font_holds(windows):
    wanted = [*GREEK[:8], UNHELD]
    crops, drawn = synthesize_crops(wanted, windows, np.random.default_rng(0), CropConfig(size=64))
    assert drawn == list(GREEK[:8])
    assert crops.pixels.shape == (8, 64, 64)
    assert (np.median(crops.pixels, axis=(1, 2)) < 60).all()
    assert (crops.pixels.max(axis=(1, 2)) > 100).all()


def test_window_box_holds_the_character(windows):
    window = windows.draw("U+03B1", np.random.default_rng(0))
    assert window.codepoint == "U+03B1"
    x0, y0, x1, y1 = window.box.astype(int)
    assert 0 < x0 < x1 < window.ink.shape[1]
    assert 0 < y0 < y1 < window.ink.shape[0]
    assert window.ink[y0:y1, x0:x1].max() > 100


def test_same_seed_same_crops(fonts):
    first, second = (
        synthesize_crops(GREEK[:4], InkWindows(fonts, seed=5, hands=2), np.random.default_rng(1))[0] for _ in range(2)
    )
    assert np.array_equal(first.pixels, second.pixels)


def test_fonts_without_any_character_are_a_named_error(fonts):
    kanji = PageStatistics(counts={"一": 3}, boxes={}, bigrams={}, pages=(), page_sizes_hw=())
    with pytest.raises(FontError, match="none"):
        InkWindows(fonts, statistics=kanji)
