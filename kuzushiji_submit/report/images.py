"""The report's JPEG files: the scan at display size, its thumbnail, and crops of single characters."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kuzushiji_submit.core.files import atomic_bytes
from kuzushiji_submit.core.page.leaves import is_long
from kuzushiji_submit.reading.characters import Box

SCAN_HW = (1600, 3200)  # largest height and width of the scan shown; a page is never enlarged
LONG_SCAN = 20_000  # the same along an image of many leaves, across it ...
LONG_SCAN_ACROSS = 1100  # ... this; browsers show JPEGs of 32,767 px
THUMBNAIL_HW = (144, 216)
CROP_HW = (96, 144)
_QUALITY = 80
_CROP_MARGIN = 0.12  # of the box's longer side, so that a glyph's touching strokes can be seen


def write_scan(page: NDArray[np.uint8], scan: Path, thumbnail: Path) -> None:
    """Writes a page at display size and as a thumbnail.

    Args:
        page: uint8 (H, W, 3), RGB.
        scan: the JPEG file to write.
        thumbnail: the JPEG file to write.

    Raises:
        OutputError: if a file cannot be written.
    """
    shown = _fit(Image.fromarray(page), _limit_hw(page.shape))
    _save(shown, scan)
    _save(_fit(shown, THUMBNAIL_HW), thumbnail)


def write_picture(pixels: NDArray[np.uint8], path: Path) -> None:
    """Writes a picture as it is: uint8 (H, W, 3) RGB, as JPEG.

    Raises:
        OutputError: if the file cannot be written.
    """
    _save(Image.fromarray(pixels), path)


def write_crop(page: NDArray[np.uint8], box: Box, path: Path) -> bool:
    """Writes the part of a page around a box.

    Args:
        page: uint8 (H, W, 3), RGB.
        box: xyxy in page pixels; may reach over the page's border.
        path: the JPEG file to write.

    Returns:
        False, and no file, if nothing of the box lies on the page.

    Raises:
        OutputError: if the file cannot be written.
    """
    x0, y0, x1, y1 = box
    height, width = page.shape[:2]
    if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        return False
    margin = _CROP_MARGIN * max(x1 - x0, y1 - y0)
    left, right = (int(np.clip(value, 0, width)) for value in (x0 - margin, x1 + margin))
    top, bottom = (int(np.clip(value, 0, height)) for value in (y0 - margin, y1 + margin))
    if right <= left or bottom <= top:
        return False
    _save(_fit(Image.fromarray(page[top:bottom, left:right]), CROP_HW), path)
    return True


def _limit_hw(shape: tuple[int, ...]) -> tuple[int, int]:
    """The largest height and width of a scan: characters must stay legible in a handscroll."""
    if not is_long(shape):
        return SCAN_HW
    return (LONG_SCAN, LONG_SCAN_ACROSS) if shape[0] > shape[1] else (LONG_SCAN_ACROSS, LONG_SCAN)


def _fit(image: Image.Image, limit_hw: tuple[int, int]) -> Image.Image:
    scale = min(1.0, limit_hw[0] / image.height, limit_hw[1] / image.width)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _save(image: Image.Image, path: Path) -> None:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    atomic_bytes(path, buffer.getvalue(), make_folder=False)
