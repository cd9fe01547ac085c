"""Crops from several places, mixed into one run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.settings import describe_difference
from recognition.crops import GEOMETRY, CropConfig, Crops
from recognition.training.crop_store import NO_CHARACTER
from recognition.training.soft_labels import SoftLabels


class CropData(Protocol):
    """What training needs of crops; a `CropStore` is one, a generator of crops could be another.

    Attributes:
        class_ids: int64 (N,), places in the charset, or -1 for a box that holds no character.
        book_ids: the distinct books.
        book_index: int64 (N,), the book of each crop as a place in `book_ids`.
    """

    class_ids: NDArray[np.int64]
    book_ids: tuple[str, ...]
    book_index: NDArray[np.int64]

    @property
    def charset(self) -> Charset:
        """The characters that the class ids mean."""
        ...

    @property
    def crop_config(self) -> CropConfig:
        """How the crops were cut."""
        ...

    @property
    def ink(self) -> InkConfig:
        """The ink they were cut from."""
        ...

    def read(self, indices: Sequence[int] | NDArray[np.int64]) -> Crops:
        """The crops at n places."""
        ...


@dataclass(frozen=True)
class CropSource:
    """Crops and their part in a run.

    Attributes:
        data: the crops.
        share: with several sources, the part of an epoch's draws that come from this one, relative to the others.
        validate: whether books of it may be held out; false for synthetic crops, which only train.
        name: for logs and the resolved configuration.
        soft: what its N crops may hold, where the class ids of `data` are only the likeliest; None where they are sure.
    """

    data: CropData
    share: float = 1.0
    validate: bool = True
    name: str = ""
    soft: SoftLabels | None = None


class MixedCrops:
    """Several sources under one numbering: source by source, in their order.

    Attributes:
        sources: as given.
        charset: of all of them.
        crop_config: of all of them.
        ink: of all of them.
        class_ids: int64 (N,), places in the charset; a box that holds no character has the place after the last.
        source_index: int64 (N,), the source of each crop.
        soft: what each may hold, or None where every source is sure of its class ids.
        book_ids: the distinct books of all sources, sorted.
        book_index: int64 (N,), the book of each crop as a place in `book_ids`.
    """

    def __init__(self, sources: Sequence[CropSource]) -> None:
        """Checks that the sources fit together.

        Raises:
            TrainingError: if there is no source, a share is not positive, or charsets, crop settings or inks differ.
        """
        if not sources:
            raise TrainingError("there is nothing to train on: give at least one crop source")
        self.sources = tuple(sources)
        self.charset = sources[0].data.charset
        self.crop_config = sources[0].data.crop_config
        self.ink = sources[0].data.ink
        for source in self.sources:
            self._check(source)
        sizes = [len(source.data.class_ids) for source in self.sources]
        self._starts = np.cumsum([0, *sizes])
        class_ids = np.concatenate([source.data.class_ids for source in self.sources])
        self.class_ids = np.where(class_ids == NO_CHARACTER, len(self.charset), class_ids)
        self.soft = self._soft_labels()
        self.source_index: NDArray[np.int64] = np.repeat(np.arange(len(sizes)), sizes)
        self.book_ids = tuple(sorted({book for source in self.sources for book in source.data.book_ids}))
        self.book_index = np.concatenate([self._common_books(source.data) for source in self.sources])

    def __len__(self) -> int:
        return len(self.class_ids)

    @property
    def negatives(self) -> int:
        """How many boxes hold no character."""
        return int((self.class_ids == len(self.charset)).sum())

    def read(self, indices: Sequence[int] | NDArray[np.int64]) -> Crops:
        """The crops at n places, in the order asked."""
        wanted = np.asarray(indices, np.int64)
        pixels = np.empty((len(wanted), self.crop_config.size, self.crop_config.size), np.uint8)
        geometry = np.empty((len(wanted), GEOMETRY), np.float32)
        source_of = self.source_index[wanted]
        for place in np.unique(source_of):
            rows = np.flatnonzero(source_of == place)
            part = self.sources[place].data.read(wanted[rows] - self._starts[place])
            pixels[rows], geometry[rows] = part.pixels, part.geometry
        return Crops(pixels, geometry)

    def _soft_labels(self) -> SoftLabels | None:
        if all(source.soft is None for source in self.sources):
            return None
        ends = np.cumsum([len(source.data.class_ids) for source in self.sources])[:-1]
        parts = zip(self.sources, np.split(self.class_ids, ends), strict=True)
        return SoftLabels.concatenate([source.soft or SoftLabels.sure(class_ids) for source, class_ids in parts])

    def _check(self, source: CropSource) -> None:
        if source.soft is not None and len(source.soft) != len(source.data.class_ids):
            raise TrainingError(
                f"crop source {source.name!r}: {len(source.soft)} soft labels for {len(source.data.class_ids)} crops"
            )
        if not source.share > 0:
            raise TrainingError(f"crop source {source.name!r}: its share must be above 0, got {source.share}")
        if source.data.charset != self.charset or source.data.crop_config != self.crop_config:
            raise TrainingError(
                f"crop source {source.name!r} has charset {source.data.charset.fingerprint} and "
                f"{source.data.crop_config}, the first has {self.charset.fingerprint} and {self.crop_config}: cut all "
                "crops alike"
            )
        if difference := describe_difference(source.data.ink, self.ink):
            raise TrainingError(
                f"crop source {source.name!r} has another ink ({difference} as the first has): cut all crops alike"
            )

    def _common_books(self, data: CropData) -> NDArray[np.int64]:
        places = {book: place for place, book in enumerate(self.book_ids)}
        common = np.array([places[book] for book in data.book_ids], np.int64)
        return common[data.book_index]
