"""What is a page image and what is not: by the file's content, and where that is damaged by its ending."""

import logging
import warnings
from functools import cache
from pathlib import Path

from PIL import Image

logger = logging.getLogger(__name__)

# Formats that Pillow only knows the names of, or hands to another program (EPS to Ghostscript): no pixels come of them.
NOT_DECODED = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"})
# Formats without a signature: Pillow takes many a file for one of them, so they are believed where the ending says so.
GUESSED = frozenset({"CUR", "DIB", "IM", "IMT", "IPTC", "MCIDAS", "PCD", "SPIDER", "TGA", "XVTHUMB"})
# What only OpenCV decodes (Radiance HDR, and PAM of Netpbm): how such files begin, and their endings.
OPENCV_SIGNATURES = (b"#?RADIANCE", b"#?RGBE", b"P7\n")
OPENCV_SUFFIXES = frozenset({".hdr", ".pic", ".pam", ".pxm"})

TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PDF_SIGNATURE = b"%PDF"
LFS_SIGNATURE = b"version https://git-lfs.github.com/spec/"
OTHERS = {
    PDF_SIGNATURE: "a PDF file: pip install 'kuzushiji-submit[pdf]' to read its pages",
    b"PK\3\4": "a zip archive: unpack it",
    b"\x1f\x8b": "a gzip archive: unpack it",
    LFS_SIGNATURE: "a Git LFS pointer and not the file itself: run `git lfs pull`",
}
HEAD_BYTES = 64


@cache
def readable_formats() -> tuple[str, ...]:
    """The names of all formats that Pillow decodes here, those of its plugins included."""
    Image.init()
    return tuple(sorted(set(Image.OPEN) - NOT_DECODED))


@cache
def image_suffixes() -> frozenset[str]:
    """The endings that page images have, in lower case, with the dot."""
    Image.init()
    formats = {*readable_formats(), "MPO"}
    known = {suffix for suffix, name in Image.registered_extensions().items() if name in formats}
    return frozenset(known | OPENCV_SUFFIXES)


def read_head(path: Path) -> bytes:
    """The first bytes of a file, none where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except OSError:
        return b""


def is_pdf(head: bytes) -> bool:
    """Whether a file that begins like this is a PDF file."""
    return head.startswith(PDF_SIGNATURE)


def is_image(path: Path, head: bytes) -> bool:
    """Whether a file is a page image, or its ending says that it should be one.

    Args:
        path: a regular file.
        head: its first bytes, see `read_head`.
    """
    if path.suffix.lower() in image_suffixes() or head.startswith((*OPENCV_SIGNATURES, *TIFF_SIGNATURES)):
        return True
    signed = [name for name in readable_formats() if name not in GUESSED]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=signed):
                return True
    except Image.DecompressionBombError:
        return True  # far too large, and an image
    except Exception as error:
        logger.debug("%s: %r", path, error, exc_info=True)
        return False


def describe_other(head: bytes) -> str:
    """What a file is that is no image, and what to do about it; empty where its beginning does not tell."""
    return next((what for signature, what in OTHERS.items() if head.startswith(signature)), "")
