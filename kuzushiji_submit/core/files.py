"""Files appear whole or not at all: written beside their place, then renamed onto it."""

import errno
import hashlib
import os
import shutil
import stat
import sys
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.core.output_targets import Target, find_target
from kuzushiji_submit.core.scratch import folder_beside, scratch_folder

LONGEST_NAME = 255
"""Bytes that a file's name may have on the usual file systems."""


def fit_name(stem: str, suffix: str) -> str:
    """A file's name; one that no file can have gets digits made of the whole, and so remains distinct.

    Args:
        stem: the name without its ending, such as one made of an image_id, which may be as long as a name can be and
            may have folders before it.
        suffix: the ending, with its dot.
    """
    flat = stem.replace("/", "_").replace(os.sep, "_")
    if flat == stem and stem not in (".", "..") and len(os.fsencode(stem + suffix)) <= LONGEST_NAME:
        return stem + suffix
    ending = f"-{hashlib.sha256(os.fsencode(stem)).hexdigest()[:10]}{suffix}"
    kept = os.fsencode(flat)[: LONGEST_NAME - len(os.fsencode(ending))].decode("utf-8", "ignore")
    return kept + ending


def fit_path(stem: str, suffix: str) -> Path:
    """As `fit_name`, with the folders before a name kept as folders: a file of "vol1/001" lies in "vol1".

    No part of it leads out of the folder that it is put in.
    """
    folders, _, name = stem.rpartition("/")
    parts = folders.split("/") if folders else []
    if not all(part and not part.startswith(".") and len(os.fsencode(part)) <= LONGEST_NAME for part in parts):
        return Path(fit_name(stem, suffix))
    return Path(*parts, fit_name(name, suffix))


@contextmanager
def replacing(path: Path, *, make_folder: bool = False) -> Iterator[Path]:
    """A temporary path of the same name, moved onto `path` when the block ends without an exception, else removed.

    For libraries that write to a path themselves; `atomic_text` and `atomic_binary` give an open file. Links are
    followed. A file that is there keeps its owner, mode and hard links; where a new one cannot take these over, or not
    take its place, it is overwritten once the new content is complete. Anything else than a file (a device, a pipe, an
    open stream) is written to at the block's end.

    Args:
        path: the file.
        make_folder: whether its folder is made if missing; otherwise a folder that is gone is an error.

    Raises:
        OutputError: if the folder cannot be made or the file cannot be written (no space, no permission); `path` then
            still holds what it held before.
        BrokenPipeError: if nobody reads the pipe it leads to any more.
    """
    try:
        target = find_target(path)
        target.check()
        if make_folder and target.file is not None:
            target.file.parent.mkdir(parents=True, exist_ok=True)
        with _place_to_write(target) as folder:
            temporary = folder / (target.file or path).name
            yield temporary
            _deliver(temporary, target)
    except BrokenPipeError:  # the reader of standard output left, as `| head` does: nobody needs to be told
        raise
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}): free space or name another place"
        ) from error


def _place_to_write(target: Target) -> AbstractContextManager[Path]:
    if target.file is None or (target.before is not None and not os.access(target.file.parent, os.W_OK)):
        return scratch_folder("output")
    return folder_beside(target.file)


def _deliver(temporary: Path, target: Target) -> None:
    if target.file is None:
        with temporary.open("rb") as source, _open_stream(target) as stream:
            shutil.copyfileobj(source, stream)
    elif target.before is None or _takes_over(temporary, target.before):
        try:
            temporary.replace(target.file)
        except OSError as error:
            # A file that a container mounts, or in a folder without the right to write.
            if target.before is None or error.errno not in (errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM):
                raise
            _overwrite(target.file, temporary)
    else:
        _overwrite(target.file, temporary)


def _open_stream(target: Target) -> AbstractContextManager[BinaryIO]:
    if target.descriptor is None:
        return target.path.open("wb")
    if target.descriptor == 1:
        # What was printed before comes first; and tests put something else in its place.
        sys.stdout.flush()
        return _flushed(sys.stdout.buffer)
    return os.fdopen(os.dup(target.descriptor), "wb")


