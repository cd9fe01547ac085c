"""The confusion matrix's picture."""

import io

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.interpretation.matrix import draw_matrix, encode_png


@pytest.mark.parametrize("size", [1, 3])
def test_matrix_is_a_picture_that_grows_with_its_classes(size):
    counts = np.eye(size, dtype=np.int64) * 7
    with Image.open(io.BytesIO(draw_matrix(counts, [f"U+304{n}" for n in range(size)]))) as picture:
        assert picture.format == "PNG"
        colors = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert (colors == (8, 48, 107)).all(axis=1).any()  # the darkest blue: a whole row


def test_png_keeps_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    with Image.open(io.BytesIO(encode_png(pixels))) as picture:
        np.testing.assert_array_equal(np.asarray(picture), pixels)
