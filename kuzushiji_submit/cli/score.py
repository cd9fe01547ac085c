"""`kuzushiji score`: the competition's F1 of a submission against truth."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kuzushiji_submit.competition.scoring import Counts


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "score",
        help="the competition's F1 of a submission against truth",
        example="kuzushiji score --truth data/train.csv --submission submission.csv --subset --by book",
    )
    parser.add_argument("--truth", type=Path, required=True, help="truth in train.csv's format")
    parser.add_argument("--submission", type=Path, required=True, help="submission to score")
    parser.add_argument("--detection-only", action="store_true", help="ignore the labels, match places only")
    parser.add_argument("--by", choices=("book", "page"), help="print the score of each book or page as well")
    parser.add_argument(
        "--subset", action="store_true", help="score the pages that both files list, leave out the others"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the score."""
    from kuzushiji_submit.competition.foreign_labels import describe_foreign_labels
    from kuzushiji_submit.competition.problems import Problem, count_by_kind
    from kuzushiji_submit.competition.scoring import score_pages, total
    from kuzushiji_submit.competition.submission import read_submission
    from kuzushiji_submit.competition.truth import read_repaired_truth

    problems: list[Problem] = []
    truth = read_repaired_truth(args.truth, problems)
    if problems:
        kinds = ", ".join(f"{count} {kind}" for kind, count in count_by_kind(problems).items())
        sys.stderr.write(f"{args.truth}: {kinds}: `kuzushiji check` lists them\n")
    submission = read_submission(args.submission)
    pages = score_pages(truth, submission, detection_only=args.detection_only, subset=args.subset)
    scored = [page for page in submission if page.image_id in pages]
    if not args.detection_only and (foreign := describe_foreign_labels(scored)):
        sys.stderr.write(f"{args.submission}: {foreign}\n")
    if len(pages) < len(truth):
        sys.stderr.write(f"{len(truth) - len(pages)} pages of the truth are not in the submission and were left out\n")
    groups = _sum_by(args.by, pages) if args.by else {}
    write = _write_json if args.json else _write_table
    write(total(pages.values()), groups, len(pages), args.by)
    return 0


def _sum_by(by: str, pages: Mapping[str, "Counts"]) -> dict[str, "Counts"]:
    """The counts of each book or page, in the order of the pages."""
    from kuzushiji_submit.competition.books import book_of
    from kuzushiji_submit.competition.scoring import Counts

    groups: dict[str, Counts] = {}
    for image_id, counts in pages.items():
        name = book_of(image_id) if by == "book" else image_id
        groups[name] = groups.get(name, Counts()) + counts
    return groups


def _write_json(whole: "Counts", groups: Mapping[str, "Counts"], pages: int, by: str | None) -> None:
    record: dict[str, object] = {**whole.as_dict(), "pages": pages}
    if by:
        record[f"by_{by}"] = {name: counts.as_dict() for name, counts in groups.items()}
    sys.stdout.write(json.dumps(record, indent=2) + "\n")


def _write_table(whole: "Counts", groups: Mapping[str, "Counts"], pages: int, by: str | None) -> None:
    width = max([len(by or ""), len("all"), *map(len, groups)])
    sys.stdout.write(f"{by or '':<{width}}      F1  precision  recall       tp       fp       fn\n")
    for name, counts in [*groups.items(), ("all", whole)]:
        sys.stdout.write(
            f"{name:<{width}}  {counts.f1:.4f}     {counts.precision:.4f}  {counts.recall:.4f} "
            f"{counts.tp:>8} {counts.fp:>8} {counts.fn:>8}\n"
        )
    sys.stdout.write(f"F1 {whole.f1:.4f} on {pages} pages\n")
