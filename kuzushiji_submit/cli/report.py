"""`kuzushiji report`: pages, readings and scores as HTML files that open offline."""

import argparse
import sys
from pathlib import Path

from kuzushiji_submit.cli.arguments import add_images_argument


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "report",
        help="show the readings on the pages, as static HTML",
        description="Writes a folder of HTML files that open offline: each page's scan with the characters read, hits, "
        "misses and false alarms where truth is given, scores by page and book, and the commonest confusions.",
        example="kuzushiji report --images pages --submission submission.csv --characters characters.jsonl "
        "--out report",
    )
    add_images_argument(parser)
    parser.add_argument(
        "--submission", type=Path, required=True, metavar="CSV", help="the submission; its rows are the pages shown"
    )
    parser.add_argument("--truth", type=Path, metavar="CSV", help="truth in the format of train.csv")
    parser.add_argument(
        "--characters", type=Path, metavar="JSONL", help="boxes, scores and alternatives, as predict writes them"
    )
    parser.add_argument("--translation", type=Path, metavar="CSV", help="unicode_translation.csv")
    parser.add_argument("--max-pages", type=_positive, metavar="N", help="show the first N pages only")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="new or empty folder, or an earlier report"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Makes the report and says where it is.

    Raises:
        PageReadError: after the report is complete, if page images could not be read.
    """
    from kuzushiji_submit.core.errors import PageReadError
    from kuzushiji_submit.report.build_report import build_report
    from kuzushiji_submit.report.markup import plural

    summary = build_report(
        images=args.images,
        submission=args.submission,
        out=args.out,
        truth=args.truth,
        characters=args.characters,
        translation=args.translation,
        max_pages=args.max_pages,
    )
    lines = [str(summary.index), f"{plural(summary.pages, 'page')}, {plural(summary.characters, 'character')}"]
    if summary.score:
        counts = summary.score.counts
        lines.append(
            f"F1 {counts.f1:.4f} (precision {counts.precision:.4f}, recall {counts.recall:.4f}), "
            f"detection F1 {summary.score.detection.f1:.4f}"
        )
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    if summary.unreadable:
        first = next(iter(summary.unreadable.values()))
        raise PageReadError(
            f"{plural(len(summary.unreadable), 'page image')} could not be read, first {first} "
            "(the report has everything else)"
        )
    return 0


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a number of pages: write 1 or more")
    return number
