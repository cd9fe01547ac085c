"""Loaders of training data and their shared memory."""

import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training import loaders
from kuzushiji_submit.core.training.loaders import NumberSampler, as_it_is, make_loader, naming_full_shared_memory


class Numbers(Dataset[Tensor]):
    def __getitem__(self, number: int) -> Tensor:
        return torch.tensor(number)


class Batches(Numbers):
    def __getitems__(self, numbers: list[int]) -> tuple[Tensor]:
        return (torch.tensor(numbers),)


@pytest.mark.parametrize("num_workers", [0, 3])
def test_batches_are_the_same_in_every_number_of_processes(num_workers: int) -> None:
    """More processes than cores are nothing to warn of."""
    loader = make_loader(Numbers(), [4, 1, 2, 0, 3], 2, num_workers=num_workers, seed=0, drop_last=True)
    assert [batch.tolist() for batch in loader] == [[4, 1], [2, 0]]
    whole = make_loader(Batches(), [4, 1, 2], 2, num_workers=num_workers, seed=0, collate=as_it_is)
    assert [batch.tolist() for (batch,) in whole] == [[4, 1], [2]]


@pytest.mark.parametrize("items", [6, 7, 8])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_processes_share_the_items_of_an_epoch(items: int, world_size: int) -> None:
    samplers = [NumberSampler(items, rank, world_size) for rank in range(world_size)]
    numbers: list[list[int]] = []
    for epoch in range(3):
        for sampler in samplers:
            sampler.set_epoch(epoch)
        dealt = [list(sampler) for sampler in samplers]
        assert all(len(part) == len(sampler) for part, sampler in zip(dealt, samplers, strict=True))
        together = sorted(number for part in dealt for number in part)
        # Complete but for what cannot be dealt evenly, and nobody has what another has.
        assert together == list(range(epoch * items, epoch * items + items // world_size * world_size))
        numbers.append(together)
    assert not set(numbers[0]) & set(numbers[1])
    assert not set(numbers[1]) & set(numbers[2])


def test_starting_a_loader_does_not_move_the_random_numbers_of_training() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    next(iter(make_loader(Numbers(), [0, 1], 1, num_workers=0, seed=0)))
    assert torch.equal(torch.rand(1), expected)


BUS_ERROR = (
    "DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that dataloader's workers are out of "
    "shared memory. Please try to raise your shared memory limit."
)
NO_SPACE = "unable to allocate shared memory(shm) for file </torch_7_1>: No space left on device (28)"


@pytest.mark.parametrize("message", [BUS_ERROR, NO_SPACE, f"Caught RuntimeError in worker 0.\nTraceback\n{NO_SPACE}"])
def test_full_shared_memory_is_one_word(message: str) -> None:
    words = r"^shared memory \(/dev/shm.*2 loader processes: set runtime\.num_workers=0, or .*--shm-size=2g\)$"
    with pytest.raises(TrainingError, match=words), naming_full_shared_memory(2):
        raise RuntimeError(message)


@pytest.mark.parametrize(
    ("error", "num_workers"),
    [(RuntimeError("shapes differ"), 2), (RuntimeError(NO_SPACE), 0), (OSError(errno.ENOENT, "shared memory"), 0)],
)
def test_other_errors_pass(error: Exception, num_workers: int) -> None:
    with pytest.raises(type(error)) as raised, naming_full_shared_memory(num_workers):
        raise error
    assert raised.value is error


@pytest.mark.parametrize(("free", "expected"), [(4096, TrainingError), (10**9, OSError)])
def test_a_full_disk_is_told_from_full_shared_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, expected: type[Exception]
) -> None:
    monkeypatch.setattr(loaders, "SHARED_MEMORY", tmp_path)
    monkeypatch.setattr(loaders.shutil, "disk_usage", lambda path: loaders.shutil._ntuple_diskusage(10**9, 0, free))
    with pytest.raises(expected), naming_full_shared_memory(2):
        raise OSError(errno.ENOSPC, "No space left on device")


SCRIPT = """
import sys, torch
from torch.utils.data import Dataset, default_collate
from kuzushiji_submit.core.training.loaders import NumberSampler, as_it_is, make_loader, naming_full_shared_memory

class Large(Dataset):
    def __getitem__(self, number):
        return torch.zeros(1_000_000, dtype=torch.uint8), torch.tensor(number)

class LargeBatches(Large):
    def __getitems__(self, numbers):
        return torch.zeros(len(numbers), 1_000_000, dtype=torch.uint8), torch.tensor(numbers)

data, collate = (LargeBatches(), as_it_is) if sys.argv[1] == "batches" else (Large(), default_collate)
with naming_full_shared_memory(2):
    for batch in make_loader(data, range(8), 1, num_workers=2, seed=0, collate=collate):
        pass
"""


@pytest.mark.parametrize("kind", ["batches", "items"])
@pytest.mark.skipif(sys.platform != "linux", reason="shared memory lies elsewhere")
def test_shared_memory_that_is_really_full_ends_the_run(kind: str, small_disk: Callable[..., list[str]]) -> None:
    """As in a container, which has 64 MB of it: no waiting for batches that never come."""
    command = small_disk(loaders.SHARED_MEMORY, "256k", [sys.executable, "-c", SCRIPT, kind])
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "TrainingError: shared memory (/dev/shm, 0.3 MB" in done.stderr.splitlines()[-1]
