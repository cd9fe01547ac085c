"""What a crop store says about itself: how its crops were made, and which pages they come from.

    store/
      manifest.json            charset, crop, ink, negatives, source, the names of the shards
      shard-00000.pages.json   its pages in order: id, book, size, number of crops, fingerprint
      shard-00000.crops.npy  .geometry.npy  .class_ids.npy  .boxes.npy  .order.npy
      shard-00001. ...

A shard's files never change once the manifest names it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CharsetError, ConfigError, CropStoreError
from kuzushiji_submit.core.files import replacing
from kuzushiji_submit.core.page.fingerprint import PageFingerprint
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.settings import from_plain, to_plain
from recognition.crops import GEOMETRY, CropConfig

FORMAT_NAME = "kuzushiji-crops"
FORMAT_VERSION = 3
MANIFEST = "manifest.json"
AGAIN = "remove the folder and cut the crops again"


@dataclass(frozen=True)
class StoredPage:
    """A page of a shard: its crops follow those of the page before it.

    Attributes:
        page_id: distinct in the store.
        book_id: what a split keeps together.
        size_hw: the page's height and width in pixels.
        count: how many crops it has.
        fingerprint: of its image and its truth when it was cut; None where the crops come from no file.
    """

    page_id: str
    book_id: str
    size_hw: tuple[int, int]
    count: int
    fingerprint: PageFingerprint | None = None


@dataclass(frozen=True)
class Shard:
    """Arrays, see `array_types`, and the pages in them."""

    name: str
    pages: tuple[StoredPage, ...]

    @property
    def count(self) -> int:
        """How many crops it holds."""
        return sum(page.count for page in self.pages)

    def write_pages(self, folder: Path) -> None:
        """Writes the list of its pages, which a manifest that names the shard relies on."""
        with replacing(_pages_path(folder, self.name)) as temporary:
            temporary.write_text(json.dumps(to_plain(self.pages)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, name: str) -> "Shard":
        """The shard of a name.

        Raises:
            CropStoreError: if its list of pages is missing or damaged.
        """
        path = _pages_path(folder, name)
        try:
            return from_plain(cls, {"name": name, "pages": json.loads(path.read_text(encoding="utf-8"))}, str(path))
        except (OSError, ValueError) as error:
            raise CropStoreError(f"{path}: cannot be read ({error}): {AGAIN}") from error


def array_types(size: int) -> dict[str, tuple[type[np.generic], tuple[int, ...]]]:
    """The type of each of a shard's arrays and its shape behind the first axis, for crops of a size."""
    return {
        "crops": (np.uint8, (size, size)),
        "geometry": (np.float32, (GEOMETRY,)),
        "class_ids": (np.int32, ()),
        "boxes": (np.float32, (4,)),
        "order": (np.int32, ()),
    }


@dataclass(frozen=True)
class Manifest:
    """What a crop store is.

    Attributes:
        charset: the characters that its class ids mean.
        crop: how the crops were cut.
        ink: the ink they were cut from.
        negatives: in words, where boxes that hold no character come from; empty where there are none.
        source: in words, where the crops come from.
        finished: whether its writer came to the end.
        shards: in order.
    """

    charset: Charset
    crop: CropConfig
    ink: InkConfig
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
            "ink": to_plain(self.ink),
            "negatives": self.negatives,
            "charset_fingerprint": self.charset.fingerprint,
            "charset": list(self.charset.codepoints),
            "shards": [shard.name for shard in self.shards],
        }
        with replacing(folder / MANIFEST) as temporary:
            temporary.write_text(json.dumps(plain), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """The manifest of a store.

        Raises:
            CropStoreError: if there is none, it is of another version, or it cannot be understood.
        """
        path = folder / MANIFEST
        if not path.is_file():
            raise CropStoreError(f"{folder}: no crop store ({MANIFEST} is missing): cut the crops first")
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            if plain["format"] != FORMAT_NAME:
                raise CropStoreError(f"{path}: not the manifest of a crop store: name another folder")
            if plain["format_version"] != FORMAT_VERSION:
                raise CropStoreError(
                    f"{path}: crops in format {plain['format_version']}, this version reads {FORMAT_VERSION}: {AGAIN}"
                )
            return _parse(folder, plain)
        except (KeyError, TypeError, ValueError, CharsetError, ConfigError) as error:
            raise CropStoreError(f"{path}: damaged ({error}): {AGAIN}") from error


def _parse(folder: Path, plain: dict[str, Any]) -> Manifest:
    charset = Charset(tuple(plain["charset"]))
    if charset.fingerprint != plain["charset_fingerprint"]:
        raise ValueError("the charset does not have the fingerprint it says")
    return Manifest(
        charset=charset,
        crop=from_plain(CropConfig, plain["crop"], "crop"),
        ink=from_plain(InkConfig, plain["ink"], "ink"),
        negatives=str(plain["negatives"]),
        source=str(plain["source"]),
        finished=bool(plain["finished"]),
        shards=tuple(Shard.read(folder, str(name)) for name in plain["shards"]),
    )


def _pages_path(folder: Path, shard: str) -> Path:
    return folder / f"{shard}.pages.json"
