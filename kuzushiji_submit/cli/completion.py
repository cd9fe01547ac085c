"""`kuzushiji completion`: what the shell needs to complete commands, options, choices and paths at the Tab key."""

import argparse
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "completion",
        help="print what makes a shell complete commands, options and paths",
        description='bash: put eval "$(kuzushiji completion bash)" into ~/.bashrc, or save what is printed as '
        "~/.local/share/bash-completion/completions/kuzushiji, which starts faster. zsh: save it as _kuzushiji in a "
        "folder of $fpath. fish: save it as ~/.config/fish/completions/kuzushiji.fish.",
        example="kuzushiji completion bash > kuzushiji.bash",
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="which shell")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the script.

    Raises:
        ConfigError: if shtab, which writes it, is not installed.
    """
    from kuzushiji_submit.cli.main import build_parser
    from kuzushiji_submit.core.errors import ConfigError

    if find_spec("shtab") is None:
        raise ConfigError("completion is written by shtab, which is not installed: pip install shtab")
    import shtab

    parser = build_parser()
    for action in _actions(parser):
        if action.type is Path:
            # Folders come by way of the files in them, and an option may take either.
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    sys.stdout.write(f"{shtab.complete(parser, args.shell)}\n")
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The actions of a parser and of all commands below it, none of them hidden but what is hidden for good."""
    for action in parser._actions:  # the only way to a parser's arguments
        yield action
        if isinstance(action, argparse._SubParsersAction):
            action.help = None  # suppressed in the help, which lists the commands in groups
            for command in dict.fromkeys(action.choices.values()):
                yield from _actions(command)
