"""What is wrong with the competition's files, collected instead of raised."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of problem; the value is the word a report shows."""

    MISSING_FILE = "missing-file"
    BAD_FILE = "bad-file"
    BAD_GROUP = "bad-group"
    ODD_SEPARATOR = "odd-separator"
    NO_AREA = "no-area"
    NAN_LABELS = "nan-labels"
    OUT_OF_PAGE = "out-of-page"
    OUTSIDE_PAGE = "outside-page"
    DUPLICATE_ID = "duplicate-id"
    UNKNOWN_CODEPOINT = "unknown-codepoint"
    BAD_TRANSLATION = "bad-translation"
    OTHER_ID_FORM = "other-id-form"
    MISSING_IMAGE = "missing-image"
    UNREADABLE_IMAGE = "unreadable-image"
    UNLISTED_IMAGE = "unlisted-image"
    NOT_AN_IMAGE = "not-an-image"


@dataclass(frozen=True)
class Problem:
    """One problem.

    Attributes:
        kind: what sort of problem.
        where: file, and line or image_id.
        message: what is wrong and what was done or is to be done about it.
        repaired: True if reading goes on with the fault taken out or harmless, False if it needs the user.
    """

    kind: Kind
    where: str
    message: str
    repaired: bool

    def __str__(self) -> str:
        return f"{'warning' if self.repaired else 'error'}: {self.kind}: {self.where}: {self.message}"


def count_by_kind(problems: Iterable[Problem]) -> dict[str, int]:
    """How often each kind occurs, most frequent first."""
    return dict(Counter(str(problem.kind) for problem in problems).most_common())
