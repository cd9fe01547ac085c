"""`kuzushiji runs`: every training run in one table."""

import argparse
import sys
from pathlib import Path


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "runs",
        help="tabulate training runs: settings, data, speed, scores",
        example="kuzushiji runs run --settings",
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="folders of runs, or folders above them")
    parser.add_argument("--csv", action="store_true", help="print CSV with every setting instead of a table")
    parser.add_argument("--settings", action="store_true", help="show the settings in which the runs differ as well")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the table.

    Raises:
        RunError: if there is no run in the folders.
    """
    from kuzushiji_submit.core.errors import RunError
    from kuzushiji_submit.core.training.runs import differing_settings, find_runs, format_table, write_csv

    runs = find_runs(args.folders)
    if not runs:
        raise RunError(f"{', '.join(map(str, args.folders))}: no training run in there: name the --out of a training")
    if args.csv:
        write_csv(runs, sys.stdout)
    else:
        sys.stdout.write(format_table(runs, differing_settings(runs) if args.settings else ()))
    return 0
