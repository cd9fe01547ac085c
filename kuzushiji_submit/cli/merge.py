"""`kuzushiji merge`: the submissions of several shards become one."""

import argparse
from pathlib import Path


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "merge",
        help="join the submissions that predict --shard wrote",
        example="kuzushiji merge part1.csv part2.csv --sample data/sample_submission.csv --out merged.csv",
    )
    parser.add_argument("submissions", type=Path, nargs="+", metavar="CSV")
    parser.add_argument("--sample", type=Path, required=True, help="sample_submission.csv: which rows, in which order")
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="submission to write (- for stdout)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Writes the joined submission."""
    from kuzushiji_submit.competition.id_forms import match_ids
    from kuzushiji_submit.competition.sample import read_sample_ids
    from kuzushiji_submit.competition.submission import PagePoints, read_submission, write_submission
    from kuzushiji_submit.core.console import summary_stream
    from kuzushiji_submit.core.errors import SubmissionError

    pages: dict[str, PagePoints] = {}
    for path in args.submissions:
        for page in read_submission(path):
            if page.image_id in pages:
                raise SubmissionError(f"{path}: {page.image_id} is in an earlier file too: merge shards of one run")
            pages[page.image_id] = page
    sample_ids = read_sample_ids(args.sample)
    missing = [image_id for image_id in sample_ids if image_id not in pages]
    for image_id, form in match_ids(missing, pages.keys() - set(sample_ids)).otherwise().items():
        raise SubmissionError(
            f"{form.name!r} is {image_id!r} in the sample ({form.difference}): predict with --sample, or write it so"
        )
    if missing:
        raise SubmissionError(
            f"{missing[0]} is in none of the files ({len(missing)} such): merge all shards of the run"
        )
    write_submission(args.out, sample_ids, pages)
    said = summary_stream(args.out)
    said.write(f"{args.out}: {sum(map(len, pages.values()))} characters on {len(sample_ids)} pages\n")
    return 0
