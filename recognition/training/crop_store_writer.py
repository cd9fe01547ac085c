"""Writing a crop store page by page, so that an interrupted run goes on where it stopped."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CropStoreError
from kuzushiji_submit.core.files import replacing
from kuzushiji_submit.core.page.fingerprint import PageFingerprint
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.settings import describe_difference
from recognition.crops import CropConfig, Crops
from recognition.training.crop_store import NO_CHARACTER
from recognition.training.crop_store_manifest import MANIFEST, Manifest, Shard, StoredPage, array_types

SHARD_CROPS = 20_000


@dataclass(frozen=True, eq=False)
class PageCrops:
    """The n crops of a page, as a writer takes them.

    Attributes:
        crops: what was cut.
        class_ids: integers (n,), places in the charset, or NO_CHARACTER.
        boxes: float32 (n, 4), xyxy in page pixels.
        order: integers (n,), places in the page's reading order, NO_PLACE for boxes that hold no character.

    Raises:
        ValueError: if an array has another length or shape.
    """

    crops: Crops
    class_ids: NDArray[np.integer[Any]]
    boxes: NDArray[np.float32]
    order: NDArray[np.integer[Any]]

    def __post_init__(self) -> None:
        count = len(self.crops)
        shapes = {"class_ids": (count,), "boxes": (count, 4), "order": (count,)}
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} of {count} crops must have shape {shape}, got {getattr(self, name).shape}")

    @classmethod
    def empty(cls, size: int) -> Self:
        """No crops of a size."""
        nothing = np.zeros(0, np.int64)
        return cls(Crops.empty(size), nothing, np.zeros((0, 4), np.float32), nothing)

    def __len__(self) -> int:
        return len(self.crops)


class CropStoreWriter:
    """Adds pages to a store; use it as a context manager.

    Whole pages are gathered into shards. A shard's arrays are written under other names and moved, and the manifest
    that names them follows last: after a kill the store holds whole shards only, and `pages` tells what is done.
    Leaving the context by an exception keeps what was added but leaves the store unfinished.
    """

    def __init__(
        self,
        folder: Path,
        charset: Charset,
        crop: CropConfig,
        ink: InkConfig,
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
            ink: the ink they are cut from.
            negatives: in words, where boxes that hold no character come from; empty where there are to be none.
            source: in words, where the crops come from.
            shard_crops: crops after which a shard is closed.

        Raises:
            CropStoreError: if the folder holds a store of another charset, other crops or another ink, or one that is
                damaged or of an earlier version.
        """
        self.folder = folder
        self.shard_crops = shard_crops
        folder.mkdir(parents=True, exist_ok=True)
        self.manifest = Manifest(charset, crop, ink, negatives, source)
        if (folder / MANIFEST).exists():
            self.manifest = dataclasses.replace(self._matching(Manifest.read(folder)), source=source, finished=False)
        self._done = {page.page_id: page for shard in self.manifest.shards for page in shard.pages}
        self._pages: list[StoredPage] = []
        self._crops: list[PageCrops] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()
        self.manifest = dataclasses.replace(self.manifest, finished=kind is None)
        self.manifest.write(self.folder)

    @property
    def pages(self) -> Mapping[str, StoredPage]:
        """The pages that were added by now, in this run or an earlier one, by id."""
        return self._done

    def add_page(
        self,
        page_id: str,
        book_id: str,
        crops: PageCrops,
        size_hw: tuple[int, int],
        fingerprint: PageFingerprint | None = None,
    ) -> None:
        """Adds the crops of a page.

        Args:
            page_id: distinct in the store.
            book_id: what a split keeps together.
            crops: n crops; n may be 0.
            size_hw: the page's height and width in pixels.
            fingerprint: of its image and truth; None where there are no such files.

        Raises:
            CropStoreError: if the page is there already or a class id is neither in the charset nor NO_CHARACTER.
            ValueError: if the crops have another size than the store's.
        """
        size, class_ids = self.manifest.crop.size, crops.class_ids
        if crops.crops.pixels.shape[1:] != (size, size):
            raise ValueError(f"crops must have shape (N, {size}, {size}), got {crops.crops.pixels.shape}")
        if page_id in self._done:
            raise CropStoreError(f"{self.folder}: page {page_id} is there already: look into `pages` first")
        if len(class_ids) and not (class_ids.min() >= NO_CHARACTER and class_ids.max() < len(self.manifest.charset)):
            raise CropStoreError(
                f"page {page_id}: its class ids lie in {class_ids.min()}..{class_ids.max()}, the charset has 0.."
                f"{len(self.manifest.charset) - 1}: leave out boxes whose character the charset lacks"
            )
        page = StoredPage(page_id, book_id, size_hw, len(crops), fingerprint)
        self._done[page_id] = page
        self._pages.append(page)
        self._crops.append(crops)
        if sum(page.count for page in self._pages) >= self.shard_crops:
            self.flush()

    def flush(self) -> None:
        """Writes the pages gathered since the last shard."""
        if not self._pages:
            return
        shard = Shard(f"shard-{len(self.manifest.shards):05d}", tuple(self._pages))
        parts = self._crops
        arrays: dict[str, list[NDArray[Any]]] = {
            "crops": [part.crops.pixels for part in parts],
            "geometry": [part.crops.geometry for part in parts],
            "class_ids": [part.class_ids for part in parts],
            "boxes": [part.boxes for part in parts],
            "order": [part.order for part in parts],
        }
        for kind, (dtype, _) in array_types(self.manifest.crop.size).items():
            self._write(f"{shard.name}.{kind}.npy", np.concatenate(arrays[kind]).astype(dtype, copy=False))
        shard.write_pages(self.folder)
        self.manifest = dataclasses.replace(self.manifest, shards=(*self.manifest.shards, shard))
        self.manifest.write(self.folder)
        self._pages, self._crops = [], []

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
        if difference := describe_difference(found.ink, self.manifest.ink):
            raise CropStoreError(
                f"{self.folder}: holds crops of another ink ({difference} as this run needs): choose another folder"
            )
        return found


def _describe(charset: Charset, crop: CropConfig, negatives: str) -> str:
    return f"{charset.fingerprint}, {crop}, {negatives or 'no negatives'}"
