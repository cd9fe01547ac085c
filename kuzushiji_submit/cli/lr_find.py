"""`kuzushiji lr-find`: the learning-rate curve, its picture and the suggestion."""

import argparse
import sys

from kuzushiji_submit.cli.training_arguments import add_training_arguments, prepare, prepare_dense, prepare_detector


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "lr-find",
        help="find the learning rate for a training run",
        example="kuzushiji lr-find recognizer --data data --out lr-find",
    )
    parser.add_argument("what", choices=("detector", "recognizer", "dense"), help="which model")
    add_training_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Writes lr_find.csv and lr_find.png and prints the suggestion."""
    if args.what == "detector":
        from detection.training.run import heatmap_lr_find
        from kuzushiji_submit.training_data.detector_sources import match_points

        result = heatmap_lr_find(*prepare_detector(args), args.out, match_points)
    elif args.what == "dense":
        from detection.training.dense_run import dense_lr_find

        dense, pages, charset = prepare_dense(args)
        result = dense_lr_find(dense, pages, args.out, charset)
    else:
        from recognition.training.train import lr_find

        settings, sources = prepare(args)
        result = lr_find(settings.run, sources, args.out)
    suggestion = "none: the curve never falls" if result.suggestion is None else f"{result.suggestion:.2e}"
    sys.stdout.write(
        f"learning rate {suggestion}\ncurve {args.out / 'lr_find.csv'}\npicture {args.out / 'lr_find.png'}\n"
    )
    return 0
