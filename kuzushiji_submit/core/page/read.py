"""Page images from disk."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from kuzushiji_submit.core.errors import PageReadError

# Larger than any scan of two open leaves (the competition's largest page has about 26 million pixels); an image beyond
# it is a mistake or an attack, and would not fit the memory of a small machine.
MAX_PIXELS = 150_000_000


def read_page(path: Path) -> NDArray[np.uint8]:
    """Reads a page image.

    Pillow and not OpenCV, because OpenCV fills what a truncated file lacks with gray and says nothing.

    Returns:
        uint8 (H, W, 3), RGB, turned upright as its EXIF orientation says.

    Raises:
        PageReadError: if the file is missing, truncated, no image, or larger than MAX_PIXELS.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata; MAX_PIXELS stands in for the size warning
            with Image.open(path) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise PageReadError(f"{path}: {image.width} x {image.height} pixels: scale it below {MAX_PIXELS}")
                upright = ImageOps.exif_transpose(image)
                return np.asarray(upright.convert("RGB"), dtype=np.uint8)
    except FileNotFoundError:
        raise PageReadError(f"{path}: no such file: check the path") from None
    except UnidentifiedImageError:
        raise PageReadError(f"{path}: not an image: fetch the file again") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PageReadError(f"{path}: cannot be decoded ({error}): fetch the file again") from None


def page_size_hw(path: Path) -> tuple[int, int]:
    """Decodes a page and gives its (height, width).

    Raises:
        PageReadError: as `read_page`.
    """
    height, width = read_page(path).shape[:2]
    return height, width
