"""An argument parser that answers a mistyped command, option or choice with the nearest one there is."""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from kuzushiji_submit.core.presets import did_you_mean

_INVALID_CHOICE = re.compile(
    r"(?P<what>.*invalid choice: )(?P<given>'.*'|\".*\") \(choose from (?P<choices>.*)\)", re.DOTALL
)
_LONG_OPTION = re.compile(r"-+[A-Za-z][^=]+")


class Parser(argparse.ArgumentParser):
    """As its base; the parsers of commands made with `add_subparsers` are of this class too."""

    _given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - the base's types
        """As the base; remembers what was given, because an error may only say what is missing."""
        self._given = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Prints usage, the message, and what was probably meant; exits with 2."""
        super().error(f"{_with_nearest_choice(message)}{self._nearest_options()}")

    def _nearest_options(self) -> str:
        known = sorted(set(self._options(self._given)))
        given = dict.fromkeys(found.group() for text in self._given if (found := _LONG_OPTION.match(text)))
        # The beginning of an option stands for it.
        mistyped = (name for name in given if not any(option.startswith(name) for option in known))
        questions = ((name, did_you_mean(name, known).strip()) for name in mistyped)
        return "".join(f"; {name}: {question}" for name, question in questions if question)

    def _options(self, given: Sequence[str]) -> Iterator[str]:
        """The long options of this parser and of the command among the arguments."""
        for action in self._actions:
            yield from (option for option in action.option_strings if option.startswith("--"))
            if isinstance(action, argparse._SubParsersAction):  # the only way to a parser's commands
                chosen = next((text for text in given if text in action.choices), None)
                if chosen is not None and isinstance(command := action.choices[chosen], Parser):
                    yield from command._options(given)


def _with_nearest_choice(message: str) -> str:
    found = _INVALID_CHOICE.fullmatch(message)
    if found is None:
        return message
    choices = re.findall(r"[^\s,'\"]+", found["choices"])
    question = did_you_mean(found["given"][1:-1], choices)
    return f"{found['what']}{found['given']}{f': {question}' if question else ' '}(choose from {', '.join(choices)})"
