"""Whatever a notebook has of a page, as pixels."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page.read import read_page

PageInput = Path | str | Image.Image | NDArray[np.uint8]
"""A path, a Pillow image, or an array uint8 (H, W, 3) RGB, (H, W, 4) RGBA or (H, W) gray."""


def to_pixels(page: PageInput) -> tuple[str, NDArray[np.uint8]]:
    """A page's name and its pixels.

    Args:
        page: a path, a Pillow image, or an array.

    Returns:
        the file's name, or "page" with a suffix where there is none, and uint8 (H, W, 3) RGB.

    Raises:
        PageReadError: if the page is missing, no image, or an array of another kind.
    """
    if isinstance(page, (str, Path)):
        return Path(page).name, read_page(Path(page))
    if isinstance(page, Image.Image):
        name = Path(str(getattr(page, "filename", "") or "page.png")).name
        return name, _from_image(page, name)
    if isinstance(page, np.ndarray):
        return "page.png", _from_array(page)
    raise PageReadError(f"{type(page).__name__} is no page: give a path, a Pillow image or an array of pixels")


def _from_image(image: Image.Image, name: str) -> NDArray[np.uint8]:
    """An image turned upright, as those read from a path are."""
    try:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"), np.uint8)
    except (OSError, SyntaxError, ValueError) as error:
        raise PageReadError(f"{name}: cannot be decoded ({error}): fetch the file again") from None


def _from_array(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if array.dtype != np.uint8:
        raise PageReadError(f"an array of {array.dtype} is no page: give uint8, 0 for black to 255 for white")
    if not array.size or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in {3, 4})):
        raise PageReadError(f"an array of shape {array.shape} is no page: give (H, W, 3), (H, W, 4) or (H, W)")
    if array.ndim == 2:
        return np.repeat(array[:, :, None], 3, axis=2)
    return np.ascontiguousarray(array[:, :, :3])
