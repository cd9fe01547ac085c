"""The characters read on a page, with boxes and alternatives: the pipeline's result, and its JSON lines."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kuzushiji_submit.atomic import atomic_text
from kuzushiji_submit.errors import CompetitionFileError
from kuzushiji_submit.submission import PagePoints, keep_best
from recognition.charset import to_character
from recognition.errors import CharsetError

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Alternative:
    """Another reading of a character, with its score in [0, 1]."""

    codepoint: str
    score: float


@dataclass(frozen=True)
class Character:
    """One character read on a page.

    Attributes:
        box: xyxy in page pixels.
        codepoint: the best reading, "U+306F".
        score: how sure the reader is of box and reading together, in [0, 1].
        detection_score: how sure the detector is of the box, in [0, 1].
        alternatives: the readings, best first, the best reading included.
        point: x and y of the place that most likely lies in the character; None for the box's middle.
        eye: what the readings were before the text around the character weighed in; empty where it did not.
    """

    box: Box
    codepoint: str
    score: float
    detection_score: float
    alternatives: tuple[Alternative, ...] = ()
    point: tuple[float, float] | None = None
    eye: tuple[Alternative, ...] = ()

    @property
    def center(self) -> tuple[float, float]:
        """The point submitted, x and y: whole pixels unless the box is under three pixels wide or high."""
        x0, y0, x1, y1 = self.box
        x, y = self.point or ((x0 + x1) / 2, (y0 + y1) / 2)
        # A whole pixel can fall on the border of a smaller box, and the metric's borders are strict.
        return (x, y) if min(x1 - x0, y1 - y0) < 3 else (float(round(x)), float(round(y)))


@dataclass(frozen=True)
class PageCharacters:
    """Everything read on one page."""

    image_id: str
    characters: tuple[Character, ...]

    def to_points(self) -> PagePoints:
        """The page's row of the submission: at most MAX_POINTS points, the best-scored."""
        points = np.array([character.center for character in self.characters], np.float64).reshape(-1, 2)
        labels = tuple(character.codepoint for character in self.characters)
        scores = np.array([character.score for character in self.characters], np.float32)
        return keep_best(PagePoints(self.image_id, labels, points), scores)


def to_record(image_id: str, character: Character) -> dict[str, Any]:
    """A character as a JSON object."""
    return {
        "image_id": image_id,
        "box": [round(float(value), 1) for value in character.box],
        "point": [round(float(value), 1) for value in character.center],
        "codepoint": character.codepoint,
        "character": to_character(character.codepoint),
        "score": round(character.score, 5),
        "detection_score": round(character.detection_score, 5),
        "alternatives": [_alternative_record(alternative) for alternative in character.alternatives],
        "eye": [_alternative_record(alternative) for alternative in character.eye],
    }


def _alternative_record(alternative: Alternative) -> dict[str, Any]:
    character = to_character(alternative.codepoint)
    return {"codepoint": alternative.codepoint, "character": character, "score": round(alternative.score, 5)}


def from_record(record: dict[str, Any]) -> tuple[str, Character]:
    """The image_id and the character of a JSON object.

    Raises:
        ValueError, KeyError, TypeError: if the object is not one that `to_record` makes.
    """
    x0, y0, x1, y1 = (float(value) for value in record["box"])
    codepoint = str(record["codepoint"])
    to_character(codepoint)
    alternatives, eye = (
        tuple(Alternative(str(found["codepoint"]), float(found["score"])) for found in readings)
        for readings in (record["alternatives"], record.get("eye", ()))
    )
    scores = float(record["score"]), float(record["detection_score"])
    x, y = (float(value) for value in record["point"])
    return str(record["image_id"]), Character((x0, y0, x1, y1), codepoint, *scores, alternatives, (x, y), eye)


def write_characters(path: Path, pages: Iterable[PageCharacters]) -> None:
    """Writes one JSON object a line and character, atomically.

    Raises:
        OutputError: if the file cannot be written.
    """
    with atomic_text(path) as stream:
        for page in pages:
            for character in page.characters:
                stream.write(json.dumps(to_record(page.image_id, character), ensure_ascii=False) + "\n")


def read_characters(path: Path) -> dict[str, PageCharacters]:
    """Reads what `write_characters` wrote, by image_id in file order.

    Raises:
        CompetitionFileError: if the file cannot be read or a line is not such an object.
    """
    pages: dict[str, list[Character]] = {}
    for number, line in _lines(path):
        try:
            image_id, character = from_record(json.loads(line))
        except (ValueError, KeyError, TypeError, IndexError, CharsetError) as error:
            fault = (
                f"{path}: line {number}: not a character's JSON object ({error!r}): write the file anew with predict"
            )
            raise CompetitionFileError(fault) from None
        pages.setdefault(image_id, []).append(character)
    return {image_id: PageCharacters(image_id, tuple(characters)) for image_id, characters in pages.items()}


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield number, line
    except (OSError, UnicodeDecodeError) as error:
        raise CompetitionFileError(f"{path}: cannot be read ({error}): check the path") from None
