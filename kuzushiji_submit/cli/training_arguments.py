"""What `train` and `lr-find` have in common."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kuzushiji_submit.cli.arguments import add_settings_arguments

if TYPE_CHECKING:
    from detection.training.config import HeatmapTraining
    from detection.training.data import StoreSource
    from detection.training.dense_config import DenseTraining
    from kuzushiji_submit.core.charset import Charset
    from kuzushiji_submit.training_data.recognizer_sources import RecognizerTraining, TrainingFolder
    from recognition.training.sources import CropSource


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments, but for the model's name."""
    parser.add_argument("--data", type=Path, required=True, nargs="+", metavar="DATA", help="data folders to train on")
    parser.add_argument(
        "--train-only",
        type=Path,
        nargs="+",
        default=[],
        metavar="DATA",
        help="data folders whose books are not held out",
    )
    parser.add_argument(
        "--shares", type=float, nargs="+", metavar="S", help="shares of the draws, one a folder, those of --data first"
    )
    parser.add_argument("--weights", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument(
        "--false-alarms",
        type=Path,
        nargs="+",
        default=[],
        metavar="DATA",
        help="those of the folders whose truth is complete: what the ink detector finds beside it is no character",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    parser.add_argument("--crops", type=Path, metavar="DIR", help="folder of the cut crops (default: RUN/crops)")
    parser.add_argument("--pages", type=Path, metavar="DIR", help="folder of the prepared pages (default: RUN/pages)")
    parser.add_argument("--charset", type=Path, metavar="CSV", help="classes (default: every codepoint of the data)")
    parser.add_argument("--fold", type=int, metavar="K", help="hold out the books of this fold")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes that cut crops or prepare pages (default: %(default)s)"
    )
    add_settings_arguments(parser)


def prepare(args: argparse.Namespace) -> "tuple[RecognizerTraining, list[CropSource]]":
    """Resolves the settings and makes the crops.

    Raises:
        KuzushijiError: if a setting or the data is not usable.
    """
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.training_data.recognizer_sources import (
        DEFAULT_PRESET,
        RecognizerTraining,
        make_sources,
        read_charset,
    )

    _refuse_weights(args)
    _refuse(args, "detector", ("pages",))
    settings = read_settings(RecognizerTraining(), args.config or DEFAULT_PRESET, args.set)
    if args.fold is not None:
        settings = replace(settings, split=replace(settings.split, fold=args.fold))
    charset = read_charset(args.charset) if args.charset else None
    sources = make_sources(
        training_folders(args), args.crops or args.out / "crops", settings, charset, workers=max(1, args.workers)
    )
    return settings, sources


def prepare_detector(args: argparse.Namespace) -> "tuple[HeatmapTraining, list[StoreSource]]":
    """Resolves the settings and prepares the pages.

    Raises:
        KuzushijiError: if a setting or the data is not usable.
    """
    from detection.training.config import HeatmapTraining
    from kuzushiji_submit.core.settings import read_settings

    _refuse_weights(args)
    _refuse(args, "recognizer", ("crops", "charset", "false_alarms"))
    fold = [] if args.fold is None else [f"split.fold={args.fold}"]
    settings = read_settings(HeatmapTraining(), args.config, [*args.set, *fold])
    return settings, _page_sources(args)


def prepare_dense(args: argparse.Namespace) -> "tuple[DenseTraining, list[StoreSource], Charset | None]":
    """Resolves the settings, prepares the pages and reads the charset, where one is named.

    Raises:
        KuzushijiError: if a setting or the data is not usable.
    """
    from detection.training.dense_config import DenseTraining
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.training_data.recognizer_sources import read_charset

    _refuse_weights(args)
    _refuse(args, "recognizer", ("crops", "false_alarms"))
    fold = [] if args.fold is None else [f"split.fold={args.fold}"]
    settings = read_settings(DenseTraining(), args.config, [*args.set, *fold])
    charset = read_charset(args.charset) if args.charset else None
    return settings, _page_sources(args), charset


def _page_sources(args: argparse.Namespace) -> "list[StoreSource]":
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.training_data.detector_sources import make_page_sources

    return make_page_sources(
        [DataFolder(path) for path in args.data],
        args.pages or args.out / "pages",
        args.shares or (),
        [DataFolder(path) for path in args.train_only],
        workers=max(1, args.workers),
    )


def _refuse_weights(args: argparse.Namespace) -> None:
    """Weights are what a network has learned; a word that once meant shares of data would be taken for them."""
    from kuzushiji_submit.core.errors import ConfigError

    if args.weights:
        raise ConfigError(
            f"--weights is no option of training: write --shares {' '.join(args.weights)} for shares of the draws, or "
            "--set initial_weights=FILE to start from a weights file"
        )


def _refuse(args: argparse.Namespace, other: str, names: Sequence[str]) -> None:
    """Names an option that would be ignored, because only the other model has it."""
    from kuzushiji_submit.core.errors import ConfigError

    for name in names:
        if getattr(args, name):
            raise ConfigError(f"--{name.replace('_', '-')} is an option of the {other}: leave it out")


def training_folders(args: argparse.Namespace) -> "list[TrainingFolder]":
    """The data folders of a recognizer's run and their parts in it.

    Raises:
        ConfigError: if the shares are not one a folder, or false alarms are wanted of a folder that is none of them.
    """
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.training_data.recognizer_sources import TrainingFolder

    paths = [*args.data, *args.train_only]
    shares = args.shares or [None] * len(paths)
    if len(shares) != len(paths):
        raise ConfigError(f"--shares has {len(shares)} numbers for {len(paths)} data folders: give one a folder")
    unknown = [str(path) for path in args.false_alarms if path not in paths]
    if unknown:
        raise ConfigError(f"--false-alarms {unknown[0]}: not among the data folders: name it as in --data")
    return [
        TrainingFolder(DataFolder(path), share, place < len(args.data), path in args.false_alarms)
        for place, (path, share) in enumerate(zip(paths, shares, strict=True))
    ]
