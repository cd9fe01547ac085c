"""What `train column` takes: texts, and the crops and readers whose confusions its eye has."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kuzushiji_submit.cli.arguments import add_settings_arguments, add_text_arguments

if TYPE_CHECKING:
    from kuzushiji_submit.core.charset import Charset
    from recognition.training.column_config import ColumnTraining
    from recognition.training.column_confusions import Confusions
    from recognition.training.column_texts import TextSource


def add_column_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add_text_arguments(parser)
    parser.add_argument(
        "--shares", type=float, nargs="+", metavar="S", help="shares of the windows, one a file, those of --truth first"
    )
    parser.add_argument(
        "--crops",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="cut crops of a recognizer's run (RUN/crops/00-DATA), to learn what readers mistake for what",
    )
    parser.add_argument(
        "--labeled", type=Path, nargs="+", default=[], metavar="DATA", help="data folders to cut such crops of"
    )
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="where crops are cut to (default: the folder of the run)"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes that cut crops (default: %(default)s)")
    parser.add_argument(
        "--recognizer-weights",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="readers of crops (default: the project's own); what several say is averaged",
    )
    parser.add_argument("--device", default="auto", help="where crops are read: auto, cpu, cuda (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    parser.add_argument(
        "--confusions", type=Path, metavar="DIR", help="folder of what is read of the crops (default: RUN/confusions)"
    )
    parser.add_argument("--fold", type=int, metavar="K", help="hold out the books of this fold")
    add_settings_arguments(parser)


def prepare_column(
    args: argparse.Namespace,
) -> "tuple[ColumnTraining, list[TextSource], Confusions, Charset]":
    """Resolves the settings, reads the texts and, where that has not been done, the crops.

    Raises:
        KuzushijiError: if a setting or the data is not usable.
    """
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.reading.default_weights import all_recognizer_weights
    from kuzushiji_submit.reading.weights_by_kind import split_by_kind
    from kuzushiji_submit.training_data.column_sources import make_confusions, make_text_sources
    from kuzushiji_submit.training_data.labeled_crops import cut_labeled
    from recognition.training.column_config import ColumnTraining
    from recognition.training.column_texts import books_held_out

    settings = read_settings(ColumnTraining(), args.config, args.set)
    if args.fold is not None:
        settings = replace(settings, split=replace(settings.split, fold=args.fold))
    sources = make_text_sources(args.truth, args.text, args.shares or (), args.leave_out)
    books_held_out(sources, settings.split)  # names what is wrong before crops are read, which takes minutes
    weights = all_recognizer_weights(args.recognizer_weights)
    if not (args.crops or args.labeled):
        raise ConfigError(
            "there is nothing that readers could mistake: name crops (--crops) or data folders (--labeled)"
        )
    recognizer = split_by_kind(weights)[0][0]
    crops = cut_labeled(args.labeled, args.store or args.out, recognizer, workers=max(1, args.workers))
    folder = args.confusions or args.out / "confusions"
    confusions, charset = make_confusions(folder, [*args.crops, *crops], weights, settings, args.device)
    return settings, sources, confusions, charset
