"""Memory that stays flat however many pages a run reads.

Pages differ in size, and two caches below Python answer every new size with more memory: oneDNN, which computes torch's
convolutions on the CPU, keeps 1,024 compiled kernels, one a layer and size; and glibc keeps what was freed, in pieces
that the next page does not fit into. 90 pages of 4 megapixels took 1.9 GB that way.
"""

import ctypes
import os
from collections.abc import Callable
from functools import cache

# Enough for the kernels of both networks at the sizes of one page.
KERNELS = 256


def limit_kernel_cache() -> None:
    """Lets oneDNN keep few compiled kernels; of use only before the first network has run, and the user's word goes."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(KERNELS))


def release_freed() -> None:
    """Gives memory that was freed back to the system, where the C library can: a few milliseconds."""
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    """`malloc_trim` of glibc; other C libraries have none."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, TypeError, AttributeError):
        return None
