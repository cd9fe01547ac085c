"""`kuzushiji train`: a data folder in, a weights file out."""

import argparse
import sys
from dataclasses import replace

from kuzushiji_submit.cli.settings import add_time_budget_argument
from kuzushiji_submit.cli.training import add_training_arguments, prepare
from kuzushiji_submit.time_budget import TIME_IS_UP


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser("train", help="train the recognizer on data folders")
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
    from recognition.training.train import train
    from recognition.weights_metadata import Provenance

    settings, sources = prepare(args)
    if args.time_budget is not None:
        # Cutting the crops has taken its part already.
        remaining = max(1.0, args.time_budget.remaining)
        settings = replace(settings, runtime=replace(settings.runtime, time_budget=remaining))
    provenance = Provenance(training_data=args.training_data, license=args.license, attribution=args.attribution)
    result = train(settings.run, sources, args.out, resume=args.resume, provenance=provenance)
    scores = ", ".join(f"{name} {value:.4f}" for name, value in result.scores.items())
    sys.stdout.write(
        f"{result.weights}: {result.train_crops} crops trained on, {result.validation_crops} held out"
        f"{f': {scores}' if scores else ''}; {result.images_per_second:.0f} images/s\n"
    )
    if not result.completed:
        sys.stderr.write(f"time is up after {len(result.history)} epochs: run again with --resume\n")
        return TIME_IS_UP
    return 0
