"""Held-out pages dealt to the processes: each once, and a process without one gets the empty one."""

from types import SimpleNamespace

import pytest

from detection.training.tile_config import TileTraining
from detection.training.tiles_data import TilesDataModule
from kuzushiji_submit.core.training.loaders import NumberSampler


@pytest.mark.parametrize(
    ("pages", "processes", "dealt"),
    [
        (0, 1, [[]]),
        (1, 1, [["a"]]),
        (1, 2, [["a"], [""]]),
        (5, 2, [["a", "c", "e"], ["b", "d"]]),
    ],
)
def test_held_out_pages_are_dealt(pages: int, processes: int, dealt: list[list[str]]) -> None:
    got = []
    for rank in range(processes):
        data = TilesDataModule(TileTraining(), [0], Letters("abcde"[:pages]))  # type: ignore[arg-type]
        data.trainer = SimpleNamespace(global_rank=rank, world_size=processes)  # type: ignore[assignment]
        got.append(list(data.val_dataloader()))
    assert got == dealt


def test_an_epoch_s_tiles_come_in_whole_batches() -> None:
    data = TilesDataModule(TileTraining(tiles_per_epoch=19), list(range(100)), Letters(""))  # type: ignore[arg-type]
    assert [len(batch) for batch in data.tile_loader(NumberSampler(19))] == [8, 8]


class Letters:
    """Pages that are letters, an empty one behind the last."""

    def __init__(self, letters: str) -> None:
        self.letters = letters

    def __len__(self) -> int:
        return len(self.letters)

    def __getitem__(self, place: int) -> str:
        return self.letters[place : place + 1]
