"""`kuzushiji doctor`: whether this machine can read pages, and what else is there or missing."""

import argparse
import json
import shutil
import sys
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kuzushiji_submit.diagnosis.finding import Finding


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="say what is installed, found and missing, and what to do about it",
        description="Looks at Python, packages, memory, disk, weights, fonts and Kaggle credentials, which it never "
        "shows, and reads part of a sample page. The exit code is 1 only if pages cannot be read.",
        example="kuzushiji doctor",
    )
    parser.add_argument("--device", default="auto", help="where to read: auto, cpu, cuda, ... (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line, for a report of a fault")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints each finding as soon as it is there; 1 if one of them keeps pages from being read."""
    from kuzushiji_submit.diagnosis.examine import examine
    from kuzushiji_submit.diagnosis.finding import Verdict

    faults = 0
    for finding in examine(args.device):
        sys.stdout.write(f"{json.dumps(asdict(finding), ensure_ascii=False)}\n" if args.json else _as_lines(finding))
        sys.stdout.flush()
        faults += finding.verdict is Verdict.FAULT
    if not args.json:
        sys.stdout.write(f"pages cannot be read: {faults} FAULT above\n" if faults else "pages can be read\n")
    return 1 if faults else 0


def _as_lines(finding: "Finding") -> str:
    """A finding as it is read: on a terminal no wider than that, into a file a line each for it and for the advice."""
    indent = " " * 18
    columns = shutil.get_terminal_size().columns - 1 if sys.stdout.isatty() else 10_000

    def fill(text: str, start: str) -> str:
        return textwrap.fill(
            text, max(60, columns), initial_indent=start, subsequent_indent=indent, break_long_words=False
        )

    lines = [fill(finding.found, f"{finding.verdict:<6}{finding.what:<12}")]
    lines += [fill(f"to do: {finding.advice}", indent)] if finding.advice else []
    return "".join(f"{line}\n" for line in lines)
