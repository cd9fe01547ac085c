"""The loaders of a run on tiles, whatever its tiles and its held-out pages hold."""

from typing import Any, Protocol

from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from detection.training.tile_config import TileTraining
from kuzushiji_submit.core.training.loaders import NumberSampler, as_it_is, make_loader


class HeldOutPages(Protocol):
    """Whole pages by number; behind the last one lies an empty one."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __getitem__(self, place: int, /) -> Any:  # noqa: ANN401 - of the stage
        """One page."""
        ...


class TilesDataModule(LightningDataModule):
    """Endless tiles to train on, whole pages to validate on."""

    def __init__(self, config: TileTraining, tiles: Dataset[Any], pages: HeldOutPages) -> None:
        """Takes both.

        Args:
            config: the run.
            tiles: number n is the same in every process and every run of one seed.
            pages: those held out.
        """
        super().__init__()
        self.config, self.tiles, self.pages = config, tiles, pages

    def val_dataloader(self) -> DataLoader[Any] | list[DataLoader[Any]]:
        """Every held-out page once, dealt to the processes."""
        rank, world_size = self.place()
        if not len(self.pages):
            return []
        # A process without a page would not take part in adding up: it gets the empty one behind the last.
        places = range(rank, len(self.pages), world_size) or [len(self.pages)]
        return DataLoader(self.pages, batch_size=None, sampler=places, collate_fn=as_it_is)  # type: ignore[arg-type]

    def tile_loader(self, sampler: NumberSampler) -> DataLoader[Any]:
        """The tiles of an epoch, as dealt to this process."""
        return make_loader(
            self.tiles,
            sampler,
            min(self.config.batch_size, len(sampler)),
            num_workers=self.config.runtime.num_workers,
            seed=self.config.seed,
            drop_last=True,
        )

    def place(self) -> tuple[int, int]:
        """Number of this process, and how many there are."""
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
