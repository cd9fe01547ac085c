"""Unpacks the competition's archive and the archives in it, going on where an earlier try was stopped.

A member is skipped if a file of its size and CRC-32 is there; a different file of its name is kept under another one.
"""

import logging
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.core.files import atomic_binary
from kuzushiji_submit.core.progress import counter
from kuzushiji_submit.core.scratch import sweep_beside

_BLOCK = 1 << 20  # bytes read at a time

logger = logging.getLogger(__name__)


def unpack(archive: Path, folder: Path) -> dict[str, int]:
    """Unpacks an archive into a folder; "train_images.zip" in it goes into the subfolder "train_images".

    Archives inside are read in place, so that the disk never holds them as well.

    Args:
        archive: a zip file.
        folder: where to.

    Returns:
        size in bytes of every file unpacked or found unpacked, by its path below `folder`.

    Raises:
        CompetitionFileError: if the archive is damaged or a name in it leads out of the folder.
        OutputError: if a file cannot be written.
    """
    sizes: dict[str, int] = {}
    with _damage_named(archive), zipfile.ZipFile(archive) as outer:
        for info in _files(outer):
            if PurePosixPath(info.filename).suffix.lower() == ".zip":
                name = PurePosixPath(_safe(info.filename)).with_suffix("")
                with outer.open(info) as stream, zipfile.ZipFile(stream) as inner:
                    sizes |= _unpack_members(inner, _files(inner), folder, str(name))
            else:
                sizes |= _unpack_members(outer, [info], folder, "")
    for parent in {(folder / name).parent for name in sizes}:
        sweep_beside(parent)
    return sizes


def set_aside(path: Path) -> None:
    """Renames a file that is in the way, so that nothing is lost: "a.csv" to "a.csv.bak", "a.csv.bak2" and so on."""
    number = 1
    while (aside := path.with_name(f"{path.name}.bak{number if number > 1 else ''}")).exists():
        number += 1
    path.rename(aside)
    logger.warning("%s: differs from the competition's: kept as %s", path, aside.name)


@contextmanager
def _damage_named(archive: Path) -> Iterator[None]:
    try:
        yield
    # RuntimeError: a member that needs a password; NotImplementedError, its subclass: an unknown compression.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise CompetitionFileError(
            f"{archive}: cannot be unpacked ({error}): delete it and run the same command again"
        ) from error


def _files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [info for info in archive.infolist() if not info.is_dir()]


def _unpack_members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path, subfolder: str
) -> dict[str, int]:
    """Unpacks members below folder/subfolder, without doubling that subfolder if all their names start with it."""
    doubled = bool(subfolder) and all(info.filename.startswith(f"{subfolder}/") for info in members)
    prefix = f"{subfolder}/" if subfolder and not doubled else ""
    names = {info: prefix + _safe(info.filename) for info in members}
    total = sum(info.file_size for info in members)
    with counter(subfolder or names[members[0]], total, unit="B", unit_scale=True) as bar:
        for info in members:
            _unpack_one(archive, info, folder / names[info])
            bar.update(info.file_size)
    return {names[info]: info.file_size for info in members}


def _safe(name: str) -> str:
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or name.startswith("/") or re.search(r"[\\:\0]", name):
        raise CompetitionFileError(f"the archive holds {name!r}, which leads out of the folder: not unpacked")
    return "/".join(parts)


def _unpack_one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    if path.exists():
        if path.is_file() and path.stat().st_size == info.file_size and _crc(path) == info.CRC:
            return
        set_aside(path)
    # Reading a member to its end compares its CRC-32.
    with archive.open(info) as source, atomic_binary(path) as target:
        while block := source.read(_BLOCK):
            target.write(block)


def _crc(path: Path) -> int:
    value = 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            value = zlib.crc32(block, value)
    return value
