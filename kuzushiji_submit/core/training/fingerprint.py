"""A few digits that tell whether two runs saw the same data."""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def fingerprint(parts: Iterable[str | NDArray[np.generic]]) -> str:
    """The first 16 hexadecimal digits of a SHA-256 over texts and arrays, in their order.

    Integers count as little-endian int64 and real numbers as float32, so that the digits are those of another machine.
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(part.encode())
        else:
            digest.update(part.astype("<f4" if part.dtype.kind == "f" else "<i8").tobytes())
    return digest.hexdigest()[:16]
