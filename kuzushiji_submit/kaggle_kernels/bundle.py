"""The three packages as one archive, small enough to travel inside a kernel's code file."""

import io
import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("detection", "kuzushiji_submit", "recognition")
# The sample is for the demo alone, weights go into a data set: both are larger than all the code.
_LEFT_OUT = {"sample", "weights"}  # folders of a package itself; a room's own `weights` is code
_SUFFIXES = {".py", ".json", ".js", ".css", ".toml", ".jinja"}


def pack_packages(root: Path) -> bytes:
    """A tar.xz archive of the packages below `root`: the same bytes for the same files.

    Raises:
        OSError: if a file cannot be read.
    """
    buffer = io.BytesIO()
    # Format and numbers are fixed, so that neither a clock nor a user's name goes in.
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in _files(root):
            content = path.read_bytes()
            entry = tarfile.TarInfo(path.relative_to(root).as_posix())
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    return lzma.compress(buffer.getvalue())


def _files(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            parts = path.relative_to(root).parts
            passing = any(part.startswith(".") or part == "__pycache__" for part in parts)
            if path.suffix in _SUFFIXES and path.is_file() and not passing and parts[1] not in _LEFT_OUT:
                yield path
