"""`kuzushiji stats`: what is in a data folder."""

import argparse
import sys
from pathlib import Path

from kuzushiji_submit.cli.arguments import add_settings_arguments

_SHOWN = 20


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "stats",
        help="figures and pictures of a data folder, as a report",
        description="Counts pages, characters and classes, draws class frequencies before and after balancing, pages "
        "with their boxes, samples, and characters step by step into what a network sees.",
        example="kuzushiji stats data --out stats",
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder in the competition's layout")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="new or empty folder, or an earlier report"
    )
    parser.add_argument("--contains", metavar="CHARACTER", help="list the pages with this character: は or U+306F")
    parser.add_argument(
        "--sample", type=_sample, nargs="+", default=[], metavar="IMAGE_ID:INDEX", help="show these characters only"
    )
    add_settings_arguments(parser)
    parser.set_defaults(run=run)


def _sample(value: str) -> tuple[str, int]:
    image_id, _, index = value.rpartition(":")
    if not image_id or not index.isdigit():
        raise argparse.ArgumentTypeError(f"{value!r} is not IMAGE_ID:INDEX, as in 100241706_00004_2:17")
    return image_id, int(index)


def run(args: argparse.Namespace) -> int:
    """Writes the report and prints the figures."""
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.core.charset import parse_character
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.stats.build_statistics import StatsSettings, build_statistics

    settings = read_settings(StatsSettings(), args.config, args.set)
    contains = parse_character(args.contains) if args.contains else None
    made = build_statistics(DataFolder(args.data), args.out, settings, samples=args.sample, contains=contains)
    figures = made.figures
    sys.stdout.write(
        f"{made.index}\n{figures.pages:,} pages ({figures.empty:,} without text) of {len(figures.books):,} books, "
        f"{figures.characters:,} characters of {len(figures.counts):,} classes\n"
    )
    if contains:
        found = made.pages_with
        sys.stdout.write(f"{contains} on {len(found):,} pages\n")
        for image_id, times in found[:_SHOWN]:
            sys.stdout.write(f"{image_id}  {times}\n")
        if len(found) > _SHOWN:
            sys.stdout.write(f"... and {len(found) - _SHOWN:,} more, listed in the report\n")
    return 0
