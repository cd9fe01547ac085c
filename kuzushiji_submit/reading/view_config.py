"""Settings of how pages lie in their files."""

from dataclasses import dataclass

from kuzushiji_submit.reading.evidence import Evidence
from kuzushiji_submit.reading.view import View
from kuzushiji_submit.reading.view_names import Orientation, Polarity


@dataclass(frozen=True)
class ViewConfig:
    """How pages lie in their files, and from when on another view of a page is believed.

    Of 29 real pages of 7 books, upright ones were read with a confidence of 0.65 to 0.97, turned ones and negatives
    with 0.00 to 0.41; pages of a manuscript that is hard to read with 0.57 to 0.60 upright, 0.37 to 0.42 upside down.

    Attributes:
        orientation: degrees by which every page is turned clockwise in its file; "auto" to find out, page by page.
        polarity: whether ink is dark on light ("positive") or light on dark; "auto" to find out, page by page.
        confidence: a page that is read with less is looked at in other views.
        characters: so is a page with fewer characters.
        believed: another view is not believed if it is surely read with less (`Evidence.sure_confidence`).
        gain: another view must be read with so many times the confidence of the first.
    """

    orientation: Orientation = "auto"
    polarity: Polarity = "auto"
    confidence: float = 0.5
    characters: int = 4
    believed: float = 0.3
    gain: float = 1.2

    @property
    def first(self) -> View:
        """The view in which every page is read first."""
        turned = 0 if self.orientation in ("auto", "upright") else int(self.orientation)
        return View(turned, self.polarity == "negative")

    @property
    def looks(self) -> bool:
        """Whether there is anything to find out."""
        return "auto" in (self.orientation, self.polarity)

    def others(self, *, dark: bool) -> tuple[View, ...]:
        """The views that a doubtful page may have beside the first, the likely ones first.

        Args:
            dark: whether the file's picture is mostly dark; others are no negatives.
        """
        turns = (0, 180, 90, 270) if self.orientation == "auto" else (self.first.turned,)
        signs = (self.first.negative,) if self.polarity != "auto" else (True, False) if dark else (False,)
        views = [View(turned, negative) for negative in signs for turned in turns]
        return tuple(view for view in views if view != self.first)

    def doubts(self, evidence: Evidence) -> bool:
        """Whether what was read does not speak for its view."""
        return evidence.characters < self.characters or evidence.confidence < self.confidence

    def prefers(self, other: Evidence, first: Evidence) -> bool:
        """Whether what another view gave is believed rather than what the first gave."""
        if other.characters < self.characters or other.sure_confidence < self.believed:
            return False
        return other.weight > first.weight and other.confidence > self.gain * first.confidence
