"""Page images in files: which file, which of the images in it, and what id that has."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kuzushiji_submit.core.page.image_formats import TIFF_SIGNATURES, is_pdf, read_head
from kuzushiji_submit.core.page.pdf import count_pages
from kuzushiji_submit.core.page.tiff import tiff_images

Half = Literal["", "1r", "2l"]
"""Which leaf of an open book: the right one, which is read first, the left one, or all there is."""


@dataclass(frozen=True, order=True)
class PageFile:
    """Where a page's image is.

    Attributes:
        path: the file.
        frame: which of the images in it, from 0, previews and masks counted.
        number: which page of the file, from 1; 0 where the file has only one.
        folder: the folders above it as they stand in its id, such as "vol1/scans"; empty for none.
        half: which leaf of the image, where an open book is read as two pages.
    """

    path: Path
    frame: int = 0
    number: int = 0
    folder: str = ""
    half: Half = ""

    @property
    def image_id(self) -> str:
        """The file's `image_id_of` behind its folders, `_p0003` behind it for the third of several pages.

        ```
        vol1/scans/001             vol1/book_p0003             vol1/book_p0003_1r
        ```
        """
        name = image_id_of(self.path)
        name = f"{_as_text(self.folder)}/{name}" if self.folder else name
        name = f"{name}_p{self.number:04d}" if self.number else name
        return f"{name}_{self.half}" if self.half else name

    @property
    def name(self) -> str:
        """The file's name behind its folders: "vol1/scans/001.tif"."""
        return f"{self.folder}/{self.path.name}" if self.folder else self.path.name

    def __str__(self) -> str:
        return f"{self.path}, page {self.number}" if self.number else str(self.path)


def image_id_of(path: Path) -> str:
    r"""The id of a page image: the file's name without its suffix.

    Bytes that are no UTF-8, as in Shift-JIS names out of old archives, are spelled out ("\x83y_1"), so that the id
    can be written and read again.
    """
    return _as_text(path.stem)


def _as_text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def pages_of_file(path: Path, head: bytes | None = None, folder: str = "") -> list[PageFile]:
    """The pages in an image file: one, but for PDF and TIFF files with several.

    Args:
        path: the file.
        head: its first bytes, where they were read already.
        folder: see `PageFile`.
    """
    head = read_head(path) if head is None else head
    if is_pdf(head):
        frames = list(range(count_pages(path)))
    elif head.startswith(TIFF_SIGNATURES):
        frames = [image.frame for image in tiff_images(path) if image.is_page]
    else:
        frames = []
    if len(frames) < 2:
        return [PageFile(path, frames[0] if frames else 0, folder=folder)]
    return [PageFile(path, frame, number, folder) for number, frame in enumerate(frames, 1)]
