"""Writing a crop store page by page, so that an interrupted run goes on where it stopped."""

import dataclasses
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CropStoreError
from kuzushiji_submit.core.files import replacing
from recognition.crops import CropConfig, Crops
from recognition.training.crop_store import MANIFEST, NO_CHARACTER, Manifest, Shard, StoredPage

SHARD_CROPS = 20_000


class CropStoreWriter:
    """Adds pages to a store; use it as a context manager.

    Whole pages are gathered into shards. A shard's arrays are written under other names and moved, and the manifest
    that names them follows last: after a kill the store holds whole shards only, and `has_page` tells what is left.
    Leaving the context by an exception keeps what was added but leaves the store unfinished.
    """

    def __init__(
        self,
        folder: Path,
        charset: Charset,
        crop: CropConfig,
        *,
        negatives: str = "",
        source: str = "",
        shard_crops: int = SHARD_CROPS,
    ) -> None:
        """Begins a store, or goes on with one.

        Args:
            folder: where the store is or will be.
            charset: the characters that class ids mean.
            crop: how the crops are cut.
            negatives: in words, where boxes that hold no character come from; empty where there are to be none.
            source: in words, where the crops come from.
            shard_crops: crops after which a shard is closed.

        Raises:
            CropStoreError: if the folder holds a store of another charset or other crops, or a damaged one.
        """
        self.folder = folder
        self.shard_crops = shard_crops
        folder.mkdir(parents=True, exist_ok=True)
        self.manifest = Manifest(charset, crop, negatives, source)
        if (folder / MANIFEST).exists():
            self.manifest = dataclasses.replace(self._matching(Manifest.read(folder)), source=source, finished=False)
        self._done = {page.page_id for shard in self.manifest.shards for page in shard.pages}
        self._pages: list[StoredPage] = []
        self._crops: list[Crops] = []
        self._class_ids: list[NDArray[np.int32]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()
        self.manifest = dataclasses.replace(self.manifest, finished=kind is None)
        self.manifest.write(self.folder)

    def has_page(self, page_id: str) -> bool:
        """Whether a page was added, now or in an earlier run."""
        return page_id in self._done

    def add_page(self, page_id: str, book_id: str, crops: Crops, class_ids: NDArray[np.integer[Any]]) -> None:
        """Adds the crops of a page.

        Args:
            page_id: distinct in the store.
            book_id: what a split keeps together.
            crops: n crops; n may be 0.
            class_ids: integers (n,), places in the charset, or NO_CHARACTER.

        Raises:
            CropStoreError: if the page is there already or a class id is neither in the charset nor NO_CHARACTER.
            ValueError: if the crops have another size, or another number than the class ids.
        """
        size = self.manifest.crop.size
        if crops.pixels.shape != (len(class_ids), size, size):
            raise ValueError(f"crops must have shape ({len(class_ids)}, {size}, {size}), got {crops.pixels.shape}")
        if self.has_page(page_id):
            raise CropStoreError(f"{self.folder}: page {page_id} is there already: ask has_page first")
        if len(class_ids) and not (class_ids.min() >= NO_CHARACTER and class_ids.max() < len(self.manifest.charset)):
            raise CropStoreError(
                f"page {page_id}: its class ids lie in {class_ids.min()}..{class_ids.max()}, the charset has 0.."
                f"{len(self.manifest.charset) - 1}: leave out boxes whose character the charset lacks"
            )
        self._done.add(page_id)
        self._pages.append(StoredPage(page_id, book_id, len(crops)))
        self._crops.append(crops)
        self._class_ids.append(class_ids.astype(np.int32))
        if sum(page.count for page in self._pages) >= self.shard_crops:
            self.flush()

    def flush(self) -> None:
        """Writes the pages gathered since the last shard."""
        if not self._pages:
            return
        shard = Shard(f"shard-{len(self.manifest.shards):05d}", tuple(self._pages))
        crops = Crops.concatenate(self._crops)
        self._write(f"{shard.name}.crops.npy", crops.pixels)
        self._write(f"{shard.name}.geometry.npy", crops.geometry)
        self._write(f"{shard.name}.class_ids.npy", np.concatenate(self._class_ids))
        self.manifest = dataclasses.replace(self.manifest, shards=(*self.manifest.shards, shard))
        self.manifest.write(self.folder)
        self._pages, self._crops, self._class_ids = [], [], []

    def _write(self, name: str, array: NDArray[Any]) -> None:
        with replacing(self.folder / name) as temporary, temporary.open("wb") as file:
            np.save(file, array)

    def _matching(self, found: Manifest) -> Manifest:
        has = (found.charset, found.crop, found.negatives)
        needs = (self.manifest.charset, self.manifest.crop, self.manifest.negatives)
        if has != needs:
            raise CropStoreError(
                f"{self.folder}: holds crops of another charset or cut ({_describe(*has)}); this run needs "
                f"{_describe(*needs)}: choose another folder"
            )
        return found


def _describe(charset: Charset, crop: CropConfig, negatives: str) -> str:
    return f"{charset.fingerprint}, {crop}, {negatives or 'no negatives'}"
