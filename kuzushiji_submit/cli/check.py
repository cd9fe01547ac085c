"""`kuzushiji check DATA`: every file and image of a data folder, one line per problem."""

import argparse
import sys
from pathlib import Path

from kuzushiji_submit.competition.data_folder import DataFolder


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "check",
        help="check every file and image of a data folder, one line per problem",
        example="kuzushiji check data",
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder in the competition's layout")
    parser.add_argument("--workers", type=int, default=2, help="threads that decode images (default: %(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the problems and a summary; 1 if any of them needs the user."""
    return print_check(DataFolder(args.data), args.workers)


def print_check(folder: DataFolder, workers: int) -> int:
    """The same for a folder: prints the problems and a summary, and gives the exit code."""
    from kuzushiji_submit.competition.check import check_data
    from kuzushiji_submit.competition.problems import count_by_kind

    result = check_data(folder, workers=max(1, workers))
    for problem in result.problems:
        sys.stdout.write(f"{problem}\n")
    kinds = ", ".join(f"{count} {kind}" for kind, count in count_by_kind(result.problems).items())
    sys.stdout.write(
        f"{result.pages} train pages, {result.characters} characters of {len(result.charset)} classes "
        f"(charset {result.charset.fingerprint}), {result.images} images: "
        f"{result.errors} errors, {len(result.problems) - result.errors} warnings{f' ({kinds})' if kinds else ''}\n"
    )
    return 1 if result.errors else 0
