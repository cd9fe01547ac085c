"""Pages told apart by book, and the loaders of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import LightningDataModule
from sklearn.model_selection import GroupKFold
from torch.utils.data import DataLoader

from detection.heatmap.network import UNIT
from detection.training.config import BookSplit, HeatmapTraining
from detection.training.page_match import ValidationPage, ValidationPages
from detection.training.page_store import PageStore, StoredPage
from detection.training.tiles import PageSource, TileBatch, TileDataset, TileSampler
from kuzushiji_submit.core.errors import DetectionError


@dataclass(frozen=True)
class StoreSource:
    """A store of pages and its part in a run.

    Attributes:
        folder: the store.
        weight: the share of tiles from here, relative to the other stores.
        validate: whether books of it may be held out; false for synthetic pages, which only train.
    """

    folder: Path
    weight: float = 1.0
    validate: bool = True


@dataclass(frozen=True)
class PageSplit:
    """Pages to train on, store by store, and pages held out; no book is in both.

    Attributes:
        train: as sources.
        validation: the pages held out.
        validation_books: their books, sorted.
    """

    train: tuple[PageSource, ...]
    validation: tuple[StoredPage, ...]
    validation_books: tuple[str, ...]

    def describe(self) -> str:
        """In words, for the weights file."""
        return f"by book; held out: {', '.join(self.validation_books) or 'none'}"


def split_pages(sources: Sequence[StoreSource], split: BookSplit) -> PageSplit:
    """Holds out whole books, in every store.

    Raises:
        DetectionError: if a store holds no page, a named book does not exist, or there are fewer books than folds.
    """
    stores = [(source, _open_all(source.folder)) for source in sources]
    candidates = [page.book_id for source, pages in stores if source.validate for page in pages]
    held_out = _held_out(candidates, split)
    train = tuple(
        PageSource([page for page in pages if page.book_id not in held_out], source.weight) for source, pages in stores
    )
    validation = tuple(
        page for source, pages in stores if source.validate for page in pages if page.book_id in held_out
    )
    return PageSplit(train, validation, held_out)


def _open_all(folder: Path) -> list[StoredPage]:
    store = PageStore(folder)
    pages = [store.open(page_id) for page_id in store.page_ids()]
    if not pages:
        raise DetectionError(f"{folder}: holds no prepared page: prepare them first")
    return pages


def _held_out(book_ids: list[str], split: BookSplit) -> tuple[str, ...]:
    present = sorted(set(book_ids))
    if split.validation_books:
        unknown = sorted(set(split.validation_books) - set(present))
        if unknown:
            raise DetectionError(f"cannot hold out book {unknown[0]}: the books are {', '.join(present) or 'none'}")
        return tuple(sorted(split.validation_books))
    if split.folds == 0:
        return ()
    if len(present) < split.folds:
        raise DetectionError(
            f"{len(present)} books cannot be dealt into {split.folds} folds: set split.folds to at most the number of "
            "books, or to 0 to train without validation"
        )
    chosen = list(GroupKFold(split.folds).split(book_ids, groups=book_ids))[split.fold][1]
    return tuple(sorted({book_ids[place] for place in chosen}))


class PageDataModule(LightningDataModule):
    """Endless tiles to train on, whole pages to validate on."""

    def __init__(self, split: PageSplit, config: HeatmapTraining) -> None:
        """Takes the pages.

        Raises:
            DetectionError: if there is no page to train on.
        """
        super().__init__()
        self.config = config
        self.tiles = TileDataset(split.train, config.tile_size, config.augment, config.seed)
        self.pages = ValidationPages(split.validation, UNIT)

    def train_dataloader(self) -> DataLoader[TileBatch]:
        """The tiles of an epoch, dealt to the processes.

        Raises:
            DetectionError: if there are fewer tiles than processes.
        """
        rank, world_size = self._place()
        sampler = TileSampler(self.config.tiles_per_epoch, rank, world_size)
        if not len(sampler):
            raise DetectionError(
                f"{self.config.tiles_per_epoch} tiles are none for {world_size} processes: raise tiles_per_epoch"
            )
        workers = self.config.runtime.num_workers
        return DataLoader(
            self.tiles,
            batch_size=min(self.config.batch_size, len(sampler)),
            sampler=sampler,
            drop_last=True,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=torch.cuda.is_available(),
            # Its own generator, so that starting a loader does not move the random numbers of training.
            generator=torch.Generator().manual_seed(self.config.seed),
        )

    def val_dataloader(self) -> DataLoader[ValidationPage] | list[DataLoader[ValidationPage]]:
        """Every held-out page once, dealt to the processes."""
        rank, world_size = self._place()
        if not len(self.pages):
            return []
        # A process without a page would not take part in adding up: it gets the empty one behind the last.
        places = range(rank, len(self.pages), world_size) or [len(self.pages)]
        return DataLoader(self.pages, batch_size=None, sampler=places, collate_fn=_as_it_is)

    def _place(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)


def _as_it_is(page: Any) -> Any:  # noqa: ANN401 - torch says what a collate function takes
    return page
