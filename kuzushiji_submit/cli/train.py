"""`kuzushiji train`: a data folder in, a weights file out."""

import argparse
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from kuzushiji_submit.cli.arguments import add_time_budget_argument
from kuzushiji_submit.cli.training_arguments import add_training_arguments, prepare, prepare_dense, prepare_detector
from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.core.training.config import TrainingConfig

if TYPE_CHECKING:
    from kuzushiji_submit.core.training.run import TrainingResult

Config = TypeVar("Config", bound=TrainingConfig)


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "train",
        help="train the detector, the recognizer or the dense reader on data folders",
        example="kuzushiji train recognizer --data data --out run --time-budget 8h",
    )
    add_training_arguments(parser)
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
        train = {"detector": _train_detector, "recognizer": _train_recognizer, "dense": _train_dense}
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


def _within_budget(config: Config, args: argparse.Namespace) -> Config:
    """The settings with the time that is left: cutting crops and preparing pages have taken their part already."""
    if args.time_budget is None:
        return config
    remaining = max(1.0, args.time_budget.remaining)
    return replace(config, runtime=replace(config.runtime, time_budget=remaining))


def _end(result: "TrainingResult", items: str) -> int:
    """Says how it ended and gives the exit code.

    Where several processes train, those beside the first say nothing and end well in any case: at another exit code of
    theirs Lightning would kill the first, which may still be writing the weights.
    """
    if os.environ.get("LOCAL_RANK", "0") != "0":
        return 0
    scores = ", ".join(f"{name.removeprefix('val/')} {value:.4f}" for name, value in result.scores.items())
    sys.stdout.write(
        f"{result.weights}: {result.trained_on} {items} trained on, {result.held_out} held out"
        f"{': ' if scores else ''}{scores}; {result.images_per_second:.0f} images/s\n"
    )
    if result.completed:
        return 0
    sys.stderr.write(f"time is up after {len(result.history)} epochs: run again with --resume\n")
    return TIME_IS_UP
