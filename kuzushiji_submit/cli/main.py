"""Arguments in, exit code out: 0 done, 1 an error in one line, 2 wrong usage, 130 interrupted, 143 terminated."""

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from kuzushiji_submit import __version__
from kuzushiji_submit.core.errors import KuzushijiError
from kuzushiji_submit.core.signals import StoppedBySignalError, stop_by_signals

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
    "export",
    "import",
    "interpret",
    "explain",
    "download",
    "submit",
    "kernel",
)

# A module cannot be called by a word of Python's own.
_MODULES = {"import": "import_truth"}

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
        importlib.import_module(f"kuzushiji_submit.cli.{_MODULES.get(command, command)}").register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command."""
    args = build_parser().parse_args(argv)
    _set_up_logging(verbose=args.verbose)
    try:
        # Commands that run for long and can leave their work whole say so, also when `docker stop` ends them.
        with stop_by_signals() if getattr(args, "stoppable", False) else nullcontext():
            code: int = args.run(args)
        sys.stdout.flush()
    except KuzushijiError as error:
        if args.verbose:
            logger.exception("the command failed")
        _end_progress_bars()
        sys.stderr.write(f"kuzushiji: error: {' '.join(str(error).split())}\n")
        return 1
    except StoppedBySignalError as stopped:
        _end_progress_bars()
        again = "run again with --resume" if hasattr(args, "resume") else "run again"
        sys.stderr.write(f"kuzushiji: {stopped}: {again}\n")
        return stopped.exit_code
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


def _end_progress_bars() -> None:
    """Ends the line of bars that an error left open, or the last word would stand behind them."""
    bars = getattr(sys.modules.get("tqdm.std"), "tqdm", None)
    for bar in list(getattr(bars, "_instances", ())):
        bar.close()


def _set_up_logging(*, verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s" if verbose else "%(message)s"))
    for name in ("kuzushiji_submit", "detection", "recognition"):
        package = logging.getLogger(name)
        package.handlers[:] = [handler]
        package.setLevel(logging.DEBUG if verbose else logging.INFO)
        package.propagate = False
