"""Opens the packages that a kernel's code file carries. The builder puts this text into that file as it is.

It needs nothing but Python's own library, because it runs before there is anything else.
"""

import atexit
import base64
import contextlib
import hashlib
import io
import os
import shutil
import sys
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path

if find_spec("fcntl"):  # not on Windows
    import fcntl


def open_bundle(bundle: str, sha256: str) -> Path:
    """Unpacks the packages and makes this process and those it starts import them from there.

    Args:
        bundle: a tar.xz archive in base64.
        sha256: of the archive, in hexadecimal.

    Returns:
        the folder that holds the packages.

    Raises:
        SystemExit: if the archive is not the one that was built.
    """
    archive = base64.b64decode(bundle)
    if hashlib.sha256(archive).hexdigest() != sha256:
        raise SystemExit("kernel: the packages inside this file are damaged: build the kernel and push it again")
    folder = _scratch_folder()
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:xz") as packed:
        packed.extractall(folder, filter="data")
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return folder


def _scratch_folder() -> Path:
    """A folder that goes with this process; what of it a killed process leaves, `core.scratch` finds by its lock."""
    folder = Path(tempfile.mkdtemp(prefix="kuzushiji-packages-"))  # noqa: TID251
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if find_spec("fcntl"):
        # Open, and so held, until the process ends.
        with contextlib.suppress(OSError):  # a disk that knows no locks
            fcntl.flock(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), fcntl.LOCK_EX)
    content = folder / "content"
    content.mkdir()
    return content
