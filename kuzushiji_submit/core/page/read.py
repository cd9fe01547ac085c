"""Page images from disk, whatever their format."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.memory import AGAINST_LACK, lacks_memory, naming_large_page
from kuzushiji_submit.core.page.colors import lay_on_white, to_srgb
from kuzushiji_submit.core.page.deep import read_deep
from kuzushiji_submit.core.page.image_formats import (
    OPENCV_SIGNATURES,
    TIFF_SIGNATURES,
    describe_other,
    is_pdf,
    read_head,
    readable_formats,
)
from kuzushiji_submit.core.page.orientation import UPRIGHT, take_orientation, turn_upright
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.pdf import draw_page
from kuzushiji_submit.core.page.plain_jpeg import read_plain_jpeg
from kuzushiji_submit.core.page.samples import WHITE, scaled_note, to_eight_bits
from kuzushiji_submit.core.page.scan_placement import ScanPlacement
from kuzushiji_submit.core.page.tiff import WHITE_IS_ZERO, TiffImage, tiff_images, without_orientation

logger = logging.getLogger(__name__)

# Larger than any scan of two open leaves (the competition's largest page has about 26 million pixels); an image beyond
# it is a mistake or an attack, and would not fit the memory of a small machine.
MAX_PIXELS = 150_000_000


@dataclass(frozen=True, eq=False)
class PageImage:
    """A page as it was read.

    Attributes:
        pixels: uint8 (H, W, 3) RGB.
        notes: what was done to its samples and colors beyond decoding, a line each; none for a plain image.
        placement: where it lies on its scan, of a page that is a part of one; else None.
    """

    pixels: NDArray[np.uint8]
    notes: tuple[str, ...] = ()
    placement: ScanPlacement | None = None


def read_page(file: PageFile | Path) -> NDArray[np.uint8]:
    """The pixels of a page image, uint8 (H, W, 3) RGB, upright as its EXIF orientation says.

    Raises:
        PageReadError: as `read_image`.
    """
    return read_image(file).pixels


def read_image(file: PageFile | Path) -> PageImage:
    """Reads a page image: any format and depth that Pillow or OpenCV decodes, told by its content.

    ```
    file ─ Pillow ──┬─ 8 bits a sample ──────────────────────┬─ sRGB ─ on white ─ turned as EXIF says ─▶ page
      │             ├─ 16 bits, floats ─ scaled to 8 bits ───┤                                            ▲
      │    OpenCV ──┴─ 16 bits of several channels, the rest ┘                                            │
      └─── a whole JPEG with nothing special about it, which OpenCV decodes to the same, faster ──────────┘
    ```

    Pillow goes first, because OpenCV fills what a truncated file lacks with gray and says nothing.

    Args:
        file: the file, or one of the pages in it; of a bare path the first. Of half a spread the whole scan is read
            (`spreads.read_leaf` cuts it).

    Returns:
        its pixels, turned upright as its EXIF orientation says, and what was done to them.

    Raises:
        PageReadError: if the file is missing, truncated, no image, larger than MAX_PIXELS or than the memory.
            Whatever a decoder raises becomes this one error.
    """
    page = file if isinstance(file, PageFile) else PageFile(file)
    notes: list[str] = []
    with _naming(page):
        return PageImage(_read(page, notes), tuple(notes))


def convert_image(image: Image.Image, file: Path) -> PageImage:
    """The page that `read_image` makes of a file, of an image that somebody else opened, which stays as it is.

    Args:
        image: of any mode.
        file: what it is called in errors.

    Raises:
        PageReadError: as `read_image`.
    """
    notes: list[str] = []
    with _naming(PageFile(file)):
        _check_size(image.width, image.height)
        own = image.copy()  # its metadata are taken out of it
        orientation = take_orientation(own)
        with naming_large_page((image.height, image.width)):
            return PageImage(_turned(_pixels(own, None, None, notes), orientation, notes), tuple(notes))


@contextmanager
def _naming(page: PageFile) -> Iterator[None]:
    """Makes one error of whatever a decoder raises, headed by the file's name."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata; MAX_PIXELS stands in for the size warning
            yield
    except PageReadError as error:
        raise PageReadError(f"{page}: {error}") from None
    except FileNotFoundError:
        raise PageReadError(f"{page}: no such file: check the path") from None
    except Image.DecompressionBombError:  # Pillow's own limit lies a little above MAX_PIXELS
        raise PageReadError(f"{page}: far too many pixels: scale it below {MAX_PIXELS}") from None
    except UnidentifiedImageError:
        other = describe_other(read_head(page.path))
        raise PageReadError(f"{page}: {other or 'not an image: fetch the file again'}") from None
    except Exception as error:
        logger.debug("%s", page, exc_info=True)
        if lacks_memory(error):
            raise PageReadError(f"{page}: does not fit the memory: {AGAINST_LACK}") from None
        what = str(error) or type(error).__name__
        raise PageReadError(f"{page}: cannot be decoded ({what}): fetch the file again") from None


