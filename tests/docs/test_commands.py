"""What the pages tell a reader to type is understood by the command line."""

import argparse
import shlex
from functools import cache

import pytest

from kuzushiji_submit.cli.main import build_parser
from tests.docs_pages import PAGES, commands, name_of

COMMANDS = [(name_of(page), command) for page in PAGES for command in commands(page)]
REST = ("...", "…")


@cache
def parser_for(abridged: bool) -> argparse.ArgumentParser:
    """The command line; where the page leaves out options with an ellipsis, nothing is missing."""
    parser = build_parser()
    pending = [parser] if abridged else []
    while pending:
        for action in pending.pop()._actions:
            if isinstance(action, argparse._SubParsersAction):
                pending.extend(action.choices.values())
            action.required = False
    return parser


def test_there_are_commands():
    assert {page for page, _ in COMMANDS} >= {"README.md", "docs/start.md", "docs/train.md", "docs/walkthrough.md"}


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_it_is_understood(page, command):
    words = shlex.split(command)[1:]
    parser_for(bool(set(words) & set(REST))).parse_args([word for word in words if word not in REST])


@pytest.mark.parametrize(
    "command", ["kuzushiji", "kuzushiji predict --images A", "kuzushiji predict ... --outt B", "kuzushiji pradict ..."]
)
def test_what_is_wrong_is_not(command):
    with pytest.raises(SystemExit):
        test_it_is_understood("", command)
