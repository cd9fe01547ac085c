"""Files appear whole or not at all: written beside their place under a temporary name, then renamed onto it."""

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from kuzushiji_submit.core.errors import OutputError

LONGEST_NAME = 255
"""Bytes that a file's name may have on the usual file systems."""


def fit_name(stem: str, suffix: str) -> str:
    """A file's name; of one that file systems refuse for its length the end gives way to digits made of the whole.

    Args:
        stem: the name without its ending, such as one made of an image_id, which may be as long as a name can be.
        suffix: the ending, with its dot.
    """
    if len(os.fsencode(stem + suffix)) <= LONGEST_NAME:
        return stem + suffix
    ending = f"-{hashlib.sha256(os.fsencode(stem)).hexdigest()[:10]}{suffix}"
    kept = os.fsencode(stem)[: LONGEST_NAME - len(os.fsencode(ending))].decode("utf-8", "ignore")
    return kept + ending


@contextmanager
def replacing(path: Path, *, make_folder: bool = False) -> Iterator[Path]:
    """A temporary path beside `path`, moved onto it when the block ends without an exception, removed otherwise.

    For libraries that write to a path themselves; `atomic_text` and `atomic_binary` give an open file.

    Args:
        path: the file.
        make_folder: whether its folder is made if missing; otherwise a folder that is gone is an error.

    Raises:
        OutputError: if the folder cannot be made or the file cannot be written (no space, no permission); `path` then
            still holds what it held before.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}): free space or name another place"
        ) from error


@contextmanager
def naming_full_disk(place: Path, need: int = 0, again: str = "run again") -> Iterator[None]:
    """Turns "no space left on device" into an error that says where, and how much is missing; other errors pass.

    Args:
        place: the file or folder that is written in the block.
        need: bytes that are to be written, where that is known.
        again: what to do once there is room.

    Raises:
        OutputError: if the disk or the quota is full.
    """
    try:
        yield
    except (OSError, OutputError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not _is_full_disk(cause):
            raise
        wanted = f" for {_in_megabytes(need)}" if need else ""
        raise OutputError(
            f"{place}: no space left on the disk{wanted} ({_in_megabytes(_free_bytes(place))} are free): free space or "
            f"name another place, then {again}; what was written before is whole"
        ) from error


def _is_full_disk(error: BaseException | None) -> bool:
    if not isinstance(error, OSError):
        return False
    # NumPy says "96 requested and 0 written", without a number.
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or (error.errno is None and "requested and" in str(error))


def _free_bytes(place: Path) -> int:
    present = next((path for path in (place, *place.parents) if path.exists()), Path.cwd())
    return shutil.disk_usage(present).free


def _in_megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


@contextmanager
def atomic_text(path: Path) -> Iterator[TextIO]:
    """Opens a UTF-8 text file with Unix line ends that replaces `path` when the block ends without an exception.

    Raises:
        OutputError: as `replacing`.
    """
    with (
        replacing(path, make_folder=True) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as stream,
    ):
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def atomic_binary(path: Path) -> Iterator[BinaryIO]:
    """Opens a binary file that replaces `path` when the block ends without an exception.

    Raises:
        OutputError: as `replacing`.
    """
    with replacing(path, make_folder=True) as temporary, temporary.open("wb") as stream:
        yield stream


def atomic_bytes(path: Path, content: bytes, *, make_folder: bool = True) -> None:
    """Writes a binary file, such as an image that was encoded in memory.

    Args:
        path: the file.
        content: what it shall hold.
        make_folder: False where a folder that is gone is an error.

    Raises:
        OutputError: as `replacing`.
    """
    with replacing(path, make_folder=make_folder) as temporary:
        temporary.write_bytes(content)


def try_file(path: Path, option: str, example: str) -> None:
    """Finds out before long work whether a file can be written at its end; nothing that is there changes.

    Args:
        path: the file that will be written.
        option: how the user named it, such as "--out".
        example: a name for such a file, for the error that says a folder was named.

    Raises:
        OutputError: if it is a folder, or no file can be made in its folder.
    """
    if path.is_dir():
        raise OutputError(f"{option} {path}: is a folder: name a file, such as {path / example}")
    try_folder(path.parent, option)


def try_folder(path: Path, option: str) -> None:
    """Finds out before long work whether files can be made in a folder, which is made if missing.

    Args:
        path: the folder.
        option: how the user named it or a file in it.

    Raises:
        OutputError: if it is a file, or cannot be made or written.
    """
    for place in (path, *path.parents):
        if place.exists():
            if not place.is_dir():
                raise OutputError(f"{option}: {place} is a file, not a folder: name a place in a folder")
            break
    try:
        path.mkdir(parents=True, exist_ok=True)
        trial = path / f".{uuid.uuid4().hex[:8]}.tmp"
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise OutputError(
            f"{option}: no file can be made in {path} ({error.strerror or error}): name another place"
        ) from error
