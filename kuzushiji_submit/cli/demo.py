"""`kuzushiji demo`: the main job on the embedded sample competition."""

import argparse
import sys
from pathlib import Path


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "demo",
        help="read the embedded sample pages: submission, F1, report",
        example="kuzushiji demo --open",
    )
    parser.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR", help="where to (default: ./demo)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ... (default: %(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Runs the demo and prints what came out."""
    from kuzushiji_submit.cli.run_demo import run_demo

    result = run_demo(args.out, args.device)
    sys.stdout.write(
        f"F1          {result.counts.f1:.4f} (places alone {result.detection.f1:.4f})\n"
        f"submission  {result.submission}\n"
        f"report      {result.report}  (open it in a browser)\n"
    )
    return 0
