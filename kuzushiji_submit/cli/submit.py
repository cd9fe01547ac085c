"""`kuzushiji submit`: a validated submission to Kaggle, once, and its score."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kuzushiji_submit.kaggle_client.competition import COMPETITION

if TYPE_CHECKING:
    from kuzushiji_submit.kaggle_client.submit import Submission


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "submit",
        help="validate a submission, submit it to Kaggle and wait for its score",
        description="Uploads nothing that Kaggle would refuse or score as zero, and the same file only once.",
        example="kuzushiji submit submission.csv -m first --wait",
    )
    parser.add_argument("submission", type=Path, metavar="submission.csv")
    parser.add_argument("-m", "--message", required=True, metavar="TEXT", help="description shown beside the score")
    parser.add_argument("--wait", action="store_true", help="wait for the score and print it")
    parser.add_argument(
        "--timeout", type=float, default=1800, metavar="S", help="longest wait in seconds (default: %(default)s)"
    )
    parser.add_argument(
        "--sample",
        type=Path,
        metavar="CSV",
        help="sample_submission.csv to validate with (default: the one beside the submission, or else Kaggle's)",
    )
    parser.add_argument("--again", action="store_true", help="submit even if Kaggle lists this very file already")
    parser.add_argument("--competition", default=COMPETITION, metavar="NAME", help="default: %(default)s")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Submits and prints the submission's number and, if it is known, its score."""
    from kuzushiji_submit.kaggle_client.client import Client
    from kuzushiji_submit.kaggle_client.submit import submit_file, wait_for_score
    from kuzushiji_submit.kaggle_client.validate import check_submission

    with Client() as client:
        check_submission(client, args.competition, args.submission, args.sample)
        submission = submit_file(client, args.competition, args.submission, args.message, again=args.again)
        sys.stdout.write(f"{args.submission}: submission {submission.ref}: {submission.description}\n")
        sys.stdout.flush()
        if args.wait:
            submission = wait_for_score(client, args.competition, submission, args.timeout)
    sys.stdout.write(f"{_score(submission)}\n")
    return 0


def _score(submission: "Submission") -> str:
    if submission.status != "COMPLETE":
        return f"{submission.status.lower()}: run the same command with --wait for the score"
    return f"public {submission.public or 'not shown'}, private {submission.private or 'not shown'}"
