"""How a file says that its picture is to be turned: EXIF's orientation, and nothing else of the metadata."""

import logging
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image

logger = logging.getLogger(__name__)

ORIENTATION = 0x0112
UPRIGHT = 1
# Of an EXIF directory: an entry, and the type that the orientation has.
ENTRY_BYTES, SHORT = 12, 3


def take_orientation(image: Image.Image) -> int:
    """EXIF's orientation of an image that was opened and not yet loaded, from 1 (upright) to 8.

    It is taken out of the image: Pillow would turn a TIFF image by itself while it loads it, and in doing so read and
    write all other values, any of which may be damaged. What cannot be read means upright.
    """
    orientation: object = UPRIGHT
    for step in (_read, _get, _clear):
        try:
            orientation = step(image) or orientation
        except Exception as error:  # odd metadata makes Pillow raise whatever it likes; what it had read is kept
            logger.debug("metadata that cannot be read: %r", error, exc_info=True)
    block = image.info.get("exif")
    if isinstance(block, bytes):
        orientation = orientation_of_exif(block) or orientation
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else UPRIGHT


def orientation_of_exif(block: bytes) -> int:
    """The orientation in an EXIF block, 0 where it has none; all other values are passed over.

    Pillow stops reading at the first value that is damaged, which may stand before the orientation.

    ```
    "Exif", 0, 0 │ II or MM, 42, place of the directory │ ... │ count │ tag, type, how many, value │ tag, ...
    ```
    """
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2], "")
    if not order or len(block) < 8:
        return 0
    (place,) = struct.unpack_from(f"{order}I", block, 4)
    if place + 2 > len(block):
        return 0
    (count,) = struct.unpack_from(f"{order}H", block, place)
    for start in range(place + 2, min(place + 2 + ENTRY_BYTES * count, len(block) - ENTRY_BYTES + 1), ENTRY_BYTES):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", block, start)
        if tag == ORIENTATION and kind == SHORT:
            return int(value)
    return 0


def _read(image: Image.Image) -> None:
    image.getexif()


def _get(image: Image.Image) -> object:
    return image.getexif().get(ORIENTATION)


def _clear(image: Image.Image) -> None:
    exif = image.getexif()
    for tag in list(exif):
        del exif[tag]


def turn_upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Pixels (H, W, ...) as EXIF's orientation wants them shown.

    ```
    1 F    2 mirrored    3 upside down    4 mirrored, upside down
    5 to 8: the same with the page on its side; 6 is what a camera held upright writes
    ```
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
