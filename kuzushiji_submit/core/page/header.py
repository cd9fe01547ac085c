"""The size of a page image as its file's first bytes say it, without decoding the pixels."""

import logging
import warnings

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page.image_formats import is_pdf, read_head, readable_formats
from kuzushiji_submit.core.page.orientation import UPRIGHT, take_orientation
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.pdf import pdf_page_hw
from kuzushiji_submit.core.page.tiff import tiff_images

logger = logging.getLogger(__name__)

_WIDTH, _LENGTH = 256, 257
_ON_ITS_SIDE = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""


def header_size_hw(file: PageFile) -> tuple[int, int] | None:
    """Height and width of the page that reading the file gives, or None where only decoding it tells."""
    head = read_head(file.path)
    try:
        if is_pdf(head):
            return pdf_page_hw(file.path, file.frame)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file.path, formats=readable_formats()) as image:
                if file.frame:
                    image.seek(file.frame)
                width, height = image.size
                orientation = take_orientation(image)
                if isinstance(image, TiffImageFile):  # whose size some versions of Pillow turn, and some do not
                    width, height = image.tag_v2[_WIDTH], image.tag_v2[_LENGTH]
                    tags = (tags for tags in tiff_images(file.path) if tags.frame == file.frame)
                    orientation = next((found.orientation for found in tags), UPRIGHT)
    except PageReadError:
        return None
    except Exception as error:  # whatever a damaged file makes of a decoder: reading it says what is wrong
        logger.debug("%s: %r", file, error, exc_info=True)
        return None
    return (int(width), int(height)) if orientation in _ON_ITS_SIDE else (int(height), int(width))
