"""A small competition on disk, and a reader of the report's HTML."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.characters import Alternative, Character, PageCharacters, write_characters
from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.submission import PagePoints, write_submission

VOID = {"meta", "link", "img", "input", "br", "rect", "path", "circle"}  # the report closes the SVG ones at once


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())


class Reader(HTMLParser):
    """Collects elements with all text below them, and insists on balanced tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.open: list[Element] = []

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {name: value or "" for name, value in attrs})
        assert len(element.attributes) == len(attrs), f"an attribute of {tag} occurs twice"
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> without a start"
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        for element in self.open:
            element.text += data


@dataclass
class Page:
    path: Path
    elements: list[Element]
    source: str

    def tagged(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def classed(self, *classes: str) -> list[Element]:
        return [element for element in self.elements if set(classes) <= element.classes]

    def with_id(self, name: str) -> Element:
        (element,) = [element for element in self.elements if element.attributes.get("id") == name]
        return element

    @property
    def references(self) -> list[str]:
        return [
            element.attributes[name]
            for element in self.elements
            for name in ("href", "src")
            if name in element.attributes
        ]


@pytest.fixture
def read_html() -> Callable[[Path], Page]:
    def read(path: Path) -> Page:
        source = path.read_text("utf-8")
        reader = Reader()
        reader.feed(source)
        reader.close()
        assert not reader.open, f"never closed: {[element.tag for element in reader.open]}"
        return Page(path, reader.elements, source)

    return read


@dataclass
class Competition:
    """Files that a test fills and gives to the report."""

    root: Path
    images: Path = field(init=False)
    submission: Path = field(init=False)
    truth: Path = field(init=False)
    characters: Path = field(init=False)

    def __post_init__(self) -> None:
        self.images = self.root / "images"
        self.images.mkdir()
        self.submission = self.root / "submission.csv"
        self.truth = self.root / "truth.csv"
        self.characters = self.root / "characters.jsonl"

    def add_image(self, image_id: str, height: int = 240, width: int = 160) -> Path:
        pixels = np.full((height, width, 3), 225, np.uint8)
        pixels[::20, :, 1] = 90
        path = self.images / f"{image_id}.png"
        Image.fromarray(pixels).save(path)
        return path

    def write_points(self, *pages: PagePoints) -> None:
        write_submission(self.submission, [page.image_id for page in pages], {page.image_id: page for page in pages})

    def write_truth(self, *pages: PageTruth) -> None:
        write_truth(self.truth, pages)

    def write_characters(self, *pages: PageCharacters) -> None:
        write_characters(self.characters, pages)


@pytest.fixture
def competition(tmp_path: Path) -> Competition:
    return Competition(tmp_path)


def make_points(image_id: str, *rows: tuple[str, float, float]) -> PagePoints:
    return PagePoints(
        image_id, tuple(row[0] for row in rows), np.array([row[1:] for row in rows], np.float64).reshape(-1, 2)
    )


def make_truth(image_id: str, *rows: tuple[str, float, float, float, float]) -> PageTruth:
    return PageTruth(
        image_id, tuple(row[0] for row in rows), np.array([row[1:] for row in rows], np.float32).reshape(-1, 4)
    )


@pytest.fixture
def points() -> Callable[..., PagePoints]:
    """points(image_id, (label, x, y), …)."""
    return make_points


@pytest.fixture
def truth() -> Callable[..., PageTruth]:
    """truth(image_id, (codepoint, x0, y0, x1, y1), …)."""
    return make_truth


HA, HO, KA, NI = "U+306F", "U+307B", "U+304B", "U+306B"
EYE = {HO: (Alternative(NI, 0.5),)}  # what was read before the text around it weighed in
SCORED = "100-00001_1"  # tp 2, misread 1, extra 1, false alarm 1, missed 1
UNSCORED = "200-00001_1"


@pytest.fixture
def sample(competition: Competition) -> Competition:
    """Two pages of two books, the first with truth and every kind of mark, the second with neither truth nor errors."""
    boxes = [(20, 20, 50, 50), (20, 60, 50, 90), (20, 100, 50, 130), (20, 140, 50, 170)]
    competition.add_image(SCORED)
    competition.add_image(UNSCORED)
    competition.write_truth(
        make_truth(SCORED, *((label, *box) for label, box in zip((HA, KA, HA, NI), boxes, strict=True)))
    )
    readings = [(HA, boxes[0]), (KA, boxes[1]), (HO, boxes[2]), (NI, (22, 22, 40, 40)), (NI, (90, 20, 120, 50))]
    page = PageCharacters(
        SCORED,
        tuple(
            Character(box, label, 0.75, 0.9, (Alternative(label, 0.8), Alternative(NI, 0.125)), eye=EYE.get(label, ()))
            for label, box in readings
        ),
    )
    competition.write_characters(page)
    competition.write_points(page.to_points(), make_points(UNSCORED, (HA, 40, 40), (KA, 40, 80)))
    return competition
