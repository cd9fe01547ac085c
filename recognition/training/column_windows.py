"""Windows of text as an eye reads them: endless ones to train on, those of held-out books to validate on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.loaders import NumberSampler, make_loader
from recognition.training.column_config import ColumnTraining
from recognition.training.column_eye import SimulatedEye
from recognition.training.column_texts import UNKNOWN, ClassText, TextSplit

NOWHERE = -1
"""The place of a truth that is not among the candidates, and the class of what is no character of the charset."""


class Windows(NamedTuple):
    """B windows of T places with K candidates each, or one of them without the first axis.

    Attributes:
        ids: int64 (B, T, K), candidates, the best first.
        logs: float32 (B, T, K), the logarithms of their scores.
        places: int64 (B, T), where the truth stands among them, `NOWHERE` where it does not or is not to be judged.
        truth: int64 (B, T), the class, `NOWHERE` where there is none.
    """

    ids: Tensor
    logs: Tensor
    places: Tensor
    truth: Tensor


def seen_by(
    eye: SimulatedEye, truth: NDArray[np.int64], strength: int, rng: np.random.Generator, judged: slice = slice(None)
) -> Windows:
    """One window as the eye reads it.

    Args:
        eye: reads it.
        truth: int64 (T,), `UNKNOWN` for what is no character of the charset: the eye takes it for any.
        strength: of the eye.
        rng: of chance.
        judged: the places that count.
    """
    known = truth != UNKNOWN
    read = np.where(known, truth, eye.draw_classes(len(truth), rng))
    ids, logs = eye.read(read, strength, rng)
    counts = np.zeros(len(truth), bool)
    counts[judged] = known[judged]
    hit = (ids == read[:, None]) & counts[:, None]
    places = np.where(hit.any(axis=1), hit.argmax(axis=1), NOWHERE)
    arrays = (ids, logs.astype(np.float32), places, np.where(counts, truth, NOWHERE))
    return Windows(*(torch.from_numpy(array) for array in arrays))


class WindowDataset(Dataset[Windows]):
    """An endless row of windows: number n is the same in every process and every run of one seed."""

    def __init__(self, texts: Sequence[ClassText], eye: SimulatedEye, config: ColumnTraining) -> None:
        """Takes the texts, and the eye that reads them."""
        self.texts, self.eye, self.config = tuple(texts), eye, config
        self._shares = np.array([text.share for text in texts])

    def __getitem__(self, number: int) -> Windows:
        """Window `number`."""
        rng = np.random.default_rng([self.config.seed, number])
        text = self.texts[int(rng.choice(len(self.texts), p=self._shares))].ids
        return seen_by(self.eye, self._found(text, rng), self.eye.draw_strength(rng), rng)

    def _found(self, text: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """A piece of text as a detector finds it: some characters are missed, some boxes hold none."""
        length, settings = self.config.network.window, self.config.eye
        # Enough even where half of it is missed; a text goes on at its beginning.
        piece = text[(int(rng.integers(len(text))) + np.arange(4 * length)) % len(text)]
        piece = piece[rng.random(len(piece)) >= settings.missed]
        false = rng.random(len(piece)) < settings.false_boxes
        found = np.insert(piece, np.flatnonzero(false), UNKNOWN)
        return np.resize(found, length) if len(found) else np.full(length, UNKNOWN)


class HeldOutWindows(Dataset[Windows]):
    """The windows of held-out books, one after the other; the last of a book goes on at its beginning, uncounted."""

    def __init__(self, books: Sequence[ClassText], eye: SimulatedEye, config: ColumnTraining) -> None:
        """Takes the books, and the eye that reads them: the same in every epoch."""
        self.books, self.eye, self.config = tuple(books), eye, config
        length = config.network.window
        self._starts = [(book, start) for book in self.books for start in range(0, len(book), length)]

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, number: int) -> Windows:
        """One window; behind the last lies one in which nothing counts."""
        rng = np.random.default_rng([self.config.seed, 4, number])
        length = self.config.network.window
        book, start = self._starts[number] if number < len(self) else (self.books[0], len(self.books[0]))
        truth = book.ids[(start + np.arange(length)) % len(book)]
        return seen_by(self.eye, truth, self.eye.draw_strength(rng), rng, slice(0, max(0, len(book) - start)))


class ColumnDataModule(LightningDataModule):
    """The loaders of a run."""

    def __init__(self, split: TextSplit, eye: SimulatedEye, config: ColumnTraining) -> None:
        """Takes the texts, and the eye that reads them."""
        super().__init__()
        self.config = config
        self.windows = WindowDataset(split.train, eye, config)
        self.held_out = HeldOutWindows([book for book in split.validation if len(book)], eye, config)

    def train_dataloader(self) -> DataLoader[Windows]:
        """The windows of an epoch, dealt to the processes.

        Raises:
            TrainingError: if there are fewer windows than processes.
        """
        sampler = NumberSampler(self.config.windows_per_epoch, *self._place())
        if not len(sampler):
            raise TrainingError(f"{self.config.windows_per_epoch} windows are too few for the processes: raise it")
        return self._loader(self.windows, sampler, drop_last=True)

    def val_dataloader(self) -> DataLoader[Windows] | list[DataLoader[Windows]]:
        """Every held-out window once, dealt to the processes."""
        rank, world_size = self._place()
        if not len(self.held_out):
            return []
        # A process without a window would not take part in adding up: it gets the one in which nothing counts.
        numbers = list(range(rank, len(self.held_out), world_size)) or [len(self.held_out)]
        return self._loader(self.held_out, numbers, drop_last=False)

    def _loader(
        self, windows: Dataset[Windows], numbers: NumberSampler | list[int], *, drop_last: bool
    ) -> DataLoader[Windows]:
        return make_loader(
            windows,
            numbers,
            min(self.config.batch_size, len(numbers)),
            num_workers=self.config.runtime.num_workers,
            seed=self.config.seed,
            drop_last=drop_last,
        )

    def _place(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
