"""A page made ready once."""

import numpy as np
import pytest

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page.ink import InkConfig, read_ink
from kuzushiji_submit.core.page.prepared import prepare_page


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 9, 3)])
def test_a_page_without_pixels_has_no_paper_and_no_ink(shape):
    page = prepare_page(np.zeros(shape, np.uint8))
    assert page.paper is None
    assert page.lines is None
    assert page.ink.shape == shape[:2]


@pytest.mark.parametrize("page", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_what_is_no_page_is_refused(page):
    with pytest.raises(PageReadError, match="uint8 array of shape"):
        prepare_page(page)


def test_it_holds_what_the_ink_was_made_of(draw_page):
    pixels, _ = draw_page(2)
    config = InkConfig(floor=0.4)
    page, reading = prepare_page(pixels, config), read_ink(pixels, config)
    assert page.config is config
    assert np.array_equal(page.ink, reading.ink)
    assert page.paper is not None
    assert reading.paper is not None
    assert np.array_equal(page.paper.color, reading.paper.color)
