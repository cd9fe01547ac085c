"""Arguments in, exit code out: 0 done, 1 an error in one line, 2 wrong usage, 130 interrupted, 143 terminated."""

import argparse
import importlib
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kuzushiji_submit import __version__
from kuzushiji_submit.cli.command_groups import COMMAND_GROUPS, COMMANDS, command_module, command_name
from kuzushiji_submit.cli.help_text import list_groups, show_example
from kuzushiji_submit.cli.parser import Parser
from kuzushiji_submit.core.console import patient_streams
from kuzushiji_submit.core.errors import KuzushijiError
from kuzushiji_submit.core.files import refuse_long_name
from kuzushiji_submit.core.progress import end_progress, show_progress
from kuzushiji_submit.core.scratch import sweep
from kuzushiji_submit.core.signals import StoppedBySignalError, stop_by_signals

logger = logging.getLogger(__name__)


class _MainParser(Parser):
    """The parser of `kuzushiji`, whose help lists the commands in groups.

    Attributes:
        sentences: what each command does, by the command as it is typed.
    """

    sentences: Mapping[str, str] = {}

    def format_help(self) -> str:
        """Usage and options, the commands, and where to read more."""
        names = {heading: map(command_name, commands) for heading, commands in COMMAND_GROUPS.items()}
        groups = {heading: [(name, self.sentences[name]) for name in group] for heading, group in names.items()}
        more = "`kuzushiji COMMAND --help` tells a command's options, and ends with an example of it.\n"
        example = show_example("kuzushiji predict --images pages --out submission.csv")
        return f"{super().format_help()}\n{list_groups(groups)}\n{more}\n{example}"


class _CommandParser(Parser):
    """The parser of a command, with the options that all commands have; its help ends with an example.

    Args:
        example: the command as a user would type it.
    """

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:  # noqa: ANN401 - what argparse hands on
        super().__init__(*args, **kwargs)
        self.example = example
        _add_common_arguments(self, argparse.SUPPRESS)

    def format_help(self) -> str:
        """As the base, and the example."""
        return f"{super().format_help()}\n{show_example(self.example)}"


def _add_common_arguments(parser: argparse.ArgumentParser, default: Any) -> None:  # noqa: ANN401 - or SUPPRESS
    """Declares what may stand before the command and behind it."""
    parser.add_argument("--quiet", action="store_true", default=default, help="no progress; warnings and errors only")
    parser.add_argument(
        "--verbose", action="store_true", default=default, help="debug log, and a traceback with every error"
    )


def build_parser() -> argparse.ArgumentParser:
    """The parser of `kuzushiji` with all its commands."""
    parser = _MainParser(
        prog="kuzushiji",
        usage="kuzushiji [-h] [--version] [--quiet] [--verbose] COMMAND ...",
        description="Reads pages of pre-modern Japanese books, and scores what was read.",
    )
    parser.add_argument("--version", action="version", version=f"kuzushiji {__version__}")
    _add_common_arguments(parser, default=False)
    # Suppressed in argparse's own help, which knows no groups.
    subparsers = parser.add_subparsers(
        metavar="COMMAND", required=True, parser_class=_CommandParser, prog="kuzushiji", help=argparse.SUPPRESS
    )
    for command in COMMANDS:
        importlib.import_module(f"kuzushiji_submit.cli.{command_module(command)}").register(subparsers)
    # The only place where argparse keeps these sentences.
    parser.sentences = {action.dest: action.help or "" for action in subparsers._get_subactions()}
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command."""
    with patient_streams():
        return _run(argv)


def _run(argv: Sequence[str] | None) -> int:
    args = build_parser().parse_args(argv)
    _set_up_logging(verbose=args.verbose, quiet=args.quiet)
    show_progress(not args.quiet)
    sweep()
    try:
        # Told to stop, also by `docker stop`, a command leaves its work whole and nothing temporary.
        with stop_by_signals():
            _refuse_long_paths(args)
            code: int = args.run(args)
    except KuzushijiError as error:
        if args.verbose:
            logger.exception("the command failed")
        end_progress()
        sys.stderr.write(f"kuzushiji: error: {' '.join(str(error).split())}\n")
        return 1
    except StoppedBySignalError as stopped:
        end_progress()
        again = "run again with --resume" if hasattr(args, "resume") else "run again"
        sys.stderr.write(f"kuzushiji: {stopped}: {again}\n")
        return stopped.exit_code
    except KeyboardInterrupt:
        end_progress()
        sys.stderr.write("kuzushiji: interrupted\n")
        return 130
    except BrokenPipeError:
        return 1  # the reader of what was written to standard output left, as `| head` does
    except Exception as error:  # the user gets one line for what nobody foresaw, too
        if args.verbose:
            logger.exception("the command failed")
        end_progress()
        what = " ".join(f"{type(error).__name__}: {error}".split())
        sys.stderr.write(f"kuzushiji: unexpected error: {what}: run again with --verbose and report what it prints\n")
        return 1
    return code


def _refuse_long_paths(args: argparse.Namespace) -> None:
    """Names an argument that is too long for a path before anything is done with it."""
    for name, value in vars(args).items():
        for path in value if isinstance(value, list | tuple) else (value,):
            if isinstance(path, Path):
                refuse_long_name(path, f"--{name.replace('_', '-')}")


def _set_up_logging(*, verbose: bool, quiet: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s" if verbose else "%(message)s"))
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    for name in ("kuzushiji_submit", "detection", "recognition"):
        package = logging.getLogger(name)
        package.handlers[:] = [handler]
        package.setLevel(level)
        package.propagate = False
