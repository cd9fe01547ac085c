"""Everything that the doctor looks at, in the order in which a person asks."""

import importlib
import logging
from collections.abc import Callable, Iterator
from functools import partial

from kuzushiji_submit.diagnosis.finding import Finding, Verdict

logger = logging.getLogger(__name__)

CREDENTIALS = "Kaggle"
# By name, because what is missing on the machine must not keep the rest from being looked at.
_LOOKS = (
    ("Python", "packages", "look_at_python"),
    ("packages", "packages", "look_at_packages"),
    ("memory", "machine", "look_at_memory"),
    ("disk", "machine", "look_at_disk"),
    ("terminal", "machine", "look_at_terminal"),
    ("weights", "model_files", "look_at_model_files"),
    ("fonts", "brush_fonts", "look_at_fonts"),
    (CREDENTIALS, "kaggle_access", "look_at_credentials"),
)


def examine(device: str = "auto") -> Iterator[Finding]:
    """Looks at one thing after the other, the slowest last.

    Args:
        device: where part of a sample page is read.
    """
    for what, module, function in _LOOKS:
        yield from _guarded(what, partial(_look, module, function))
    yield from _guarded("reading", partial(_look, "reading_trial", "look_at_reading", device))


def _look(module: str, function: str, *arguments: str) -> Iterator[Finding]:
    look = getattr(importlib.import_module(f"kuzushiji_submit.diagnosis.{module}"), function)
    found: Iterator[Finding] = look(*arguments)
    yield from found


def _guarded(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings; a look that fails is a finding itself: a doctor must not die of what it finds."""
    try:
        yield from look()
    except Exception as error:
        # Nobody knows what the text of an error that nobody foresaw would show: of credentials the class alone is told.
        logger.debug("looking at %s failed", what, exc_info=what != CREDENTIALS)
        yield Finding(what, f"cannot be looked at ({_name(error)})", Verdict.NOTE, "run again with --verbose")


def _name(error: Exception) -> str:
    return str(error) if isinstance(error, ImportError) else type(error).__name__
