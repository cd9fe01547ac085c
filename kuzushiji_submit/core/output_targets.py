"""Where a path that is to be written leads: a file, a device or pipe, or a stream that is open already."""

import os
import stat
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

if find_spec("fcntl"):  # not on Windows
    import fcntl

STDOUT = Path("-")
"""Stands for standard output where one text comes out."""

_DESCRIPTORS = ("/dev/fd", "/proc/self/fd", f"/proc/{os.getpid()}/fd")
_MOST_LINKS = 40  # as many as Linux follows


@dataclass(frozen=True)
class Target:
    """Where a path leads, its links followed.

    ```
    out.csv, link to it      file, and what is known of it if it is there
    /dev/null, a pipe        no file, no descriptor: opened and written straight
    -, /dev/stdout, >(...)   the descriptor of an open stream
    ```

    Attributes:
        path: as it was named.
        file: the regular file that is or will be there, behind all links; None for anything else.
        before: of the file that is there; None if there is none yet.
        descriptor: of the open stream, None for anything else.
    """

    path: Path
    file: Path | None = None
    before: os.stat_result | None = None
    descriptor: int | None = None

    def check(self) -> None:
        """Finds out whether it can be written, as far as that shows without writing.

        Raises:
            OSError: if it cannot.
        """
        if self.descriptor is not None:
            if find_spec("fcntl") and fcntl.fcntl(self.descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
                raise OSError(0, "it is closed, or open for reading only")
        elif (self.file is None or self.before is not None) and not os.access(self.path, os.W_OK):
            raise PermissionError(0, "it is write-protected")


def find_target(path: Path) -> Target:
    """Follows a path.

    Raises:
        OSError: if links go round in a circle, a folder on the way cannot be entered, or it is a folder.
    """
    descriptor = 1 if path == STDOUT else _descriptor_of(path)
    if descriptor is not None:
        return Target(path, descriptor=descriptor)
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return Target(path, Path(os.path.realpath(path)))
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(0, "it is a folder")
    if stat.S_ISREG(status.st_mode):
        return Target(path, Path(os.path.realpath(path)), status)
    return Target(path)


def is_file(path: Path) -> bool:
    """Whether a path leads to a regular file, there or not, so that others can lie beside it."""
    try:
        return find_target(path).file is not None
    except OSError:
        return True


def leads_to_stdout(path: Path | None) -> bool:
    """Whether what is written to a path comes out of standard output."""
    return path is not None and (path == STDOUT or _descriptor_of(path) == 1)


def _descriptor_of(path: Path) -> int | None:
    """The number behind /dev/stdout, /dev/fd/63 and links to such; a file opened anew would begin at its start."""
    place = os.path.abspath(path)
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(place)
        if folder in _DESCRIPTORS and name.isdecimal():
            return int(name)
        if not os.path.islink(place):
            return None
        place = os.path.normpath(os.path.join(folder, os.readlink(place)))
    return None
