"""Arguments in, exit code out: 0 done, 1 an error in one line, 2 wrong usage, 130 interrupted."""

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

from detection.errors import DetectionError
from kuzushiji_submit import __version__
from kuzushiji_submit.errors import KuzushijiError
from recognition.errors import RecognitionError

COMMANDS = (
    "demo",
    "check",
    "charset",
    "stats",
    "prior",
    "crops",
    "synthesize",
    "train",
    "lr_find",
    "runs",
    "align",
    "calibrate",
    "export_onnx",
    "predict",
    "merge",
    "score",
    "validate",
    "report",
    "interpret",
    "explain",
    "download",
    "submit",
    "kernel",
)
NAMED_ERRORS = (KuzushijiError, DetectionError, RecognitionError)

logger = logging.getLogger(__name__)


def build_parser() -> argparse.ArgumentParser:
    """The parser of `kuzushiji` with all its commands."""
    parser = argparse.ArgumentParser(
        prog="kuzushiji", description="Reads pages of pre-modern Japanese books, and scores what was read."
    )
    parser.add_argument("--version", action="version", version=f"kuzushiji {__version__}")
    parser.add_argument("--verbose", action="store_true", help="debug log, and a traceback with every error")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        importlib.import_module(f"kuzushiji_submit.cli.{command}").register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command."""
    args = build_parser().parse_args(argv)
    _set_up_logging(verbose=args.verbose)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except NAMED_ERRORS as error:
        if args.verbose:
            logger.exception("the command failed")
        sys.stderr.write(f"kuzushiji: error: {' '.join(str(error).split())}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("kuzushiji: interrupted\n")
        return 130
    except BrokenPipeError:
        # The reader of stdout left (as `| head` does). Python would complain once more while closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # the user gets one line for what nobody foresaw, too
        if args.verbose:
            logger.exception("the command failed")
        what = " ".join(f"{type(error).__name__}: {error}".split())
        sys.stderr.write(f"kuzushiji: unexpected error: {what}: run again with --verbose and report what it prints\n")
        return 1
    return code


def _set_up_logging(*, verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s" if verbose else "%(message)s"))
    for name in ("kuzushiji_submit", "detection", "recognition"):
        package = logging.getLogger(name)
        package.handlers[:] = [handler]
        package.setLevel(logging.DEBUG if verbose else logging.INFO)
        package.propagate = False
