"""Files appear whole or not at all: written beside their place under a temporary name, then renamed onto it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from kuzushiji_submit.errors import OutputError


@contextmanager
def atomic_text(path: Path) -> Iterator[TextIO]:
    """Opens a UTF-8 text file with Unix line ends that replaces `path` when the block ends without an exception.

    Raises:
        OutputError: if the folder cannot be made or the file cannot be written (no space, no permission); `path` then
            still holds what it held before.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}): free space or name another place"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    # mkstemp makes files private; a result should get the mode any other new file of this user gets.
    mask = os.umask(0)
    os.umask(mask)
    return mask
