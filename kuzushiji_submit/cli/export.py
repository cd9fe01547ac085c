"""`kuzushiji export`: readings in the formats of libraries, one file a page."""

import argparse
import sys
from pathlib import Path

from kuzushiji_submit.cli.arguments import add_images_argument

FORMATS = ("page", "alto", "hocr", "text", "coco")


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "export",
        help="write readings as PAGE XML, ALTO, hOCR, COCO or text, one file a page",
        description="Writes what predict read in the formats of libraries: a folder a format, a file a page, columns "
        "as lines in reading order. docs/formats-out.md says what goes where.",
        example="kuzushiji export --submission submission.csv --characters characters.jsonl --images pages "
        "--format text page --out export",
    )
    parser.add_argument(
        "--submission", type=Path, required=True, metavar="CSV", help="the submission; its rows are the pages"
    )
    parser.add_argument(
        "--characters", type=Path, required=True, metavar="JSONL", help="what predict --characters wrote in that run"
    )
    add_images_argument(parser)
    parser.add_argument(
        "--format",
        nargs="+",
        choices=FORMATS,
        default=["page"],
        metavar="FORMAT",
        help=f"any of {', '.join(FORMATS)} (default: page)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for a folder of each format")
    earlier = parser.add_mutually_exclusive_group()
    earlier.add_argument("--resume", action="store_true", help="write only the pages that are not there yet")
    earlier.add_argument("--overwrite", action="store_true", help="replace an earlier export")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="pages at once (default: %(default)s)")
    parser.set_defaults(run=run, stoppable=True)


def run(args: argparse.Namespace) -> int:
    """Exports the pages.

    Raises:
        PageReadError: after all others are written, if pages could not be exported.
    """
    from kuzushiji_submit.core.claims import sole_writer
    from kuzushiji_submit.core.errors import PageReadError
    from kuzushiji_submit.export.export import ExportJob, export_submission
    from kuzushiji_submit.export.export_folder import Earlier
    from kuzushiji_submit.report.markup import plural

    earlier = Earlier.RESUME if args.resume else Earlier.REPLACE if args.overwrite else Earlier.REFUSE
    formats = tuple(dict.fromkeys(args.format))
    job = ExportJob(
        args.submission, args.characters, args.images, args.out, formats, earlier, workers=max(1, args.workers)
    )
    with sole_writer(args.out, "--out"):
        result = export_submission(job)
    before = f" ({result.resumed} of them before)" if result.resumed else ""
    sys.stdout.write(f"{args.out}: {plural(result.pages, 'page')}{before} as {', '.join(formats)}\n")
    for message in result.failures.values():
        sys.stderr.write(f"{message}\n")
    if result.failures:
        raise PageReadError(
            f"{plural(len(result.failures), 'page')} could not be exported ({', '.join(list(result.failures)[:5])}): "
            "mend what is said above and run again with --resume"
        )
    return 0
