"""What the help of commands has beside options: commands in groups, and an example that can be copied."""

import re
import shutil
import textwrap
from collections.abc import Mapping, Sequence

_NAME_COLUMNS = 14
_EXAMPLE_COLUMNS = 100


def list_groups(groups: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """Headings with their entries below.

    Args:
        groups: the entries, name and one sentence, by their heading.

    Returns:
        the text, as wide as the terminal.
    """
    return "\n".join(
        f"{heading}:\n{''.join(_entry(name, sentence) for name, sentence in entries)}"
        for heading, entries in groups.items()
    )


def _entry(name: str, sentence: str) -> str:
    columns = max(40, shutil.get_terminal_size().columns - 2)
    indent = " " * (_NAME_COLUMNS + 2)
    return (
        textwrap.fill(sentence, columns, initial_indent=f"  {name:<{_NAME_COLUMNS}}", subsequent_indent=indent) + "\n"
    )


def show_example(example: str) -> str:
    r"""An example under its heading; one too long for a line goes on after a `\`, so that it can still be copied."""
    # An option and what it is given stay on one line: only the spaces before options remain spaces for the wrapping.
    kept = re.sub(r" (?!-)", "\0", example)
    lines = textwrap.wrap(
        kept, _EXAMPLE_COLUMNS, break_on_hyphens=False, break_long_words=False, subsequent_indent="    "
    )
    return "example:\n  " + " \\\n  ".join(lines).replace("\0", " ") + "\n"
