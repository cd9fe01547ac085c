"""How long a command may take: a duration in words, and the clock that runs against it."""

import re
import time
from dataclasses import dataclass, field

from kuzushiji_submit.core.errors import DurationError

# Exit code of a command that its time budget stopped: what it wrote is whole, and --resume goes on.
TIME_IS_UP = 3

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_PARTS = re.compile(r"(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<m>\d+(?:\.\d+)?)m)?(?:(?P<s>\d+(?:\.\d+)?)s)?", re.ASCII)


def parse_duration(text: str) -> float:
    """The seconds of a duration such as "8h", "90m", "30s", "1h30m" or "1.5h".

    Raises:
        DurationError: if it is anything else, or no time at all.
    """
    match = _PARTS.fullmatch(text.strip().lower())
    seconds = sum(float(value) * _UNITS[unit] for unit, value in match.groupdict("0").items()) if match else 0.0
    if not 0 < seconds < float("inf"):
        raise DurationError(f"{text!r} is no duration: write hours, minutes and seconds as in 8h, 90m, 30s or 1h30m")
    return seconds


def _now() -> float:
    return time.monotonic()


@dataclass(frozen=True)
class TimeBudget:
    """So many seconds from the moment it was made.

    Attributes:
        seconds: the whole of it.
    """

    seconds: float
    _start: float = field(default_factory=_now, init=False, repr=False)

    @property
    def remaining(self) -> float:
        """Seconds left; below 0 once it is overdrawn."""
        return self.seconds - (_now() - self._start)

    @property
    def used_up(self) -> bool:
        """Whether nothing is left."""
        return self.remaining <= 0
