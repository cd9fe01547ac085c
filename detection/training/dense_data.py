"""The loaders of a dense reader's run: endless tiles to train on, whole pages to validate on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from detection.training.data import PageSplit
from detection.training.dense_config import DenseTraining
from detection.training.dense_tiles import CharacterBatch, CharacterTiles, class_ids_of
from detection.training.page_store import StoredPage
from detection.training.tiles import TileSampler
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.loaders import as_it_is, make_loader


class CharacterPage(NamedTuple):
    """A stored page and its characters; Lightning moves named tuples about, but no dataclasses.

    Attributes:
        image: uint8 (H, W, 3), levelled.
        boxes: float32 (N, 4), xyxy in pixels of the image.
        class_ids: int64 (N,), all of the charset.
    """

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    class_ids: NDArray[np.int64]


class CharacterPages(Dataset[CharacterPage]):
    """The pages with a character that is placed exactly and in the charset, as they are stored."""

    def __init__(self, pages: Sequence[StoredPage], charset: Charset) -> None:
        labelled = [(page, class_ids_of(page, charset)) for page in pages]
        self.pages = [(page, ids) for page, ids in labelled if (ids >= 0).any()]

    def __len__(self) -> int:
        return len(self.pages)

    def __getitem__(self, place: int) -> CharacterPage:
        """One page; an empty one behind the last."""
        if place >= len(self.pages):
            return CharacterPage(np.zeros((0, 0, 3), np.uint8), np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
        page, ids = self.pages[place]
        return CharacterPage(np.array(page.image), page.boxes[ids >= 0], ids[ids >= 0])


class CharacterDataModule(LightningDataModule):
    """Endless tiles to train on, whole pages to validate on."""

    def __init__(self, split: PageSplit, charset: Charset, config: DenseTraining) -> None:
        """Takes the pages.

        Raises:
            TrainingError: if there is no character to learn.
        """
        super().__init__()
        self.config = config
        self.tiles = CharacterTiles(split.train, charset, config)
        self.pages = CharacterPages(split.validation, charset)

    def train_dataloader(self) -> DataLoader[CharacterBatch]:
        """The tiles of an epoch, dealt to the processes.

        Raises:
            TrainingError: if there are fewer tiles than processes.
        """
        sampler = TileSampler(self.config.tiles_per_epoch, *self._place())
        if not len(sampler):
            raise TrainingError(f"{self.config.tiles_per_epoch} tiles are too few for the processes: raise it")
        return make_loader(
            self.tiles,
            sampler,
            min(self.config.batch_size, len(sampler)),
            num_workers=self.config.runtime.num_workers,
            seed=self.config.seed,
            drop_last=True,
        )

    def val_dataloader(self) -> DataLoader[CharacterPage] | list[DataLoader[CharacterPage]]:
        """Every held-out page once, dealt to the processes."""
        rank, world_size = self._place()
        if not len(self.pages):
            return []
        # A process without a page would not take part in adding up: it gets the empty one behind the last.
        places = range(rank, len(self.pages), world_size) or [len(self.pages)]
        return DataLoader(self.pages, batch_size=None, sampler=places, collate_fn=as_it_is)

    def _place(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
