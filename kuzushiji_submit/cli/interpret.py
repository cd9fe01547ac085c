"""`kuzushiji interpret`: what a recognizer gets wrong, and where it looks."""

import argparse
import sys
from pathlib import Path

from kuzushiji_submit.cli.arguments import add_settings_arguments


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "interpret",
        help="what a recognizer gets wrong and where it looks, as a report",
        description="Reads the true boxes of annotated pages: accuracy of head and tail, confusions, highest losses, "
        "doubtful labels, heatmaps. By default the pages of the books that the weights say were held out.",
        example="kuzushiji interpret --data data --weights run/recognizer.safetensors --all --out interpretation",
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DATA", help="folder in the competition's layout")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="weights (default: the project's first)")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="new or empty folder, or an earlier report"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--books", nargs="+", metavar="BOOK", help="the pages of these books")
    which.add_argument("--all", action="store_true", help="the pages of all books, those trained on as well")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ... (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="threads that cut pages ahead (default: %(default)s)")
    add_settings_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Writes the report and prints its figures.

    Raises:
        PageReadError: after the report is complete, if page images could not be read.
    """
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.core.errors import PageReadError
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.interpretation.interpret import InterpretSettings, interpret
    from kuzushiji_submit.reading.default_weights import recognizer_weights
    from recognition.recognizer import Recognizer

    settings = read_settings(InterpretSettings(), args.config, args.set)
    recognizer = Recognizer.load(recognizer_weights(args.weights), args.device)
    books = [] if args.all else args.books
    made = interpret(DataFolder(args.data), recognizer, args.out, settings, books=books, workers=max(1, args.workers))
    figures = ", ".join(f"{name} {value:.4f}" for name, value in made.figures.items())
    sys.stdout.write(f"{made.index}\n{made.crops:,} characters on {made.pages:,} pages: {figures}\n")
    if made.unreadable:
        raise PageReadError(
            f"{len(made.unreadable)} page images could not be read, first {next(iter(made.unreadable.values()))} (the "
            "report has everything else)"
        )
    return 0
