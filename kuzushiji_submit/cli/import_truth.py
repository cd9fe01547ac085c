"""`kuzushiji import`: annotations of other tools become a train.csv to train on."""

import argparse
import sys
from pathlib import Path

from kuzushiji_submit.cli.arguments import add_images_argument


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "import",
        help="make a train.csv of PAGE XML or COCO annotations",
        description="Reads PAGE XML with a box for each character (Glyph, or Word of one character) and COCO files "
        "whose categories are characters, and writes them as train.csv. Pages on which some text has no boxes are "
        "left out.",
        example="kuzushiji import annotations --images pages --out train.csv",
    )
    parser.add_argument(
        "annotations", type=Path, nargs="+", metavar="PATH", help="PAGE XML or COCO files, or folders of them"
    )
    add_images_argument(parser, ", to check names and sizes", required=False)
    parser.add_argument("--partial", action="store_true", help="keep what has boxes on pages that are not complete")
    parser.add_argument(
        "--with-hidden-books",
        action="store_true",
        help="keep books that may be in the competition's hidden test set, for work that has nothing to do with it",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace --out if it is there")
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="file to write, as train.csv")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Imports; says on stderr what was left out.

    Raises:
        AnnotationError: after the rest is written, if pages had to be left out.
    """
    from kuzushiji_submit.core.errors import AnnotationError
    from kuzushiji_submit.report.markup import plural
    from kuzushiji_submit.training_data.annotations.import_truth import ImportJob, import_truth

    job = ImportJob(
        args.annotations,
        args.out,
        args.images,
        partial=args.partial,
        hidden_books=args.with_hidden_books,
        overwrite=args.overwrite,
    )
    result = import_truth(job)
    for note in result.notes:
        sys.stderr.write(f"{note}\n")
    sys.stdout.write(f"{args.out}: {plural(result.characters, 'character')} on {plural(result.pages, 'page')}\n")
    if result.left_out:
        raise AnnotationError(
            f"{plural(len(result.left_out), 'page')} left out ({', '.join(result.left_out[:5])}): mend what is said "
            "above, or add --partial to keep the characters that have boxes"
        )
    return 0
