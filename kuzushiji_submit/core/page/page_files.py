"""Page images among the files of a folder: which file, and which of the images in it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kuzushiji_submit.core.page.image_formats import TIFF_SIGNATURES, image_suffixes, is_image, read_head
from kuzushiji_submit.core.page.tiff import tiff_images

# What operating systems put into folders.
LITTER = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})


@dataclass(frozen=True, order=True)
class PageFile:
    """Where a page's image is.

    Attributes:
        path: the file.
        frame: which of the images in it, from 0, previews and masks counted.
        number: which page of the file, from 1; 0 where the file has only one.
    """

    path: Path
    frame: int = 0
    number: int = 0

    @property
    def image_id(self) -> str:
        """The file's `image_id_of`, with `_p0003` behind it for the third of several pages."""
        name = image_id_of(self.path)
        return f"{name}_p{self.number:04d}" if self.number else name

    def __str__(self) -> str:
        return f"{self.path}, page {self.number}" if self.number else str(self.path)


def image_id_of(path: Path) -> str:
    r"""The id of a page image: the file's name without its suffix.

    Bytes that are no UTF-8, as in Shift-JIS names out of old archives, are spelled out ("\x83y_1"), so that the id
    can be written and read again.
    """
    return os.fsencode(path.stem).decode("utf-8", "backslashreplace")


def pages_of_file(path: Path, head: bytes | None = None) -> list[PageFile]:
    """The pages in an image file: one, but for TIFF files with several.

    Args:
        path: the file.
        head: its first bytes, where they were read already.
    """
    head = read_head(path) if head is None else head
    if not head.startswith(TIFF_SIGNATURES):
        return [PageFile(path)]
    pages = [image for image in tiff_images(path) if image.is_page]
    if len(pages) < 2:
        return [PageFile(path, pages[0].frame if pages else 0)]
    return [PageFile(path, image.frame, number) for number, image in enumerate(pages, 1)]


@dataclass(frozen=True)
class FolderContent:
    """What lies in a folder of page images, hidden files and an operating system's litter left out.

    Attributes:
        pages: in the order of the files' names, and in each file's own order.
        others: files that are no images.
        folders: folders in it, which are not looked into.
    """

    pages: tuple[PageFile, ...] = ()
    others: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()


def look_through(folder: Path) -> FolderContent:
    """Looks at every file of a folder, or at a single file.

    Raises:
        OSError: if the folder cannot be listed.
    """
    pages: list[PageFile] = []
    others: list[Path] = []
    folders: list[Path] = []
    for path in _visible(folder):
        if path.is_dir():
            folders.append(path)
        elif not path.is_file() and not (path.is_symlink() and path.suffix.lower() in image_suffixes()):
            others.append(path)  # a pipe, a device: opening it could wait for ever
        elif is_image(path, head := read_head(path)):
            pages += pages_of_file(path, head)
        else:
            others.append(path)
    return FolderContent(tuple(pages), tuple(others), tuple(folders))


def _visible(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        yield folder
        return
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and path.name.lower() not in LITTER:
            yield path
