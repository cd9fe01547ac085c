"""`kuzushiji train`: data folders or texts in, a weights file out."""

import argparse
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from kuzushiji_submit.cli.arguments import add_time_budget_argument
from kuzushiji_submit.cli.column_arguments import add_column_arguments, prepare_column
from kuzushiji_submit.cli.training_arguments import add_training_arguments, prepare, prepare_dense, prepare_detector
from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.core.training.config import TrainingConfig

if TYPE_CHECKING:
    from kuzushiji_submit.core.training.run import TrainingResult

Config = TypeVar("Config", bound=TrainingConfig)


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command and its parts, one a model."""
    parser = subparsers.add_parser(
        "train",
        help="train the detector, the recognizer, the dense reader or the column model",
        example="kuzushiji train recognizer --data data --out run --time-budget 8h",
    )
    parts = parser.add_subparsers(title="models", metavar="MODEL", dest="what", required=True)
    for what, name in (("detector", "detector"), ("recognizer", "recognizer"), ("dense", "dense reader")):
        part = parts.add_parser(
            what,
            help=f"train the {name} on data folders",
            example=f"kuzushiji train {what} --data data --out runs/{what} --time-budget 8h",
        )
        add_training_arguments(part)
        _add_run_arguments(part)
    column = parts.add_parser(
        "column",
        help="train the column model on texts and on what recognizers mistake for what",
        example="kuzushiji train column --truth data/train.csv --text texts/genji.txt --crops run/crops/00-data "
        "--recognizer-weights run/recognizer.safetensors --config column --out runs/column",
    )
    add_column_arguments(column)
    _add_run_arguments(column)


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    add_time_budget_argument(parser)
    provenance = parser.add_argument_group("what the weights file says about itself")
    provenance.add_argument("--training-data", default="", metavar="TEXT", help="what the data is, with its versions")
    provenance.add_argument("--license", default="", metavar="NAME", help="license of the weights")
    provenance.add_argument("--attribution", default="", metavar="TEXT", help="the words that license asks for")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Trains and prints where the weights are and what they score; 3 if time was up before the last epoch was over."""
    from kuzushiji_submit.core.claims import sole_writer

    with sole_writer(args.out, "--out"):
        train = {
            "detector": _train_detector,
            "recognizer": _train_recognizer,
            "dense": _train_dense,
            "column": _train_column,
        }
        return train[args.what](args)


def _train_recognizer(args: argparse.Namespace) -> int:
    from kuzushiji_submit.core.weights_record import Provenance
    from recognition.training.train import train

    settings, sources = prepare(args)
    provenance = Provenance(training_data=args.training_data, license=args.license, attribution=args.attribution)
    config = _within_budget(settings.run, args)
    return _end(train(config, sources, args.out, resume=args.resume, provenance=provenance), "crops")


def _train_detector(args: argparse.Namespace) -> int:
    from detection.training.run import train_heatmap
    from kuzushiji_submit.core.weights_record import Provenance
    from kuzushiji_submit.training_data.detector_sources import match_points

    settings, sources = prepare_detector(args)
    provenance = Provenance(training_data=args.training_data, license=args.license, attribution=args.attribution)
    config = _within_budget(settings, args)
    result = train_heatmap(config, sources, args.out, match_points, resume=args.resume, provenance=provenance)
    return _end(result, "pages")


def _train_dense(args: argparse.Namespace) -> int:
    from detection.training.dense_run import train_dense
    from kuzushiji_submit.core.weights_record import Provenance

    settings, sources, charset = prepare_dense(args)
    provenance = Provenance(training_data=args.training_data, license=args.license, attribution=args.attribution)
    config = _within_budget(settings, args)
    result = train_dense(config, sources, args.out, charset, resume=args.resume, provenance=provenance)
    return _end(result, "pages")


def _train_column(args: argparse.Namespace) -> int:
    from kuzushiji_submit.core.weights_record import Provenance
    from recognition.training.column_run import train_column

    settings, sources, confusions, charset = prepare_column(args)
    provenance = Provenance(training_data=args.training_data, license=args.license, attribution=args.attribution)
    config = _within_budget(settings, args)
    result = train_column(config, sources, confusions, charset, args.out, resume=args.resume, provenance=provenance)
    return _end(result, "characters", "windows")


def _within_budget(config: Config, args: argparse.Namespace) -> Config:
    """The settings with the time that is left: cutting crops and preparing pages have taken their part already."""
    if args.time_budget is None:
        return config
    remaining = max(1.0, args.time_budget.remaining)
    return replace(config, runtime=replace(config.runtime, time_budget=remaining))


def _end(result: "TrainingResult", items: str, drawn: str = "images") -> int:
    """Says how it ended and gives the exit code.

    Args:
        result: what the run left.
        items: what its data is counted in.
        drawn: what its steps are counted in.

    Where several processes train, those beside the first say nothing and end well in any case: at another exit code of
    theirs Lightning would kill the first, which may still be writing the weights.
    """
    if os.environ.get("LOCAL_RANK", "0") != "0":
        return 0
    scores = ", ".join(f"{name.removeprefix('val/')} {value:.4f}" for name, value in result.scores.items())
    sys.stdout.write(
        f"{result.weights}: {result.trained_on} {items} trained on, {result.held_out} held out"
        f"{': ' if scores else ''}{scores}; {result.images_per_second:.0f} {drawn}/s\n"
    )
    if result.completed:
        return 0
    sys.stderr.write(f"time is up after {len(result.history)} epochs: run again with --resume\n")
    return TIME_IS_UP
