"""Loaders of training data, in the process that trains or in processes of their own."""

import errno
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate, get_worker_info

from kuzushiji_submit.core.errors import TrainingError

T = TypeVar("T")
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - not a temporary file, but where Linux keeps shared memory
_OUT_OF_SHARED_MEMORY = ("shared memory", "bus error", "no space left on device", "torch_shm", "shm_open")


class IntoSharedMemory:
    """Makes a batch and, in a process of a loader's, puts it into shared memory there and then.

    Left to themselves such processes do that in a thread that hands over finished batches. What goes wrong in that
    thread is printed and lost, and the training waits for the batch for ever; here it is an error of the loader's.
    """

    def __init__(self, collate: Callable[[Any], Any] = default_collate) -> None:
        """Takes the function that makes a batch of what the dataset gives."""
        self.collate = collate

    def __call__(self, items: Any) -> Any:  # noqa: ANN401 - a batch is whatever the dataset makes of it
        """The batch."""
        batch = self.collate(items)
        if get_worker_info() is not None:
            for part in batch if isinstance(batch, tuple | list) else (batch,):
                if isinstance(part, torch.Tensor):
                    part.share_memory_()  # type: ignore[no-untyped-call]
        return batch


class NumberSampler(Sampler[int]):
    """Numbers of items that are made when they are asked for: new ones each epoch, dealt to the processes."""

    def __init__(self, items: int, rank: int = 0, world_size: int = 1) -> None:
        """Takes the items of an epoch, and which of the processes this is: it gets every world_size-th number."""
        self.items, self.rank, self.world_size, self.epoch = items, rank, world_size, 0

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch; Lightning calls it."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.items // self.world_size

    def __iter__(self) -> Iterator[int]:
        first = self.epoch * self.items
        return iter(range(first + self.rank, first + len(self) * self.world_size, self.world_size))


def as_it_is(batch: T) -> T:
    """For datasets that give whole batches."""
    return batch


class TrainingLoader(DataLoader[Any]):
    """A loader with as many processes as were asked for."""

    def check_worker_number_rationality(self) -> None:
        """Says nothing where they are more than the cores: readers also wait for disks."""


def make_loader(
    dataset: Dataset[Any],
    sampler: Sampler[int] | Iterable[int],
    batch_size: int,
    *,
    num_workers: int,
    seed: int,
    drop_last: bool = False,
    collate: Callable[[Any], Any] = default_collate,
) -> TrainingLoader:
    """A loader whose start does not move the random numbers of training.

    Args:
        dataset: what is read.
        sampler: the order.
        batch_size: items a batch.
        num_workers: processes that read; 0 reads in this one.
        seed: of the loader's own random numbers.
        drop_last: whether an incomplete batch at the end is left out.
        collate: makes a batch of items.
    """
    return TrainingLoader(
        dataset,
        batch_size=batch_size,
        sampler=sampler,
        drop_last=drop_last,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        collate_fn=IntoSharedMemory(collate),
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator().manual_seed(seed),
    )


@contextmanager
def naming_full_shared_memory(num_workers: int) -> Iterator[None]:
    """Names what is behind the errors of loaders whose processes find no shared memory.

    Raises:
        TrainingError: in their place.
    """
    try:
        yield
    except (RuntimeError, OSError) as error:
        if not num_workers or not _is_out_of_shared_memory(error):
            raise
        raise TrainingError(
            f"{_shared_memory_in_words()} has no room for the batches of {num_workers} loader processes: set "
            "runtime.num_workers=0, or give it more (docker run --shm-size=2g)"
        ) from error


def _is_out_of_shared_memory(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        # Of a full disk and of a semaphore without room alike.
        return shutil.disk_usage(SHARED_MEMORY).free < 1_000_000 if SHARED_MEMORY.is_dir() else False
    text = str(error).lower()
    return any(sign in text for sign in _OUT_OF_SHARED_MEMORY)


def _shared_memory_in_words() -> str:
    try:
        total, _, free = shutil.disk_usage(SHARED_MEMORY)
    except OSError:
        return f"shared memory ({SHARED_MEMORY})"
    return f"shared memory ({SHARED_MEMORY}, {total / 1e6:,.1f} MB, {free / 1e6:,.1f} MB of it free)"
