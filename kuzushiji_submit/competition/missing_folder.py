"""What stands where a folder of page images should be, and what to do about it."""

import os
import zipfile
from pathlib import Path

from kuzushiji_submit.core.page.image_formats import describe_other, is_pdf, read_head
from kuzushiji_submit.core.page.page_folder import LIST_SUFFIXES

_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".lzh")


def explain_no_folder(path: Path) -> str:
    """Why a path is neither a folder of pages nor a page, and what to do.

    Args:
        path: what was named; no folder, and no image.
    """
    if path.is_file():
        if path.suffix.lower() in _ARCHIVES or zipfile.is_zipfile(path):
            return f"is an archive: {_unpack(path)}, and name the folder"
        listed = ", and no text file that lists any" if path.suffix.lower() in LIST_SUFFIXES else ""
        return describe_other(read_head(path)) or f"not an image{listed}: name an image or a folder of images"
    if path.exists():
        return "neither a file nor a folder: name an image or a folder of images"
    archive = _archive_of(path)
    if archive is not None:
        return f"no such folder, but {archive.name} is there: {_unpack(archive)}"
    for meant in (str(path).replace("\\", "/"), os.path.expanduser(path)):
        if meant != str(path) and Path(meant).is_dir():
            return f"no such folder: did you mean {meant}?"
    return "no such folder: check the path"


def explain_no_images(folder: Path) -> str:
    """Why a folder that is there holds no pages, and what to do.

    Args:
        folder: the folder.
    """
    for path in (found for found in sorted(folder.iterdir()) if found.is_file()):
        if path.suffix.lower() in _ARCHIVES:
            return f"holds no page image, but {path.name}: {_unpack(path)}"
        if is_pdf(head := read_head(path)):
            return f"holds no page image, but {path.name}: {describe_other(head)}"
    return "holds no page image, nor do the folders in it: name the folder of the pages, or one of them"


def _archive_of(path: Path) -> Path | None:
    beside = (path.with_name(f"{path.name}{suffix}") for suffix in _ARCHIVES) if path.name else ()
    return next((archive for archive in beside if archive.is_file()), None)


def _unpack(archive: Path) -> str:
    if archive.suffix.lower() != ".zip":
        return "unpack it"
    return f"unpack it, as with `unzip {archive.name} -d {archive.stem}`"
