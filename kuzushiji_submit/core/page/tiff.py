"""The images in a TIFF file: which of them are pages, and what their tags say of the samples.

```
header ─▶ directory ─▶ directory ─▶ directory ─▶ 0        a chain; each describes one image
          page 1       its preview   page 2
          frame 0      frame 1       frame 2
```

Tags and their meanings: TIFF revision 6.0 (Adobe, 1992).
"""

import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from PIL.TiffImagePlugin import ImageFileDirectory_v2

logger = logging.getLogger(__name__)

NEW_SUBFILE_TYPE, BITS_PER_SAMPLE, PHOTOMETRIC, ORIENTATION = 254, 258, 262, 274
MAXIMUM_TAGS = (281, 341)
# Bits of NewSubfileType: a smaller version of another image, and a mask for one.
REDUCED, MASK = 1, 4
WHITE_IS_ZERO, CIELAB = 0, 8
BIG_TIFF = 43
# More images than any book has leaves: the chain of a damaged file may go on for ever.
MOST_IMAGES = 10_000
MOST_TAGS = 1_000


@dataclass(frozen=True)
class TiffImage:
    """What the tags of one image say.

    Attributes:
        frame: its place in the file, from 0.
        is_page: False for previews and masks.
        photometric: what samples mean; -1 where the file does not say.
        bits: of one sample.
        maximum: the largest sample, None where the file does not say.
        orientation: how it is to be turned, as EXIF counts.
        orientation_at: the byte of the file at which that stands, 0 where it does not.
    """

    frame: int
    is_page: bool = True
    photometric: int = -1
    bits: int = 8
    maximum: float | None = None
    orientation: int = 1
    orientation_at: int = 0


def tiff_images(path: Path) -> list[TiffImage]:
    """All images of a TIFF file as far as its directories can be followed; none where the first cannot be read."""
    found: list[TiffImage] = []
    try:
        found.extend(_walk(path))
    except Exception as error:  # whatever a damaged directory makes of Pillow's parser: what came before it stands
        logger.debug("%s: %r", path, error, exc_info=True)
    return found


def _walk(path: Path) -> Iterator[TiffImage]:
    with path.open("rb") as stream:
        header = stream.read(8)
        if header[2] == BIG_TIFF or header[3] == BIG_TIFF:
            header += stream.read(8)
        place, seen = ImageFileDirectory_v2(header).next, set[int]()
        while place and place not in seen and len(seen) < MOST_IMAGES:
            seen.add(place)
            directory = ImageFileDirectory_v2(header)
            stream.seek(place)
            directory.load(stream)
            yield replace(
                _describe(len(seen) - 1, directory), orientation_at=_value_place(stream, header, place, ORIENTATION)
            )
            place = directory.next


def _describe(frame: int, directory: ImageFileDirectory_v2) -> TiffImage:
    kind = _number(directory, NEW_SUBFILE_TYPE) or 0
    photometric, bits = _number(directory, PHOTOMETRIC), _number(directory, BITS_PER_SAMPLE)
    maxima = [value for tag in MAXIMUM_TAGS if (value := _number(directory, tag)) is not None]
    return TiffImage(
        frame,
        is_page=not int(kind) & (REDUCED | MASK),
        photometric=-1 if photometric is None else int(photometric),
        bits=1 if bits is None else int(bits),
        maximum=max(maxima, default=None),
        orientation=int(_number(directory, ORIENTATION) or 1),
    )


def _number(directory: ImageFileDirectory_v2, tag: int) -> float | None:
    """A tag's value, the largest of several; None where it is missing or no number."""
    try:
        value = directory[tag]
        return float(max(value)) if isinstance(value, tuple) else float(value)
    except KeyError:
        return None
    except Exception as error:  # lazily decoded: a damaged value shows here
        logger.debug("tag %d: %r", tag, error, exc_info=True)
        return None


def _value_place(stream: BinaryIO, header: bytes, place: int, wanted: int) -> int:
    """The byte at which a short value stands in a directory's entry, 0 if the directory has no such tag.

    ```
    count │ tag, type, how many, value │ tag, ...      2, 12 and 4 bytes; in a BigTIFF file 8, 20 and 8
    ```
    """
    order, big = ("<" if header[:2] == b"II" else ">"), len(header) > 8
    head, entry_bytes, value_bytes = ("Q", 20, 8) if big else ("H", 12, 4)
    stream.seek(place)
    (count,) = struct.unpack(f"{order}{head}", stream.read(struct.calcsize(head)))
    start = stream.tell()
    entries = stream.read(entry_bytes * min(count, MOST_TAGS))
    for index in range(len(entries) // entry_bytes):
        (tag,) = struct.unpack_from(f"{order}H", entries, index * entry_bytes)
        if tag == wanted:
            return start + (index + 1) * entry_bytes - value_bytes
    return 0


def without_orientation(path: Path, image: TiffImage) -> bytes:
    """The file with one of its images marked as upright: Pillow and OpenCV would each turn it in their own way."""
    content = bytearray(path.read_bytes())
    upright = struct.pack("<H" if content[:2] == b"II" else ">H", 1)
    content[image.orientation_at : image.orientation_at + len(upright)] = upright
    return bytes(content)
