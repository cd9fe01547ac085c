"""How large a leaf is in an image that may show many: handscrolls, and leaves joined into one image.

What is long, wide or thick on a page is told by the page's size, and the longer side of an image is the page's only
where the image is one page or an open book. Beyond that its characters tell.

    one leaf        open book           six leaves, or a scroll          a strip for one poem
    ┌─────┐        ┌─────┬─────┐       ┌───┬───┬───┬───┬───┬───┐         ┌─┐  long as well, but its characters
    │     │        │     │     │       │   │   │   │   │   │   │         │ │  are so large that it is one leaf
    └─────┘        └─────┴─────┘       └───┴───┴───┴───┴───┴───┘         └─┘
       the longer side                  about 25 characters
"""

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.page.character_size import character_size

LONGEST_PAGE = 2.0
"""A page or an open book is at most this many times longer than wide."""
CHARACTERS = 25
"""A leaf is about this many characters long: columns of the real pages have 10 to 30, their margins a fifth more."""
UPRIGHT = 1.3
"""A leaf is at least this many times higher than wide; those of the real pages 1.4 to 1.7 times."""
SMALLEST_PX = 8
"""Smaller ink is specks, in pixels: nobody can read it."""
LONGEST_STRIP = 4
"""While the characters are unknown the longer side counts up to this many times the shorter one."""


def is_long(shape: tuple[int, ...]) -> bool:
    """Whether an image of this (height, width, ...) is longer than a page or an open book."""
    return max(shape[:2]) > LONGEST_PAGE * min(shape[:2]) > 0


def bounded_side(shape: tuple[int, ...]) -> int:
    """The longer side of an image of this (height, width, ...), at most `LONGEST_STRIP` times the shorter one."""
    return int(min(max(shape[:2]), LONGEST_STRIP * min(shape[:2])))


def leaf_side(ink: NDArray[np.uint8]) -> int:
    """How long one leaf of an image is.

    Args:
        ink: uint8 (H, W), paper 0.

    Returns:
        Pixels: the longer side of a page, of an open book, and of a strip with few large characters; in longer images
        the length of `CHARACTERS` characters, at least that of an upright leaf as wide or as high as the image. An
        image without writing is one leaf.
    """
    height, width = int(ink.shape[0]), int(ink.shape[1])
    longer, shorter = max(height, width), min(height, width)
    if not is_long(ink.shape):
        return longer
    size = character_size(ink)
    if size < SMALLEST_PX:
        return longer
    upright = shorter if width > height else round(UPRIGHT * shorter)
    return min(max(round(CHARACTERS * size), upright), longer)
