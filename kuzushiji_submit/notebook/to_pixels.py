"""Whatever a notebook has of a page, as pixels."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page.colors import lay_on_white
from kuzushiji_submit.core.page.read import PageImage, convert_image, read_image

PageInput = Path | str | Image.Image | NDArray[np.uint8]
"""A path, a Pillow image, or an array uint8 (H, W, 3) RGB, (H, W, 4) RGBA or (H, W) gray."""


def to_image(page: PageInput) -> tuple[str, PageImage]:
    """A page's name, and the page as a file of the same image would be read; of a file with several the first.

    Args:
        page: a path, a Pillow image, or an array.

    Returns:
        the file's name, or "page" with a suffix where there is none, and its image.

    Raises:
        PageReadError: if the page is missing, no image, or an array of another kind.
    """
    if isinstance(page, (str, Path)):
        return Path(page).name, read_image(Path(page))
    if isinstance(page, Image.Image):
        name = Path(str(getattr(page, "filename", "") or "page.png")).name
        return name, convert_image(page, Path(name))
    if isinstance(page, np.ndarray):
        notes: list[str] = []
        return "page.png", PageImage(_from_array(page, notes), tuple(notes))
    raise PageReadError(f"{type(page).__name__} is no page: give a path, a Pillow image or an array of pixels")


def _from_array(array: NDArray[np.uint8], notes: list[str]) -> NDArray[np.uint8]:
    if array.dtype != np.uint8:
        raise PageReadError(f"an array of {array.dtype} is no page: give uint8, 0 for black to 255 for white")
    if not array.size or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in {3, 4})):
        raise PageReadError(f"an array of shape {array.shape} is no page: give (H, W, 3), (H, W, 4) or (H, W)")
    if array.ndim == 2:
        return np.repeat(array[:, :, None], 3, axis=2)
    colors = np.ascontiguousarray(array[:, :, :3])
    return colors if array.shape[2] == 3 else lay_on_white(colors, array[:, :, 3], notes)
