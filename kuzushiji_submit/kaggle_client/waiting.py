"""Waiting: for a server that is busy, for a state to change."""

import logging
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from kuzushiji_submit.core.errors import KaggleBusyError

Value = TypeVar("Value")
MAXIMUM_FAILURES = 5
LONGEST_PAUSE = 300.0  # seconds; a server that asks for more is not waited for

logger = logging.getLogger(__name__)


def pause_after(error: KaggleBusyError, failures: int) -> None:
    """Waits as long as the server asked, or 2, 4, 8 ... 60 seconds.

    Args:
        error: what the server or the network said.
        failures: how often in a row it has been so, 1 or more.

    Raises:
        KaggleBusyError: the same error, if the server asks for more than LONGEST_PAUSE.
    """
    seconds = min(2.0**failures, 60.0) if error.retry_after is None else error.retry_after
    if seconds > LONGEST_PAUSE:
        raise error
    logger.info("%s; trying again in %.0f s", str(error).rpartition(": ")[0], seconds)
    time.sleep(seconds)


def keep_trying(call: Callable[[], Value], progress: Callable[[], int] = lambda: 0) -> Value:
    """Repeats a call that may be repeated, until it succeeds or fails MAXIMUM_FAILURES times in a row.

    Args:
        call: the call.
        progress: something that grows when a failed call got further than the one before; its failure then counts as
            the first.

    Raises:
        KaggleBusyError: the last one.
    """
    failures, furthest = 0, progress()
    while True:
        try:
            return call()
        except KaggleBusyError as error:
            now = progress()
            failures, furthest = (failures + 1, furthest) if now <= furthest else (1, now)
            if failures == MAXIMUM_FAILURES:
                raise
            pause_after(error, failures)


def polls(seconds: float, first: float, most: float) -> Iterator[float]:
    """Comes back at growing intervals until the time is over, at least once.

    Args:
        seconds: how long to go on.
        first: the first interval in seconds.
        most: the longest interval.

    Yields:
        the seconds gone since the start.
    """
    start = time.monotonic()
    interval = first
    yield 0.0
    while (gone := time.monotonic() - start) < seconds:
        time.sleep(min(interval, seconds - gone))
        yield time.monotonic() - start
        interval = min(interval * 1.5, most)
