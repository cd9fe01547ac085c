"""What `train` and `lr-find` have in common."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kuzushiji_submit.cli.settings import add_settings_arguments

if TYPE_CHECKING:
    from kuzushiji_submit.training import RecognizerTraining
    from recognition.training.sources import CropSource


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("what", choices=("recognizer",), help="which model")
    parser.add_argument("--data", type=Path, required=True, nargs="+", metavar="DATA", help="data folders to train on")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    parser.add_argument("--crops", type=Path, metavar="DIR", help="folder of the cut crops (default: RUN/crops)")
    parser.add_argument("--charset", type=Path, metavar="CSV", help="classes (default: every codepoint of the data)")
    parser.add_argument("--fold", type=int, metavar="K", help="hold out the books of this fold")
    parser.add_argument("--workers", type=int, default=1, help="processes that cut crops (default: %(default)s)")
    add_settings_arguments(parser)


def prepare(args: argparse.Namespace) -> "tuple[RecognizerTraining, list[CropSource]]":
    """Resolves the settings and makes the crops.

    Raises:
        KuzushijiError, RecognitionError: if a setting or the data is not usable.
    """
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.config import resolve_config
    from kuzushiji_submit.training import RecognizerTraining, make_sources, read_charset

    settings = resolve_config(RecognizerTraining(), args.config, args.set)
    if args.fold is not None:
        settings = replace(settings, split=replace(settings.split, fold=args.fold))
    charset = read_charset(args.charset) if args.charset else None
    folders = [DataFolder(path) for path in args.data]
    sources = make_sources(folders, args.crops or args.out / "crops", settings, charset, workers=max(1, args.workers))
    return settings, sources
