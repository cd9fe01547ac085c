"""Memory that stays flat however many pages a run reads.

Pages differ in size, and two caches below Python answer every new size with more memory: oneDNN, which computes torch's
convolutions on the CPU, keeps 1,024 compiled kernels, one a layer and size; and glibc keeps what was freed, in pieces
that the next page's maps do not fit into, because every large block that is freed raises the size up to which blocks
are taken from the heap. 90 pages of 4 megapixels took 1.9 GB that way, and more with every page.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from kuzushiji_submit.core.errors import PageReadError

# Enough for the kernels of both networks at the sizes of one page.
KERNELS = 256
# glibc: blocks from this size on are pages of their own, which go back to the system when they are freed. Smaller ones
# would save more memory, and more time would go into clearing the pages.
OWN_PAGES_BYTES = 8 * 2**20
M_MMAP_THRESHOLD = -3  # mallopt(3)

AGAINST_LACK = "scale the image down, or use fewer workers"
"""What a user can do about a page that does not fit the memory."""


def limit_caches() -> None:
    """Bounds both caches for the whole process; oneDNN's only where no network has run yet.

    What the user says in `ONEDNN_PRIMITIVE_CACHE_CAPACITY` and `MALLOC_MMAP_THRESHOLD_` goes before it.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(KERNELS))
    library = _glibc()
    if library is not None and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        library.mallopt(M_MMAP_THRESHOLD, OWN_PAGES_BYTES)


def release_freed() -> None:
    """Gives memory that was freed back to the system, where the C library can: a few milliseconds."""
    library = _glibc()
    if library is not None:
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


@cache
def _glibc() -> ctypes.CDLL | None:
    """The C library, if it is glibc: others have neither function."""
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
    except (OSError, TypeError):
        return None
