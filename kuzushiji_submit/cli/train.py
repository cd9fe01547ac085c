"""`kuzushiji train`: a data folder in, a weights file out."""

import argparse
import os
import sys
from dataclasses import replace

from kuzushiji_submit.cli.arguments import add_time_budget_argument
from kuzushiji_submit.cli.training_arguments import add_training_arguments, prepare, prepare_detector
from kuzushiji_submit.core.time_budget import TIME_IS_UP


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser("train", help="train the detector or the recognizer on data folders")
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
    return _train_detector(args) if args.what == "detector" else _train_recognizer(args)


def _train_recognizer(args: argparse.Namespace) -> int:
    from kuzushiji_submit.core.weights_record import Provenance
    from recognition.training.train import train

    settings, sources = prepare(args)
    if args.time_budget is not None:
        # Cutting the crops has taken its part already.
        remaining = max(1.0, args.time_budget.remaining)
        settings = replace(settings, runtime=replace(settings.runtime, time_budget=remaining))
    provenance = Provenance(training_data=args.training_data, license=args.license, attribution=args.attribution)
    result = train(settings.run, sources, args.out, resume=args.resume, provenance=provenance)
    text = (
        f"{result.weights}: {result.train_crops} crops trained on, {result.validation_crops} held out"
        f"{_in_words(result.scores)}; {result.images_per_second:.0f} images/s\n"
    )
    return _end(text, len(result.history), completed=result.completed)


def _train_detector(args: argparse.Namespace) -> int:
    from detection.training.run import train_heatmap
    from kuzushiji_submit.core.weights_record import Provenance
    from kuzushiji_submit.training_data.detector_sources import match_points

    settings, sources = prepare_detector(args)
    if args.time_budget is not None:
        remaining = max(1.0, args.time_budget.remaining)
        settings = replace(settings, runtime=replace(settings.runtime, time_budget=remaining))
    provenance = Provenance(training_data=args.training_data, license=args.license, attribution=args.attribution)
    result = train_heatmap(settings, sources, args.out, match_points, resume=args.resume, provenance=provenance)
    text = (
        f"{result.weights}: {result.train_pages} pages trained on, {result.validation_pages} held out"
        f"{_in_words(result.scores)}\n"
    )
    return _end(text, result.epochs, completed=result.completed)


def _in_words(scores: dict[str, float]) -> str:
    listed = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
    return f": {listed}" if listed else ""


def _end(text: str, epochs: int, *, completed: bool) -> int:
    """Says how it ended and gives the exit code.

    Where several processes train, those beside the first say nothing and end well in any case: at another exit code of
    theirs Lightning would kill the first, which may still be writing the weights.
    """
    if os.environ.get("LOCAL_RANK", "0") != "0":
        return 0
    sys.stdout.write(text)
    if completed:
        return 0
    sys.stderr.write(f"time is up after {epochs} epochs: run again with --resume\n")
    return TIME_IS_UP
