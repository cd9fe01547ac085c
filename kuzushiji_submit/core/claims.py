"""One process at a time writes to a place: two runs on one output would each undo what the other does."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.core.files import try_folder

HAS_LOCKS = find_spec("fcntl") is not None  # not on Windows
if HAS_LOCKS:
    import fcntl

PATIENCE = 10.0
"""Seconds: the loaders of a training that was killed notice it after five, and until then count as the training."""
_PAUSE = 0.2


def claim(descriptor: int, path: Path, patience: float = PATIENCE) -> None:
    """Takes an open file or folder for as long as it is open, however the process ends.

    Args:
        descriptor: of what is open.
        path: what it is called in the error.
        patience: seconds to wait for another process.

    Raises:
        OutputError: if another process has it. A disk that knows no locks lets everybody through.
    """
    until = time.monotonic() + patience
    while HAS_LOCKS:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise OutputError(
                    f"{path}: another process is writing there: wait for its end, or name another place"
                ) from None
            time.sleep(_PAUSE)
        except OSError:
            return
        else:
            return


@contextmanager
def sole_writer(folder: Path, option: str, patience: float = PATIENCE) -> Iterator[None]:
    """Claims a folder while the block lasts; one that is missing is made.

    The processes that a training starts beside itself (LOCAL_RANK) write to the folder of the first.

    Args:
        folder: the folder.
        option: how the user named it.
        patience: seconds to wait for another process.

    Raises:
        OutputError: if another process has it, or no file can be made in it.
    """
    if not HAS_LOCKS or os.environ.get("LOCAL_RANK", "0") != "0":
        yield
        return
    try_folder(folder, option)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        claim(descriptor, folder, patience)
        yield
    finally:
        os.close(descriptor)
