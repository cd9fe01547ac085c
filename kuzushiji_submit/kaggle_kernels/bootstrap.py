"""Opens the packages that a kernel's code file carries. The builder puts this text into that file as it is.

It needs nothing but Python's own library, because it runs before there is anything else.
"""

import base64
import hashlib
import io
import os
import sys
import tarfile
import tempfile
from pathlib import Path


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
    folder = Path(tempfile.mkdtemp(prefix="kuzushiji-packages-"))
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:xz") as packed:
        packed.extractall(folder, filter="data")
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return folder
