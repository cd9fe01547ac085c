"""Pages told apart by book, and the loaders of a run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from detection.training.config import HeatmapTraining
from detection.training.page_match import ValidationPages
from detection.training.page_store import PageStore, StoredPage
from detection.training.tiles import PageSource, TileBatch, TileDataset
from detection.training.tiles_data import TilesDataModule
from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.book_split import describe_books, held_out_books
from kuzushiji_submit.core.training.config import BookSplit
from kuzushiji_submit.core.training.data_fingerprint import fingerprint
from kuzushiji_submit.core.training.loaders import NumberSampler


@dataclass(frozen=True)
class StoreSource:
    """A store of pages and its part in a run.

    Attributes:
        folder: the store.
        share: the part of the tiles that is from here, relative to the other stores.
        validate: whether books of it may be held out; false for synthetic pages, which only train.
    """

    folder: Path
    share: float = 1.0
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
        return describe_books(self.validation_books)


def split_pages(sources: Sequence[StoreSource], split: BookSplit) -> PageSplit:
    """Holds out whole books, in every store.

    Raises:
        TrainingError: if a store holds no page, a named book does not exist, or there are fewer books than folds.
    """
    stores = [(source, _open_all(source.folder)) for source in sources]
    candidates = [page.book_id for source, pages in stores if source.validate for page in pages]
    books, book_index = np.unique(np.array(candidates, np.str_), return_inverse=True)
    held_out = held_out_books([str(book) for book in books], book_index, split)
    train = tuple(
        PageSource([page for page in pages if page.book_id not in held_out], source.share) for source, pages in stores
    )
    validation = tuple(
        page for source, pages in stores if source.validate for page in pages if page.book_id in held_out
    )
    return PageSplit(train, validation, held_out)


def _open_all(folder: Path) -> list[StoredPage]:
    store = PageStore(folder)
    pages = [store.open(page_id) for page_id in store.page_ids()]
    if not pages:
        raise TrainingError(f"{folder}: holds no prepared page: prepare them first")
    return pages


def describe_sources(sources: Sequence[StoreSource], split: PageSplit, *, characters: bool = False) -> dict[str, Any]:
    """What a resumed run must have in common with its first part, besides the settings.

    Args:
        sources: the stores.
        split: their pages.
        characters: whether what the boxes hold is learned, too.
    """
    return {
        "sources": [
            {
                "name": source.folder.name,
                "share": source.share,
                "validate": source.validate,
                "pages": len(trained.pages),
                "boxes": sum(len(page.boxes) for page in trained.pages),
            }
            for source, trained in zip(sources, split.train, strict=True)
        ],
        "data_fingerprint": fingerprint(_identity(split, characters=characters)),
        "split_description": split.describe(),
        "validation_books": list(split.validation_books),
    }


def _identity(split: PageSplit, *, characters: bool) -> Iterator[str | NDArray[np.generic]]:
    """What makes the pages these and no others; of the pixels the sizes alone."""
    for pages in (*(source.pages for source in split.train), split.validation):
        for page in pages:
            held = f"{' '.join(page.codepoints)}\n" if characters else ""
            yield f"{page.page_id}\n{page.book_id}\n{page.image.shape}\n{held}"
            yield page.boxes
            yield page.kinds
        yield "\n"


class PageDataModule(TilesDataModule):
    """The score map's: tiles with their maps, pages with their boxes."""

    tiles: TileDataset
    pages: ValidationPages

    def __init__(self, split: PageSplit, config: HeatmapTraining) -> None:
        """Takes the pages.

        Raises:
            TrainingError: if there is no page to train on.
        """
        tiles = TileDataset(split.train, config.tile_size, config.augment, config.seed)
        super().__init__(config, tiles, ValidationPages(split.validation))

    def train_dataloader(self) -> DataLoader[TileBatch]:
        """The tiles of an epoch, dealt to the processes.

        Raises:
            TrainingError: if there are fewer tiles than processes.
        """
        rank, world_size = self.place()
        sampler = NumberSampler(self.config.tiles_per_epoch, rank, world_size)
        if not len(sampler):
            raise TrainingError(
                f"{self.config.tiles_per_epoch} tiles are none for {world_size} processes: raise tiles_per_epoch"
            )
        return self.tile_loader(sampler)
