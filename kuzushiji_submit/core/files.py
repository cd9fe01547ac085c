"""Files appear whole or not at all: written beside their place under a temporary name, then renamed onto it."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from kuzushiji_submit.core.errors import OutputError


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
