"""Arguments that several commands have."""

import argparse
from pathlib import Path

from kuzushiji_submit.core.errors import DurationError
from kuzushiji_submit.core.time_budget import TIME_IS_UP, TimeBudget, parse_duration


def add_images_argument(
    parser: argparse.ArgumentParser, purpose: str = "", *, required: bool = True, spreads: bool = False
) -> None:
    """Declares --images, which means the same everywhere (`competition.data_folder.list_images`).

    Args:
        parser: of the command.
        purpose: what the images are for, where that is not plain.
        required: whether the command needs them.
        spreads: whether --split-spreads is declared too: for commands that say which pages there are. Those that get
            ids of such pages find their scans by themselves.
    """
    parser.add_argument(
        "--images",
        type=Path,
        required=required,
        metavar="PATH",
        help=f"folder of page images (with the folders in it), an image, a PDF file or a list of paths{purpose}",
    )
    if spreads:
        parser.add_argument(
            "--split-spreads", action="store_true", help="read the scan of an open book as two pages, the right first"
        )


def add_settings_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares --config and --set."""
    parser.add_argument("--config", metavar="PRESET", help="settings: the name of a preset, or a TOML file")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override one setting; may be repeated"
    )


def add_text_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares --truth, --text and --leave-out: text of the time, as `reading.prior.texts` reads it."""
    parser.add_argument("--truth", type=Path, nargs="+", default=[], metavar="CSV", help="annotated, as in train.csv")
    parser.add_argument(
        "--text",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help='texts in UTF-8, or CSVs with a column "text"; readings in （ ） and notes in 【 】 are taken out',
    )
    parser.add_argument("--leave-out", nargs="+", default=[], metavar="BOOK", help="books of the truth not to take")


def add_weights_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares --recognizer-weights and --detector-weights; several files of a stage are averaged."""
    for stage, what in (("recognizer", "scores"), ("detector", "maps")):
        dense = ", and dense readers among them join in" if stage == "recognizer" else ""
        parser.add_argument(
            f"--{stage}-weights",
            type=Path,
            nargs="+",
            metavar="FILE",
            help=f"weights (default: the project's own); the {what} of several are averaged{dense}",
        )


def add_context_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares --prior and --column: what knows of the text around a character."""
    parser.add_argument("--prior", type=Path, metavar="FILE", help="text prior (default: the project's own)")
    parser.add_argument(
        "--column", type=Path, metavar="FILE", help="column model (default: the project's own, if there is one)"
    )


def add_time_budget_argument(parser: argparse.ArgumentParser) -> None:
    """Declares --time-budget, whose clock starts here."""
    parser.add_argument(
        "--time-budget",
        type=_time_budget,
        metavar="TIME",
        help="stop cleanly after so long (8h, 90m, 30s, 1h30m) with what there is; --resume goes on; "
        f"exit code {TIME_IS_UP}",
    )


def _time_budget(text: str) -> TimeBudget:
    try:
        return TimeBudget(parse_duration(text))
    except DurationError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
