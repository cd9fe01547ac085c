"""A few digits that tell whether two runs saw the same data."""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.canonical import canonical_bytes


def fingerprint(parts: Iterable[str | NDArray[np.generic]]) -> str:
    """The first 16 hexadecimal digits of a SHA-256 over texts and arrays (`canonical_bytes`), in their order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else canonical_bytes(part))
    return digest.hexdigest()[:16]