def page_size_hw(file: PageFile | Path) -> tuple[int, int]:
    """Decodes a page and gives its (height, width).

    Raises:
        PageReadError: as `read_page`.
    """
    height, width = read_page(file).shape[:2]
    return height, width


def _read(page: PageFile, notes: list[str]) -> NDArray[np.uint8]:
    if is_pdf(read_head(page.path)):
        return draw_page(page.path, page.frame, notes)
    if page.frame == 0:
        plain = read_plain_jpeg(page.path, MAX_PIXELS)
        if plain is not None:
            return plain
    tags = _tags(page)
    orientation = tags.orientation if tags is not None else UPRIGHT
    source: Path | bytes = page.path
    if tags is not None and orientation != UPRIGHT and tags.orientation_at:
        source = without_orientation(page.path, tags)
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with Image.open(stream, formats=readable_formats()) as image:
            if page.frame:
                image.seek(page.frame)
            _check_size(image.width, image.height)
            deep = tags.bits > 8 if tags is not None else _is_deep(image)
            taken = take_orientation(image)
            orientation = taken if tags is None else orientation
            with naming_large_page((image.height, image.width)):
                return _turned(_pixels(image, source if deep else None, tags, notes), orientation, notes)
    except UnidentifiedImageError:
        # OpenCV is asked for no other format: it would make up what Pillow found missing.
        opens = tags is not None or read_head(page.path).startswith(OPENCV_SIGNATURES)
        pixels = read_deep(source, tags, notes) if opens else None
        if pixels is None:
            raise
        _check_size(pixels.shape[1], pixels.shape[0])
        return _turned(pixels, orientation, notes)


def _turned(pixels: NDArray[np.uint8], orientation: int, notes: list[str]) -> NDArray[np.uint8]:
    if orientation == UPRIGHT:
        return pixels
    notes.append(f"turned as its EXIF orientation {orientation} says")
    return turn_upright(pixels, orientation)


def _tags(page: PageFile) -> TiffImage | None:
    """What the tags of a TIFF image say; None for other formats."""
    if not read_head(page.path).startswith(TIFF_SIGNATURES):
        return None
    return next((image for image in tiff_images(page.path) if image.frame == page.frame), TiffImage(page.frame))


def _pixels(
    image: Image.Image, deep: Path | bytes | None, tags: TiffImage | None, notes: list[str]
) -> NDArray[np.uint8]:
    """The pixels of an opened image as they lie in its file; `deep` is the file if its samples have over 8 bits."""
    image.load()
    if image.mode.startswith(("I", "F")):
        return _gray(image, tags, notes)
    if deep is not None and image.mode in ("RGB", "RGBA", "RGBX", "LA"):
        said: list[str] = []
        pixels = read_deep(deep, tags, said)
        if pixels is not None and pixels.shape[:2] == (image.height, image.width):
            notes += said
            return pixels
    return to_srgb(image, notes)


def _is_deep(image: Image.Image) -> bool:
    """Whether samples have 16 bits, as Pillow's raw modes say: "RGB;16B"."""
    return any(";16" in str(tile.args) for tile in getattr(image, "tile", ()))


def _gray(image: Image.Image, tags: TiffImage | None, notes: list[str]) -> NDArray[np.uint8]:
    """Gray of more than 8 bits."""
    samples = np.asarray(image)
    notes.append(scaled_note(samples.dtype))
    gray = to_eight_bits(samples, tags.maximum if tags else None)
    if tags is not None and tags.photometric == WHITE_IS_ZERO:
        gray = WHITE - gray
    seen_through = image.info.get("transparency")
    if isinstance(seen_through, int):
        alpha = np.where(samples == seen_through, 0, WHITE).astype(np.uint8)
        return lay_on_white(np.repeat(gray[..., None], 3, axis=2), alpha, notes)
    shades = Image.fromarray(gray)
    shades.info = {key: value for key, value in image.info.items() if key == "icc_profile"}
    return to_srgb(shades, notes)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise PageReadError(f"{width} x {height} pixels: scale it below {MAX_PIXELS}")
