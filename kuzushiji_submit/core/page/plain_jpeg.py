"""JPEG files with nothing special about them: most pages there are, decoded without a detour."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from kuzushiji_submit.core.page.orientation import UPRIGHT, take_orientation

_START, _END = b"\xff\xd8\xff", b"\xff\xd9"
# OpenCV takes at most so many on a side.
_LONGEST = 65_500


def read_plain_jpeg(path: Path, max_pixels: int) -> NDArray[np.uint8] | None:
    """The pixels of a page that needs decoding and nothing else, to the bit what Pillow gives, in half its time.

    Both decode with libjpeg; but Pillow keeps four bytes a pixel and copies them twice. A file that does not end as a
    JPEG does may be truncated, which OpenCV would not tell.

    Args:
        path: any file.
        max_pixels: larger images are not decoded.

    Returns:
        uint8 (H, W, 3) RGB; None where there is more to do (a color profile, a turn, CMYK, several images), the file is
        no JPEG, too large or perhaps damaged, or OpenCV cannot decode it: ask Pillow.

    Raises:
        OSError: if the file cannot be read.
    """
    with path.open("rb") as stream:
        if stream.read(len(_START)) != _START:
            return None
        stream.seek(0)
        try:
            image = Image.open(stream, formats=("JPEG",))
        except (UnidentifiedImageError, Image.DecompressionBombError):
            return None
        with image:
            small = max(image.size) <= _LONGEST and image.width * image.height <= max_pixels
            plain = image.format == "JPEG" and image.mode == "RGB" and small
            if not plain or "icc_profile" in image.info or take_orientation(image) != UPRIGHT:
                return None
            size_hw = (image.height, image.width)
            stream.seek(0)
            content = stream.read()
    if not content.endswith(_END):
        return None
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    if decoded is None or decoded.shape != (*size_hw, 3):
        return None
    return np.asarray(decoded, np.uint8)
