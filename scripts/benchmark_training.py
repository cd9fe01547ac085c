"""How long training waits for its crops: crops a second with the real loader and with one batch repeated.

Usage: python scripts/benchmark_training.py --data DATA [DATA ...] --out DIR [--steps 50] [--readers 0 1 2]
                                            [--config TOML] [--set KEY=VALUE ...]

Everything is that of `kuzushiji train recognizer`: crops from a store, sampler, augmentation and binarization in
batches on the device, the same step. One batch repeated needs no loading, so its speed is what the device can do; the
ratio is the share of it that the real loader leaves. `waited` is that of history.csv: the time between two steps. The
crops stay in DIR/crops for another run.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader

from kuzushiji_submit.cli.arguments import add_settings_arguments
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.errors import KuzushijiError
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.core.training.history import EpochHistory
from kuzushiji_submit.core.training.runs import Row
from kuzushiji_submit.core.training.trainer import quiet_lightning
from kuzushiji_submit.training_data.recognizer_sources import (
    DEFAULT_PRESET,
    RecognizerTraining,
    TrainingFolder,
    make_sources,
)
from recognition.training.config import TrainConfig
from recognition.training.dataset import Batch, CropDataModule
from recognition.training.sources import CropSource, MixedCrops
from recognition.training.split import make_split
from recognition.training.train import make_module


class RepeatedBatch(CropDataModule):
    """The first batch of the real loader, again and again, from memory."""

    def train_dataloader(self) -> DataLoader[Batch]:
        """As many equal batches as the real loader has."""
        real = super().train_dataloader()
        batch = next(iter(real))
        repeated = [batch] * len(real)
        return DataLoader(repeated, batch_size=None)  # type: ignore[arg-type]


def measure(
    config: TrainConfig, sources: list[CropSource], data: type[CropDataModule], readers: int, steps: int
) -> Row:
    """Trains so many steps twice and gives the figures of the second time, when processes are up and files cached."""
    config = replace(config, runtime=replace(config.runtime, num_workers=readers))
    crops = MixedCrops(sources)
    split = make_split(crops, config.split)
    with tempfile.TemporaryDirectory() as scratch, quiet_lightning():
        history = EpochHistory(Path(scratch) / "history.csv", Path(scratch) / "history.png")
        trainer = Trainer(
            default_root_dir=scratch,
            accelerator=config.runtime.accelerator,
            devices=1,
            precision=config.runtime.precision,  # type: ignore[arg-type]  # checked by Lightning
            max_epochs=2,
            limit_train_batches=steps,
            limit_val_batches=0,
            callbacks=[history],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
        trainer.fit(make_module(config, crops, split), datamodule=data(crops, split, config))
    return history.rows[-1]


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, nargs="+", metavar="DATA")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets the crops")
    parser.add_argument("--steps", type=int, default=50, metavar="N", help="steps a measurement (default: 50)")
    parser.add_argument("--readers", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="processes that read")
    parser.add_argument("--workers", type=int, default=1, help="processes that cut crops (default: 1)")
    add_settings_arguments(parser)
    args = parser.parse_args()
    try:
        settings = read_settings(RecognizerTraining(), args.config or DEFAULT_PRESET, args.set)
        folders = [TrainingFolder(DataFolder(path)) for path in args.data]
        sources = make_sources(folders, args.out / "crops", settings, workers=args.workers)
        bound = measure(settings.run, sources, RepeatedBatch, 0, args.steps)
        print(f"{torch.get_num_threads()} threads, batches of {settings.batch_size}, {args.steps} steps")
        print("loading               crops/s   of the bound   waited")
        print(f"{'one batch repeated':<20}{bound['images_per_second']:>9.0f}{1:>15.1%}{bound['waited']:>9.1%}")
        for readers in args.readers:
            row = measure(settings.run, sources, CropDataModule, readers, args.steps)
            share = row["images_per_second"] / bound["images_per_second"]
            name = f"{readers} reader{'' if readers == 1 else 's'}" if readers else "in the same process"
            print(f"{name:<20}{row['images_per_second']:>9.0f}{share:>15.1%}{row['waited']:>9.1%}", flush=True)
    except KuzushijiError as error:
        sys.stderr.write(f"benchmark_training: error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
