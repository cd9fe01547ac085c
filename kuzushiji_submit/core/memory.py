"""Memory that stays flat however many pages a run reads.

Pages differ in size, and two caches below Python answer every new size with more memory: oneDNN, which computes torch's
convolutions on the CPU, keeps 1,024 compiled kernels, one a layer and size; and glibc keeps what was freed, in pieces
that the next page's maps do not fit into, because every large block that is freed raises the size up to which blocks
are taken from the heap. 90 pages of 4 megapixels took 1.9 GB that way, and more with every page.

What goes back to the system is cleared before it comes again, in steps of 4 KiB: that was a third of the time of a page
where all that was freed went back at once. So some of it is kept, and networks ask for steps of 2 MiB.
"""

import ctypes
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from kuzushiji_submit.core.errors import PageReadError

# Enough for the kernels of both networks at the sizes of one page.
KERNELS = 256
# glibc: blocks from this size on, the largest that it takes, go back to the system when they are freed.
OWN_PAGES_BYTES = 32 * 2**20
# Of smaller ones so much is kept for the next page.
KEPT_BYTES = 256 * 2**20
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # mallopt(3)

AGAINST_LACK = "scale the image down, or use fewer workers"
"""What a user can do about a page that does not fit the memory."""


def limit_caches() -> None:
    """Bounds both caches for the whole process, those of torch only where it has made no tensor yet: call it early.

    What the user says in `ONEDNN_PRIMITIVE_CACHE_CAPACITY`, `THP_MEM_ALLOC_ENABLE` and `MALLOC_MMAP_THRESHOLD_` goes
    before it.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(KERNELS))
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch: memory in large steps, where the system has them
    library = _glibc()
    if library is not None and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        library.mallopt(M_MMAP_THRESHOLD, OWN_PAGES_BYTES)
        library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def release_freed() -> None:
    """Gives memory that was freed back to the system, where the C library can and it is more than `KEPT_BYTES`."""
    library = _glibc()
    if library is not None and _freed_bytes(library) > KEPT_BYTES:
        library.malloc_trim(0)


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that memory did not suffice: Python's and NumPy's own, OpenCV's, torch's."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return any(words in str(error) for words in ("Insufficient memory", "can't allocate memory", "out of memory"))


@contextmanager
def naming_large_page(size_hw: tuple[int, int]) -> Iterator[None]:
    """Turns a lack of memory into an error that says how large the page is, and what to do.

    Args:
        size_hw: height and width of the page that is worked on in the block.

    Raises:
        PageReadError: if memory did not suffice.
    """
    try:
        yield
    except Exception as error:
        if not lacks_memory(error):
            raise
        height, width = size_hw
        needed = height * width * 3 / 1e9
        raise PageReadError(
            f"{width} x {height} pixels ({needed:.1f} GB) do not fit the memory: {AGAINST_LACK}"
        ) from error


class _Mallinfo2(ctypes.Structure):
    """glibc's mallinfo2(3); what is free lies in `fordblks`."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def _freed_bytes(library: ctypes.CDLL) -> float:
    """What was freed and not given back; infinitely much where the library is too old to tell (before 2.33)."""
    if not hasattr(library, "mallinfo2"):
        return math.inf
    library.mallinfo2.restype = _Mallinfo2
    return float(library.mallinfo2().fordblks)


@cache
def _glibc() -> ctypes.CDLL | None:
    """The C library, if it is glibc: others have neither function."""
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
    except (OSError, TypeError):
        return None
