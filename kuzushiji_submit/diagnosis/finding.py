"""One thing that was looked at: how it stands, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a thing stands. Only a fault keeps pages from being read."""

    OK = "ok"
    NOTE = "note"
    FAULT = "FAULT"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor.

    Attributes:
        what: the thing, in a word or two.
        found: what was found.
        verdict: how it stands.
        advice: what to do about it; given with every note and fault.
    """

    what: str
    found: str
    verdict: Verdict = Verdict.OK
    advice: str = ""
