"""Measure how much a split that leaks flatters: the same small network under three splits, errors side by side.

Usage: python scripts/measure_leak.py --data DATA [DATA ...] --out DIR [--copies-to 500] [--workers N]
                                      [--charset CSV] [--config TOML] [--set KEY=VALUE ...]

- books         whole books are held out, classes are balanced by the sampler (how this project trains)
- crops         single crops are held out by chance: characters of the same page and hand are on both sides
- copied_crops  every class is copied up to a number first, then copies and originals are dealt by chance (the seed)

The network, its 32 px squished and binarized crops, the absence of augmentation and the share held out are the seed's;
the widths are a fifth of its own. Each split balances to the same number of crops a class. An interrupted measurement
goes on where it stopped when it is started again.
"""

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.cli.arguments import add_settings_arguments
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.errors import KuzushijiError
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.training_data.recognizer_sources import (
    RecognizerTraining,
    TrainingFolder,
    make_sources,
    read_charset,
)
from recognition.crops import CropConfig
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.preprocess import PreprocessConfig
from recognition.training.config import AugmentConfig, BalanceConfig, SplitConfig, TrainConfig
from recognition.training.sources import CropSource, MixedCrops
from recognition.training.split import Split, make_split, used_crops, validates
from recognition.training.train import train

SEED_LIKE = RecognizerTraining(
    model=KuzuCharRecConfig(stage_widths=(24, 48, 96)),
    crop=CropConfig(size=32, margin=0.0, resize="squish"),
    preprocess=PreprocessConfig(binarize="height"),
    augment=AugmentConfig(strength=0.0),
    split=SplitConfig(folds=3),
    export="last",
)
SPLITS = ("books", "crops", "copied_crops")
SEED_SHARE = 0.3
"""The share of the crops that the seed held out."""


@dataclass(frozen=True)
class Measurement:
    """What one split gave."""

    mode: str
    train_crops: int
    validation_crops: int
    leaked: float
    error: float
    macro_error: float
    train_error: float
    seconds: float

    def line(self) -> str:
        """A row under HEADER."""
        return (
            f"{self.mode:<13}{self.train_crops:>9,}{self.validation_crops:>9,}{self.leaked:>9.1%}{self.error:>9.4f}"
            f"{self.macro_error:>9.4f}{self.train_error:>9.4f}{self.seconds:>7.0f}"
        )


HEADER = "split            train held out   leaked    error    macro    train seconds"


def split_by(mode: str, crops: MixedCrops, config: SplitConfig, copies_to: int) -> Split:
    """The split of a mode; "crops" and "copied_crops" leak on purpose.

    What the seed did: every class copied up to a number, then copies and originals dealt by chance. Without copying it
    is the random split of most tutorials: neighbors on a page are on both sides.
    """
    if mode == "books":
        return make_split(crops, config)
    random = np.random.default_rng([config.seed, 2])
    used, candidates = used_crops(crops, config), validates(crops)
    dealt = used[candidates[used]]
    if mode == "copied_crops":
        dealt = np.concatenate([dealt, copies(dealt, crops.class_ids[dealt], copies_to, random)])
    dealt = random.permutation(dealt)
    count = round(SEED_SHARE * len(dealt))
    train = np.sort(np.concatenate([used[~candidates[used]], dealt[count:]]))
    validation = np.sort(dealt[:count])
    copied = "copied, then " if mode == "copied_crops" else ""
    words = f"leaking: crops {copied}split at random, {leaked(train, validation):.1%} of the held-out ones trained on"
    return Split(train, validation, (), words)


def copies(
    places: NDArray[np.int64], class_ids: NDArray[np.int64], copies_to: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Places drawn again, with replacement, for each class that has fewer than `copies_to`, to make up the rest."""
    order = np.argsort(class_ids, kind="stable")
    starts = np.unique(class_ids[order], return_index=True)[1]
    copied = [
        random.choice(members, copies_to - len(members))
        for members in np.split(places[order], starts[1:])
        if 0 < len(members) < copies_to
    ]
    return np.concatenate([np.zeros(0, np.int64), *copied])


def leaked(train: NDArray[np.int64], validation: NDArray[np.int64]) -> float:
    """Share of the validation crops that are trained on too, in [0, 1]."""
    return float(np.isin(validation, train).mean()) if len(validation) else 0.0


def measure(config: TrainConfig, sources: list[CropSource], mode: str, copies_to: int, out: Path) -> Measurement:
    """Trains under one split; the errors are those of the last epoch."""
    balance = BalanceConfig(power=1.0, at_least=0.0 if mode == "copied_crops" else float(copies_to))
    config = replace(config, balance=balance)
    split = split_by(mode, MixedCrops(sources), config.split, copies_to)
    started = time.perf_counter()
    resume = (out / mode / "checkpoints" / "last.ckpt").is_file()
    last = train(config, sources, out / mode, resume=resume, split=split).history[-1]
    return Measurement(
        mode=mode,
        train_crops=len(split.train),
        validation_crops=len(split.validation),
        leaked=leaked(split.train, split.validation),
        error=1 - last["val/top1"],
        macro_error=1 - last["val/macro"],
        train_error=1 - last["train/top1"],
        seconds=time.perf_counter() - started,
    )


def main() -> int:
    """Measures all three splits and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, nargs="+", metavar="DATA")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets the crops and a run a split")
    parser.add_argument("--charset", type=Path, metavar="CSV", help="classes (default: every codepoint of the data)")
    parser.add_argument("--copies-to", type=int, default=500, metavar="N", help="crops a class at least (default: 500)")
    parser.add_argument("--workers", type=int, default=1, help="processes that cut crops (default: 1)")
    add_settings_arguments(parser)
    args = parser.parse_args()
    try:
        settings = read_settings(SEED_LIKE, args.config, args.set)
        folders = [TrainingFolder(DataFolder(path)) for path in args.data]
        charset = read_charset(args.charset) if args.charset else None
        sources = make_sources(folders, args.out / "crops", settings, charset, workers=args.workers)
        print(HEADER)
        for mode in SPLITS:
            print(measure(settings.run, sources, mode, args.copies_to, args.out).line(), flush=True)
    except KuzushijiError as error:
        sys.stderr.write(f"measure_leak: error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
