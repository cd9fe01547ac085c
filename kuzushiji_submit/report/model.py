"""What the report knows about a page before and while it is drawn."""

from dataclasses import dataclass
from enum import StrEnum

from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.reading.characters import Box, Character


class Kind(StrEnum):
    """What became of a character; the value is the CSS class.

    Hits are the scorer's true positives. MISREAD, EXTRA and FALSE_ALARM together are its false positives, MISREAD and
    MISSED together its false negatives: a misread is one mark that costs a point on either side.
    """

    HIT = "hit"
    MISREAD = "misread"
    EXTRA = "extra"
    FALSE_ALARM = "false-alarm"
    MISSED = "missed"
    UNSCORED = "unscored"


@dataclass(frozen=True)
class Look:
    """How a kind is named, explained and, besides its color and line, told apart by a sign in the box's corner."""

    name: str
    meaning: str
    sign: str


LOOKS = {
    Kind.HIT: Look("hit", "right place, right character", ""),
    Kind.MISREAD: Look("misread", "right place, wrong character", "≠"),
    Kind.EXTRA: Look("extra", "its place is already read", "2"),
    Kind.FALSE_ALARM: Look("false alarm", "nothing is annotated here", "+"),
    Kind.MISSED: Look("missed", "nothing was read here", "−"),
    Kind.UNSCORED: Look("read", "no truth to compare with", ""),
}


@dataclass(frozen=True)
class Mark:
    """One thing drawn on a page: a reading, a missed character, or both where a character was misread.

    Attributes:
        anchor: the element's id within the page's HTML.
        kind: what became of it.
        read: the submission's label; None for a missed character.
        truth: the codepoint annotated at this place; None where nothing is, or is known.
        point: x and y submitted, page pixels; None for a missed character.
        truth_box: xyxy of the annotated box that this reading took or that was missed, page pixels.
        character: the reader's own record with box, scores and alternatives, if it was found.
    """

    anchor: str
    kind: Kind
    read: str | None = None
    truth: str | None = None
    point: tuple[float, float] | None = None
    truth_box: Box | None = None
    character: Character | None = None

    @property
    def read_box(self) -> Box | None:
        """The reader's box, xyxy in page pixels."""
        return self.character.box if self.character else None

    @property
    def changed(self) -> bool:
        """Whether the text around it made another character of it than the eye did."""
        return self.character is not None and self.character.changed


@dataclass(frozen=True)
class PageScore:
    """A page's shares of the metric and of the metric that ignores labels."""

    counts: Counts
    detection: Counts

    @property
    def empty(self) -> bool:
        """Whether nothing is annotated and nothing was read."""
        return self.counts == Counts()


@dataclass(frozen=True, eq=False)
class PagePlan:
    """A page that is to be drawn.

    Attributes:
        image_id: the page's id.
        book_id: the book it belongs to.
        name: a file name without suffix that is safe on every file system.
        points: the submission's row.
        truth: the page's truth, None if there is none.
        score: None without truth.
        marks: the readings in submission order, then the missed characters; not yet joined to the characters file.
    """

    image_id: str
    book_id: str
    name: str
    points: PagePoints
    truth: PageTruth | None
    score: PageScore | None
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Picture:
    """The scan as the page shows it: its size in page pixels, and whether there is a JPEG at all."""

    size_hw: tuple[int, int]
    readable: bool


@dataclass(frozen=True)
class PageOutcome:
    """What drawing a page left behind: sentences for its reader, and why its image could not be read, if so."""

    notes: tuple[str, ...] = ()
    unreadable: str | None = None
