"""What stands where a folder of page images should be, and what to do about it."""

import os
import zipfile
from pathlib import Path

_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".lzh")


def explain_no_folder(path: Path) -> str:
    """Why a path is no folder of pages, and what to do.

    Args:
        path: what was named; no folder.
    """
    if path.is_file():
        if path.suffix.lower() in _ARCHIVES or zipfile.is_zipfile(path):
            return f"is an archive: {_unpack(path)}, and name the folder"
        return "is a file, not a folder: name the folder that it lies in"
    archive = _archive_of(path)
    if archive is not None:
        return f"no such folder, but {archive.name} is there: {_unpack(archive)}"
    for meant in (str(path).replace("\\", "/"), os.path.expanduser(path)):
        if meant != str(path) and Path(meant).is_dir():
            return f"no such folder: did you mean {meant}?"
    return "no such folder: check the path"


def explain_no_images(folder: Path, suffixes: tuple[str, ...]) -> str:
    """Why a folder that is there holds no pages, and what to do.

    Args:
        folder: the folder.
        suffixes: the endings of page images.
    """
    entries = sorted(folder.iterdir())
    for path in entries:
        if path.is_dir() and any(inner.suffix.lower() in suffixes for inner in path.iterdir()):
            return f"holds no page image itself, but its folder {path.name} does: name {path}"
    for path in entries:
        if path.is_file() and path.suffix.lower() in _ARCHIVES:
            return f"holds no page image, but {path.name}: {_unpack(path)}"
    return f"holds no page image ({', '.join(suffixes)}): name the folder of the pages"


def _archive_of(path: Path) -> Path | None:
    beside = (path.with_name(f"{path.name}{suffix}") for suffix in _ARCHIVES) if path.name else ()
    return next((archive for archive in beside if archive.is_file()), None)


def _unpack(archive: Path) -> str:
    if archive.suffix.lower() != ".zip":
        return "unpack it"
    return f"unpack it, as with `unzip {archive.name} -d {archive.stem}`"
