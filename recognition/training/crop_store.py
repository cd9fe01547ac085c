"""Crops on disk: a folder of memory-mapped arrays in shards, and a manifest that says what they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CropStoreError
from kuzushiji_submit.core.page.ink import InkConfig
from recognition.crops import GEOMETRY, CropConfig, Crops
from recognition.training.crop_store_manifest import AGAIN, Manifest, Shard, StoredPage, array_types

# The class id of a box that holds no character.
NO_CHARACTER = -1
# The place in reading order of a box that holds no character.
NO_PLACE = -1


@dataclass(frozen=True, eq=False)
class PageBoxes:
    """Where the n crops of a stored page lie on it: all that is needed to build its columns again.

    Attributes:
        page: its id, its book, its size.
        indices: int64 (n,), the crops' places in the store.
        boxes: float32 (n, 4), xyxy in page pixels.
        class_ids: int64 (n,), places in the charset, or NO_CHARACTER.
        order: int64 (n,), places in the page's reading order, from 0; numbers are missing where characters were left
            out, and NO_PLACE stands at boxes that hold no character.
    """

    page: StoredPage
    indices: NDArray[np.int64]
    boxes: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    order: NDArray[np.int64]

    @property
    def in_reading_order(self) -> NDArray[np.int64]:
        """The places in the store of the page's characters, as a reader goes through them, int64 (m,)."""
        placed = self.order != NO_PLACE
        return np.asarray(self.indices[placed][np.argsort(self.order[placed], kind="stable")], np.int64)


class CropStore:
    """Crops of many pages, read where they are needed.

    Attributes:
        folder: where it lies.
        manifest: what it says about itself.
        class_ids: int64 (N,), places in the charset, or -1 for a box that holds no character.
        pages: the distinct pages, in order.
        page_index: int64 (N,), the page of each crop as a place in `pages`.
        book_ids: the distinct books, sorted.
        book_index: int64 (N,), the book of each crop as a place in `book_ids`.
    """

    def __init__(self, folder: Path, *, allow_unfinished: bool = False) -> None:
        """Opens a store.

        Raises:
            CropStoreError: if it is missing or damaged, or unfinished and that is not allowed.
        """
        self.folder = folder
        self.manifest = Manifest.read(folder)
        if not (self.manifest.finished or allow_unfinished):
            raise CropStoreError(f"{folder}: its cutting was interrupted; start it again to finish it")
        shards = self.manifest.shards
        self._crops = [self._open(shard, "crops") for shard in shards]
        self._geometry = [self._open(shard, "geometry") for shard in shards]
        self._boxes = [self._open(shard, "boxes") for shard in shards]
        self._order = [self._open(shard, "order") for shard in shards]
        self._starts = np.cumsum([0, *(shard.count for shard in shards)])
        ids = [np.asarray(self._open(shard, "class_ids"), np.int64) for shard in shards]
        self.class_ids: NDArray[np.int64] = np.concatenate([np.zeros(0, np.int64), *ids])
        pages = self.pages = tuple(page for shard in shards for page in shard.pages)
        counts = [page.count for page in pages]
        self._page_starts = np.cumsum([0, *counts])
        self.page_index: NDArray[np.int64] = np.repeat(np.arange(len(pages)), counts)
        self.book_ids = tuple(sorted({page.book_id for page in pages}))
        places = {book: place for place, book in enumerate(self.book_ids)}
        books = np.array([places[page.book_id] for page in pages], np.int64)
        self.book_index: NDArray[np.int64] = np.repeat(books, counts)

    @property
    def charset(self) -> Charset:
        """The characters that the class ids mean."""
        return self.manifest.charset

    @property
    def crop_config(self) -> CropConfig:
        """How the crops were cut."""
        return self.manifest.crop

    @property
    def ink(self) -> InkConfig:
        """The ink that the crops were cut from."""
        return self.manifest.ink

    @property
    def page_ids(self) -> tuple[str, ...]:
        """The ids of the distinct pages, in order."""
        return tuple(page.page_id for page in self.pages)

    def __len__(self) -> int:
        return len(self.class_ids)

    def page(self, place: int) -> PageBoxes:
        """Where the crops of a page lie on it.

        Args:
            place: the page's place in `pages`.
        """
        first, last = int(self._page_starts[place]), int(self._page_starts[place + 1])
        # A page lies whole in the shard of its first crop; one without crops may lie behind the last shard's end.
        shard = min(int(np.searchsorted(self._starts, first, side="right")) - 1, len(self._boxes) - 1)
        rows = slice(first - int(self._starts[shard]), last - int(self._starts[shard]))
        return PageBoxes(
            page=self.pages[place],
            indices=np.arange(first, last),
            boxes=np.array(self._boxes[shard][rows]),
            class_ids=self.class_ids[first:last],
            order=self._order[shard][rows].astype(np.int64),
        )

    def read(self, indices: Sequence[int] | NDArray[np.int64]) -> Crops:
        """The crops at n places, in the order asked."""
        wanted = np.asarray(indices, np.int64)
        size = self.crop_config.size
        pixels = np.empty((len(wanted), size, size), np.uint8)
        geometry = np.empty((len(wanted), GEOMETRY), np.float32)
        shard_of = np.searchsorted(self._starts, wanted, side="right") - 1
        for shard in np.unique(shard_of):
            rows = np.flatnonzero(shard_of == shard)
            places = wanted[rows] - self._starts[shard]
            pixels[rows] = self._crops[shard][places]
            geometry[rows] = self._geometry[shard][places]
        return Crops(pixels, geometry)

    def _open(self, shard: Shard, kind: str) -> NDArray[Any]:
        path = self.folder / f"{shard.name}.{kind}.npy"
        try:
            array: NDArray[Any] = np.load(path, mmap_mode="r" if shard.count else None)
        except (OSError, ValueError, EOFError) as error:
            raise CropStoreError(f"{path}: cannot be read ({error}): {AGAIN}") from error
        dtype, rest = array_types(self.crop_config.size)[kind]
        shape = (shard.count, *rest)
        if array.shape != shape or array.dtype != dtype:
            raise CropStoreError(
                f"{path}: holds {array.dtype} {array.shape}, the manifest says {np.dtype(dtype)} {shape}: {AGAIN}"
            )
        return array
