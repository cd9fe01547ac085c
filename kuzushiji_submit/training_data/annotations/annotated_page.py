"""A page as an annotation file has it, before it is known whether it can be trained on."""

import unicodedata
from dataclasses import dataclass, field

import numpy as np

from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.charset import parse_character
from kuzushiji_submit.core.errors import CharsetError

Box = tuple[float, float, float, float]


@dataclass
class AnnotatedPage:
    """What an annotation file says of one page.

    Attributes:
        image_name: the file name of its image, without folders.
        size_hw: height and width that the annotations mean; None where the file does not say.
        codepoints: of the characters that have boxes, in reading order.
        boxes: their boxes, xyxy in page pixels.
        faults: what keeps the page from being complete, such as text without boxes.
        notes: what was left out and is no loss, such as boxes of pictures.
        image_id: the image's file name without its suffix, as everywhere, unless a folder of images says more.
    """

    image_name: str
    size_hw: tuple[int, int] | None = None
    codepoints: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    image_id: str = ""

    def __post_init__(self) -> None:
        stem, dot, _ = self.image_name.rpartition(".")
        self.image_id = self.image_id or (stem if dot and stem else self.image_name)

    def add(self, codepoint: str, box: Box) -> None:
        """Adds a character."""
        self.codepoints.append(codepoint)
        self.boxes.append(box)

    def to_truth(self) -> PageTruth:
        """The characters that have boxes."""
        return PageTruth(self.image_id, tuple(self.codepoints), np.array(self.boxes, np.float32).reshape(-1, 4))


def base_name(path: str) -> str:
    """The file name at the end of a path or address, whichever slashes it has."""
    return path.strip().replace("\\", "/").rstrip("/").rpartition("/")[2]


def compose(text: str) -> str:
    """Text without space around it, and with one character where Unicode has one for a character and its marks.

    か and a combining mark are が (U+304C), which is what train.csv has.
    """
    return unicodedata.normalize("NFC", text.strip())


def to_codepoint(text: str) -> str | None:
    """The codepoint of a text that is one character, or a codepoint itself; None of any other text."""
    try:
        return parse_character(compose(text))
    except CharsetError:
        return None
