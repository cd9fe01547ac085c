"""`kuzushiji validate`: refuses what Kaggle would refuse or score as zero."""

import argparse
import sys
from pathlib import Path

_SHOWN = 50


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "validate",
        help="refuse what Kaggle would refuse or score as zero",
        example="kuzushiji validate submission.csv --sample data/sample_submission.csv",
    )
    parser.add_argument("submission", type=Path, metavar="submission.csv")
    parser.add_argument("--sample", type=Path, required=True, help="the competition's sample_submission.csv")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints every fault; 1 if there is one."""
    from kuzushiji_submit.competition.sample import read_sample_ids
    from kuzushiji_submit.competition.submission import find_faults
    from kuzushiji_submit.core.errors import SubmissionError

    sample_ids = read_sample_ids(args.sample)
    faults = find_faults(args.submission, sample_ids)
    for fault in faults[:_SHOWN]:
        sys.stdout.write(f"{fault}\n")
    if len(faults) > _SHOWN:
        sys.stdout.write(f"... and {len(faults) - _SHOWN} more\n")
    if faults:
        raise SubmissionError(f"{args.submission}: {len(faults)} faults, listed above: correct them before submitting")
    sys.stdout.write(f"{args.submission}: {len(sample_ids)} pages, ready to submit\n")
    return 0