@contextmanager
def _flushed(stream: BinaryIO) -> Iterator[BinaryIO]:
    yield stream
    stream.flush()


def _takes_over(temporary: Path, before: os.stat_result) -> bool:
    """Gives a new file the old one's owner and mode; False if it cannot have them, or there are further hard links."""
    if before.st_nlink > 1:
        return False
    status = temporary.stat()
    if (status.st_uid, status.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.chown(temporary, before.st_uid, before.st_gid)
        except OSError:
            return False
    temporary.chmod(stat.S_IMODE(before.st_mode))
    return True


def _overwrite(file: Path, temporary: Path) -> None:
    """Writes into the file that is there; where the disk has no room for more, it stays as it is."""
    with temporary.open("rb") as source, file.open("r+b") as stream:
        size, before = os.fstat(source.fileno()).st_size, os.fstat(stream.fileno()).st_size
        if size > before and hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(stream.fileno(), before, size - before)
            except OSError as error:
                stream.truncate(before)
                if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                    raise
        shutil.copyfileobj(source, stream)
        stream.truncate(size)
        stream.flush()
        os.fsync(stream.fileno())


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
        if not is_full_disk(cause):
            raise
        wanted = f" for {_in_megabytes(need)}" if need else ""
        raise OutputError(
            f"{place}: no space left on the disk{wanted} ({_in_megabytes(_free_bytes(place))} are free): free space or "
            f"name another place, then {again}; what was written before is whole"
        ) from error


def is_full_disk(error: BaseException | None) -> bool:
    """Whether an error says that the disk, or one's share of it, is full."""
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
    r"""Opens a UTF-8 text file with Unix line ends that replaces `path` when the block ends without an exception.

    Names of files may hold bytes that are no text: they appear as \udc83 and the like, which JSON reads back.

    It is down on the disk before it takes its place.

    Raises:
        OutputError: as `replacing`.
    """
    with (
        replacing(path, make_folder=True) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream,
    ):
        yield stream
        _write_down(stream)


@contextmanager
def atomic_binary(path: Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """Opens a binary file that replaces `path` when the block ends without an exception.

    Args:
        path: the file.
        durable: whether it is down on the disk before it takes its place, so that a power cut leaves the old file or
            the new one: for what took long to make, not for thousands of images.

    Raises:
        OutputError: as `replacing`.
    """
    with replacing(path, make_folder=True) as temporary, temporary.open("wb") as stream:
        yield stream
        if durable:
            _write_down(stream)


def _write_down(stream: TextIO | BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


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
    refuse_long_name(path, option)
    if path.is_dir():
        raise OutputError(f"{option} {path}: is a folder: name a file, such as {path / example}")
    try:
        target = find_target(path)
        target.check()
    except OSError as error:
        if isinstance(error, NotADirectoryError):
            try_folder(path.parent, option)  # says which part of the path is a file
        raise OutputError(f"{option} {path}: cannot be written ({error.strerror}): name another place") from error
    if target.file is not None and (target.before is None or os.access(target.file.parent, os.W_OK)):
        try_folder(target.file.parent, option)


def try_folder(path: Path, option: str) -> None:
    """Finds out before long work whether files can be made in a folder, which is made if missing.

    Args:
        path: the folder.
        option: how the user named it or a file in it.

    Raises:
        OutputError: if it is a file, or cannot be made or written.
    """
    refuse_long_name(path, option)
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


def refuse_long_name(path: Path, option: str) -> None:
    """Finds out whether a path is longer than the disk takes, there or not; the rest is for who opens it.

    Args:
        path: any path.
        option: how the user named it.

    Raises:
        OutputError: if it is.
    """
    try:
        os.lstat(path)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            longest = max(len(os.fsencode(part)) for part in path.parts)
            what = f"a name of {longest} bytes" if longest > LONGEST_NAME else f"{len(os.fsencode(path))} bytes"
            raise OutputError(f"{option}: the path is too long ({what}): choose a shorter one than {path}") from None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
