"""Memory, disk and terminal."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kuzushiji_submit.diagnosis.finding import Finding, Verdict

MINIMUM_MEMORY = 2_000_000_000
"""Bytes; 90 pages of 4 megapixels took 1.9 GB before their caches were bounded (`core/memory.py`)."""
MINIMUM_DISK = 1_000_000_000
MINIMUM_INODES = 10_000
_MEMORY_TABLE = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_MEMORY_LIMITS = (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))


def look_at_memory(table: Path = _MEMORY_TABLE, cgroup: Path = _CGROUP) -> Iterator[Finding]:
    """Memory that is there and free, of the machine or of the container.

    Args:
        table: the kernel's table (proc(5)); where there is none, as on macOS, only the whole is known.
        cgroup: folder of the container's limits (cgroups(7), versions 2 and 1).
    """
    whole, free = _machine_memory(table)
    limit = _container_memory(cgroup)
    if limit is not None and (whole is None or limit[0] < whole):
        whole, free = limit
    if whole is None:
        yield Finding("memory", "not known here")
        return
    text = f"{_gigabytes(whole)}{'' if free is None else f', {_gigabytes(free)} free'}"
    if (whole if free is None else free) < MINIMUM_MEMORY:
        advice = f"close other programs, or scale large pages down: they take up to {_gigabytes(MINIMUM_MEMORY)}"
        yield Finding("memory", text, Verdict.NOTE, advice)
    else:
        yield Finding("memory", text)


def _machine_memory(table: Path) -> tuple[int | None, int | None]:
    try:
        rows = (line.split(":") for line in table.read_text(encoding="ascii").splitlines())
        kilobytes = {name: int(value.split()[0]) for name, value in rows}
        return kilobytes["MemTotal"] * 1024, kilobytes["MemAvailable"] * 1024
    except (OSError, ValueError, KeyError):
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), None
        except (AttributeError, OSError, ValueError):
            return None, None


def _container_memory(cgroup: Path) -> tuple[int, int] | None:
    for limit, used in _MEMORY_LIMITS:
        try:
            whole = int((cgroup / limit).read_text(encoding="ascii"))  # "max" where there is none
            return whole, max(0, whole - int((cgroup / used).read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return None


def look_at_disk() -> Iterator[Finding]:
    """Free space and free inodes of the folder the command was started in, and of that for temporary files."""
    yield from _look_at_folder("disk", Path.cwd())
    try:
        temporary = Path(tempfile.gettempdir())
    except FileNotFoundError:
        advice = "make a folder that may be written and name it with TMPDIR"
        yield Finding("temporary", "no folder for temporary files can be written", Verdict.NOTE, advice)
        return
    if temporary.stat().st_dev != Path.cwd().stat().st_dev:
        yield from _look_at_folder("temporary", temporary)


def _look_at_folder(what: str, folder: Path) -> Iterator[Finding]:
    usage = shutil.disk_usage(folder)
    text = f"{folder}: {_gigabytes(usage.free)} of {_gigabytes(usage.total)} free"
    lacks = []
    if usage.free < MINIMUM_DISK:
        lacks.append(f"make room: less than {_gigabytes(MINIMUM_DISK)} is free")
    if hasattr(os, "statvfs") and (state := os.statvfs(folder)).f_files:  # some file systems do not count them
        text += f", {state.f_favail:,} inodes free"
        if state.f_favail < MINIMUM_INODES:
            lacks.append("delete small files: new ones need inodes")
    if not os.access(folder, os.W_OK):
        lacks.append("it may not be written: start in another folder, or name one with --out")
    yield Finding(what, text, Verdict.NOTE if lacks else Verdict.OK, "; ".join(lacks))


def look_at_terminal() -> Iterator[Finding]:
    """Whether what is printed can hold Japanese characters."""
    encoding = getattr(sys.stdout, "encoding", None) or "unknown"
    try:
        "は𛀁".encode(encoding)
    except (UnicodeError, LookupError):
        advice = "set PYTHONUTF8=1 (and a UTF-8 locale such as LANG=C.UTF-8) to see characters instead of \\u306f"
        yield Finding("terminal", f"prints {encoding}, which lacks characters of old books", Verdict.NOTE, advice)
    else:
        yield Finding("terminal", f"prints {encoding}")


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
