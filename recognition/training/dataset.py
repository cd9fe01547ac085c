"""What the training loop reads: batches of crops, their geometry and class ids."""

from collections.abc import Sequence

import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from kuzushiji_submit.core.training.loaders import as_it_is, make_loader
from recognition.training.balance import BalancedSampler
from recognition.training.config import TrainConfig
from recognition.training.sources import MixedCrops
from recognition.training.split import Split

# Pixels uint8 (n, S, S), geometry float32 (n, 3), class ids int64 (n,), sources int64 (n,); where labels are soft, also
# what each crop may hold, int64 (n, K), and the shares float32 (n, K).
Batch = tuple[Tensor, ...]


class CropDataset(Dataset[Batch]):
    """Crops by place, a batch at a time."""

    def __init__(self, crops: MixedCrops) -> None:
        self.crops = crops

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: int) -> Batch:
        """One crop uint8 (S, S), its geometry float32 (3,), class id, source int64 (), and what else a batch has."""
        return tuple(part[0] for part in self.__getitems__([index]))

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """A batch; the name is the one that torch's loader looks for."""
        crops = self.crops.read(indices)
        places = list(indices)
        labels = torch.from_numpy(self.crops.class_ids[places]), torch.from_numpy(self.crops.source_index[places])
        batch = torch.from_numpy(crops.pixels), torch.from_numpy(crops.geometry), *labels
        soft = self.crops.soft
        if soft is None:
            return batch
        return *batch, torch.from_numpy(soft.class_ids[places]), torch.from_numpy(soft.shares[places])


class CropDataModule(LightningDataModule):
    """The loaders of a run: balanced and shuffled training crops, validation crops as they are."""

    def __init__(self, crops: MixedCrops, split: Split, config: TrainConfig) -> None:
        super().__init__()
        self.dataset = CropDataset(crops)
        self.split = split
        self.config = config

    def train_dataloader(self) -> DataLoader[Batch]:
        """Balanced draws; the last, incomplete batch is left out."""
        rank, world_size = self._place()
        sampler = BalancedSampler(
            self.dataset.crops,
            self.split.train,
            self.config.balance,
            seed=self.config.seed,
            rank=rank,
            world_size=world_size,
        )
        return self._loader(sampler, min(self.config.batch_size, max(len(sampler), 1)), drop_last=True)

    def val_dataloader(self) -> DataLoader[Batch] | list[DataLoader[Batch]]:
        """Every validation crop once, dealt to the processes; no loader where nothing is held out."""
        rank, world_size = self._place()
        places = self.split.validation[rank::world_size].tolist()
        if not len(self.split.validation):
            return []
        return self._loader(places, self.config.batch_size * 2, drop_last=False)

    def _place(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def _loader(self, sampler: BalancedSampler | list[int], batch_size: int, *, drop_last: bool) -> DataLoader[Batch]:
        return make_loader(
            self.dataset,
            sampler,
            batch_size,
            num_workers=self.config.runtime.num_workers,
            seed=self.config.seed,
            drop_last=drop_last,
            collate=as_it_is,
        )
