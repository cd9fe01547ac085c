"""The loaders of a dense reader's run: endless tiles to train on, whole pages to validate on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from detection.training.data import PageSplit
from detection.training.dense_config import DenseTraining
from detection.training.dense_tiles import CharacterBatch, CharacterTiles, class_ids_of
from detection.training.page_store import StoredPage
from detection.training.tiles_data import TilesDataModule
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.loaders import NumberSampler


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


class CharacterDataModule(TilesDataModule):
    """The dense reader's: tiles and pages with their characters."""

    tiles: CharacterTiles
    pages: CharacterPages

    def __init__(self, split: PageSplit, charset: Charset, config: DenseTraining) -> None:
        """Takes the pages.

        Raises:
            TrainingError: if there is no character to learn.
        """
        super().__init__(
            config, CharacterTiles(split.train, charset, config), CharacterPages(split.validation, charset)
        )

    def train_dataloader(self) -> DataLoader[CharacterBatch]:
        """The tiles of an epoch, dealt to the processes.

        Raises:
            TrainingError: if there are fewer tiles than processes.
        """
        sampler = NumberSampler(self.config.tiles_per_epoch, *self.place())
        if not len(sampler):
            raise TrainingError(f"{self.config.tiles_per_epoch} tiles are too few for the processes: raise it")
        return self.tile_loader(sampler)
