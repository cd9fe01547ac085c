"""Crops on disk: a folder of memory-mapped arrays in shards, and a manifest that says what they are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CharsetError, CropStoreError
from kuzushiji_submit.core.files import replacing
from kuzushiji_submit.core.settings import from_plain, to_plain
from recognition.crops import GEOMETRY, CropConfig, Crops

FORMAT_NAME = "kuzushiji-crops"
FORMAT_VERSION = 2
# The class id of a box that holds no character.
NO_CHARACTER = -1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class StoredPage:
    """A page of a shard: its crops follow those of the page before it."""

    page_id: str
    book_id: str
    count: int


@dataclass(frozen=True)
class Shard:
    """Arrays and the pages in them.

    NAME.crops.npy is uint8 (n, S, S), NAME.geometry.npy float32 (n, 3), NAME.class_ids.npy int32 (n,).
    """

    name: str
    pages: tuple[StoredPage, ...]

    @property
    def count(self) -> int:
        """How many crops it holds."""
        return sum(page.count for page in self.pages)


@dataclass(frozen=True)
class Manifest:
    """What a crop store is.

    Attributes:
        charset: the characters that its class ids mean.
        crop: how the crops were cut.
        negatives: in words, where boxes that hold no character come from; empty where there are none.
        source: in words, where the crops come from.
        finished: whether its writer came to the end.
        shards: in order.
    """

    charset: Charset
    crop: CropConfig
    negatives: str = ""
    source: str = ""
    finished: bool = False
    shards: tuple[Shard, ...] = ()

    def write(self, folder: Path) -> None:
        """Replaces the manifest of a store at once."""
        plain = {
            "format": FORMAT_NAME,
            "format_version": FORMAT_VERSION,
            "source": self.source,
            "finished": self.finished,
            "crop": to_plain(self.crop),
            "negatives": self.negatives,
            "charset_fingerprint": self.charset.fingerprint,
            "charset": list(self.charset.codepoints),
            "shards": [
                {"name": shard.name, "pages": [[page.page_id, page.book_id, page.count] for page in shard.pages]}
                for shard in self.shards
            ],
        }
        with replacing(folder / MANIFEST) as temporary:
            temporary.write_text(json.dumps(plain), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """The manifest of a store.

        Raises:
            CropStoreError: if there is none, or it cannot be understood.
        """
        path = folder / MANIFEST
        if not path.is_file():
            raise CropStoreError(f"{folder}: no crop store ({MANIFEST} is missing); cut the crops first")
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            if plain["format"] != FORMAT_NAME or plain["format_version"] != FORMAT_VERSION:
                raise CropStoreError(f"{path}: not a crop store this version can read; cut the crops again")
            return _parse_manifest(plain)
        except (KeyError, TypeError, ValueError, CharsetError) as error:
            raise CropStoreError(f"{path}: damaged ({error}); remove the folder and cut the crops again") from error


def _parse_manifest(plain: dict[str, Any]) -> Manifest:
    charset = Charset(tuple(plain["charset"]))
    if charset.fingerprint != plain["charset_fingerprint"]:
        raise CropStoreError("the charset does not have the fingerprint it says")
    return Manifest(
        charset=charset,
        crop=from_plain(CropConfig, plain["crop"], "crop"),
        negatives=str(plain["negatives"]),
        source=str(plain["source"]),
        finished=bool(plain["finished"]),
        shards=tuple(
            Shard(shard["name"], tuple(StoredPage(page, book, int(count)) for page, book, count in shard["pages"]))
            for shard in plain["shards"]
        ),
    )


class CropStore:
    """Crops of many pages, read where they are needed.

    Attributes:
        folder: where it lies.
        manifest: what it says about itself.
        class_ids: int64 (N,), places in the charset, or -1 for a box that holds no character.
        page_ids: the distinct pages, in order.
        page_index: int64 (N,), the page of each crop as a place in `page_ids`.
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
        self._starts = np.cumsum([0, *(shard.count for shard in shards)])
        ids = [np.asarray(self._open(shard, "class_ids"), np.int64) for shard in shards]
        self.class_ids: NDArray[np.int64] = np.concatenate([np.zeros(0, np.int64), *ids])
        pages = [page for shard in shards for page in shard.pages]
        counts = [page.count for page in pages]
        self.page_ids = tuple(page.page_id for page in pages)
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

    def __len__(self) -> int:
        return len(self.class_ids)

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
            raise CropStoreError(f"{path}: cannot be read ({error}); remove the folder and cut again") from error
        size = self.crop_config.size
        rest = {"crops": (size, size), "geometry": (GEOMETRY,), "class_ids": ()}[kind]
        shape = (shard.count, *rest)
        if array.shape != shape:
            raise CropStoreError(f"{path}: has shape {array.shape}, the manifest says {shape}; cut the crops again")
        return array
