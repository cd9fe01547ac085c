"""Temporary folders that nobody is left with: gone when their block ends, or at the next start if they were killed.

```
kuzushiji-kaggle-3fa1/       made in the temporary directory, or beside what is written
    lock                     held (flock) as long as its process lives, and no longer, however it ends
    content/                 what the block works with
```

A folder whose lock nobody holds is abandoned. Process numbers would not tell: containers share folders, not numbers.
"""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from importlib.util import find_spec
from pathlib import Path

# Windows has no such locks; what is open cannot be deleted there, which tells the same.
HAS_LOCKS = find_spec("fcntl") is not None
if HAS_LOCKS:
    import fcntl

PREFIX = "kuzushiji-"
LOCK = "lock"
CONTENT = "content"
_BESIDE = re.compile(r"\..+\.\d+\.tmp", re.DOTALL)
_MOMENT = 10.0  # seconds: far more than lie between the making of a folder and that of its lock


@contextmanager
def scratch_folder(purpose: str, inside: Path | None = None) -> Iterator[Path]:
    """An empty folder for as long as the block lasts.

    Args:
        purpose: a word for its name.
        inside: the folder to make it in; None for the system's temporary directory.

    Raises:
        OSError: if it cannot be made.
    """
    where = Path(tempfile.gettempdir()) if inside is None else inside
    sweep(where, f"{PREFIX}{purpose}-")
    descriptor = None
    while descriptor is None:
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-", dir=where))  # noqa: TID251
        descriptor = _take(folder)
    with _held(folder, descriptor) as content:
        yield content


@contextmanager
def folder_beside(path: Path) -> Iterator[Path]:
    """An empty folder on the same disk as a file, to write its successor in; what a killed one left is cleared.

    Raises:
        OSError: if it cannot be made.
    """
    with _held(*_make_beside(path)) as content:
        yield content


def _make_beside(path: Path) -> tuple[Path, int]:
    """A new folder beside a file, and its lock."""
    # Not by chance: the next writer of this file finds what was left without looking through its folder.
    for number in range(1000):
        folder = path.with_name(f"{_start_of_name(path)}{number}.tmp")
        if _remove_if_abandoned(folder):
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                descriptor = _take(folder)
                if descriptor is not None:
                    return folder, descriptor
    raise FileExistsError(f"{folder} and all before are in use")


def is_left_behind(path: Path) -> bool:
    """Whether a path is called as what is made beside files (see `folder_beside`)."""
    return _BESIDE.fullmatch(path.name) is not None


def sweep_beside(folder: Path) -> None:
    """Removes what killed processes left in a folder of files that they wrote (see `folder_beside`)."""
    with suppress(OSError):
        for path in list(folder.iterdir()):
            # One that was killed at once left no lock, but nothing of anybody else's either.
            if is_left_behind(path) and path.is_dir() and {entry.name for entry in path.iterdir()} <= {LOCK, CONTENT}:
                _remove_if_abandoned(path)


def sweep(where: Path | None = None, start: str = PREFIX, end: str = "") -> None:
    """Removes what killed processes left.

    Args:
        where: the folder that is looked through; None for the system's temporary directory.
        start: what the names of temporary folders begin with.
        end: what they end with.
    """
    with suppress(OSError), os.scandir(where or tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(start) and entry.name.endswith(end) and Path(entry.path, LOCK).is_file():
                _remove_if_abandoned(Path(entry.path))


def _start_of_name(path: Path) -> str:
    """A dot and the file's name, cut to what a name may have with an ending: 255 bytes on most disks."""
    name = os.fsencode(path.name)
    return f".{path.name if len(name) <= 240 else os.fsdecode(name[:200])}."


def _take(folder: Path) -> int | None:
    """The open lock of a folder that this process made; None where another took it for abandoned in between."""
    descriptor = -1
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        if not HAS_LOCKS or (_lock(descriptor) is not _Lock.TAKEN and _same_file(descriptor, folder / LOCK)):
            return descriptor
    except FileNotFoundError:
        pass
    except BaseException:
        _remove(folder, descriptor)
        raise
    if descriptor >= 0:
        os.close(descriptor)
    return None


@contextmanager
def _held(folder: Path, descriptor: int) -> Iterator[Path]:
    try:
        content = folder / CONTENT
        content.mkdir()
        yield content
    finally:
        _remove(folder, descriptor)


def _remove(folder: Path, descriptor: int) -> None:
    """Removes a folder whose lock is held, or was never made (-1)."""
    # Held to the end, so that nobody makes it anew in between; but Windows removes nothing that is open.
    if not HAS_LOCKS and descriptor >= 0:
        os.close(descriptor)
    shutil.rmtree(folder, ignore_errors=True)
    if HAS_LOCKS and descriptor >= 0:
        os.close(descriptor)


class _Lock(Enum):
    """What becomes of an attempt to take a lock."""

    OURS = "ours"
    TAKEN = "another process has it"
    UNKNOWN = "the disk knows no locks"


def _lock(descriptor: int) -> _Lock:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _Lock.TAKEN
    except OSError:
        return _Lock.UNKNOWN
    return _Lock.OURS


def _remove_if_abandoned(folder: Path) -> bool:
    """Whether the place is free now: nothing was there, or what a dead process left."""
    lock = folder / LOCK
    try:
        if not HAS_LOCKS:
            lock.unlink()  # refused while a process has it open
            descriptor = -1
        else:
            # One without a lock was left by a process that was killed at that moment, or is being made. In both cases
            # it belongs to whoever takes the lock first; a maker who comes second makes another one (`_take`).
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        if not HAS_LOCKS and folder.is_dir() and time.time() - folder.stat().st_mtime > _MOMENT:
            _remove(folder, -1)
        return not folder.exists()
    except OSError:
        return False
    # Another process may have removed it and made it anew since it was opened.
    if HAS_LOCKS and not (_lock(descriptor) is _Lock.OURS and _same_file(descriptor, lock)):
        os.close(descriptor)
        return False
    _remove(folder, descriptor)
    return not folder.exists()


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
