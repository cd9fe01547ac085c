"""What a store keeps of each page that went into it, to tell later whether its image or its truth has changed.

Truth is hashed row by row: characters and boxes of a page are a few kilobytes. Images are gigabytes, and their dates
change with every copy; so the content is hashed once, when the page is stored, and again only where size and date do
not both agree, as Git does with its index:

    size, date as stored ──▶ unchanged
    another date         ──▶ hash the file: same content? unchanged : changed
    another size         ──▶ changed
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.canonical import canonical_bytes
from kuzushiji_submit.core.errors import PageReadError

DIGEST_BYTES = 8


@dataclass(frozen=True)
class PageFingerprint:
    """A page's image file and its truth, in a few numbers.

    Attributes:
        truth: hexadecimal digits of what is annotated on the page, see `truth_digest`.
        content: hexadecimal digits of the image file's bytes.
        size: its size in bytes.
        modified: when it was last changed, in nanoseconds since 1970.
    """

    truth: str
    content: str
    size: int
    modified: int

    @classmethod
    def of(cls, image: Path, truth: str) -> "PageFingerprint":
        """The fingerprint of a page as it is now.

        Args:
            image: the page's image file.
            truth: digits of what is annotated on it.

        Raises:
            PageReadError: if the file cannot be read.
        """
        try:
            status = image.stat()
            return cls(truth, _content_digest(image), status.st_size, status.st_mtime_ns)
        except OSError as error:
            raise PageReadError(f"{image}: cannot be read ({error.strerror or error}): fetch the file again") from error

    def changed(self, image: Path, truth: str) -> str:
        """What has changed since, such as "its truth" or "its image"; an empty text if nothing has.

        Args:
            image: the page's image file.
            truth: digits of what is annotated on it now.
        """
        if truth != self.truth:
            return "its truth"
        try:
            status = image.stat()
            if status.st_size == self.size and status.st_mtime_ns == self.modified:
                return ""
            same = status.st_size == self.size and _content_digest(image) == self.content
        except OSError as error:
            return f"its image, which cannot be read: {error.strerror or error}"
        return "" if same else "its image"


def truth_digest(*parts: Sequence[str] | NDArray[np.generic]) -> str:
    """Digits of what is annotated on a page: names, and arrays (`canonical_bytes`) of which numbers belong to them."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        content = canonical_bytes(part) if isinstance(part, np.ndarray) else "\n".join(part).encode()
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()


def _content_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=DIGEST_BYTES)).hexdigest()
