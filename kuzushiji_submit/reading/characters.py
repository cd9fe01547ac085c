"""The JSON lines of a characters file: one object a character, written from arrays and read by those who show them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.core.files import atomic_text
from kuzushiji_submit.reading.page_reading import SHORTEST_SIDE, PageReading, to_decimals

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Alternative:
    """Another reading of a character, with its score in [0, 1]."""

    codepoint: str
    score: float


@dataclass(frozen=True)
class Character:
    """One line of a characters file.

    Attributes:
        box: xyxy in page pixels.
        codepoint: the best reading, "U+306F".
        score: how sure the reader is of box and reading together, in [0, 1].
        detection_score: how sure the detector is of the box, in [0, 1].
        alternatives: the readings, best first, the best reading included.
        point: x and y of the place that most likely lies in the character; None for the box's middle.
    """

    box: Box
    codepoint: str
    score: float
    detection_score: float
    alternatives: tuple[Alternative, ...] = ()
    point: tuple[float, float] | None = None

    @property
    def center(self) -> tuple[float, float]:
        """The point submitted, x and y: whole pixels unless the box is under three pixels wide or high."""
        x0, y0, x1, y1 = self.box
        x, y = self.point or ((x0 + x1) / 2, (y0 + y1) / 2)
        return (x, y) if min(x1 - x0, y1 - y0) < SHORTEST_SIDE else (float(round(x)), float(round(y)))


def to_records(reading: PageReading) -> Iterator[dict[str, Any]]:
    """The characters of a page as JSON objects, rounded."""
    exact = reading.rounded()
    codepoints = reading.charset.codepoints
    arrays = (exact.boxes, exact.points, exact.class_ids, exact.scores, exact.detection_scores)
    tops = (exact.top_ids, exact.top_scores)
    for box, point, class_id, score, detection_score, top_ids, top_scores in zip(
        *(to_decimals(array) for array in (*arrays, *tops)), strict=True
    ):
        yield {
            "image_id": exact.image_id,
            "box": box,
            "point": point,
            **_named(codepoints[class_id], score),
            "detection_score": detection_score,
            "alternatives": [
                _named(codepoints[top_id], top_score) for top_id, top_score in zip(top_ids, top_scores, strict=True)
            ],
        }


def _named(codepoint: str, score: float) -> dict[str, Any]:
    return {"codepoint": codepoint, "character": to_character(codepoint), "score": score}


def from_record(record: dict[str, Any]) -> tuple[str, Character]:
    """The image_id and the character of a JSON object.

    Raises:
        ValueError, KeyError, TypeError: if the object is not one that `to_records` makes.
    """
    x0, y0, x1, y1 = (float(value) for value in record["box"])
    codepoint = str(record["codepoint"])
    to_character(codepoint)
    alternatives = tuple(
        Alternative(str(alternative["codepoint"]), float(alternative["score"]))
        for alternative in record["alternatives"]
    )
    scores = float(record["score"]), float(record["detection_score"])
    x, y = (float(value) for value in record["point"])
    return str(record["image_id"]), Character((x0, y0, x1, y1), codepoint, *scores, alternatives, (x, y))


def write_characters(path: Path, readings: Iterable[PageReading]) -> None:
    """Writes one JSON object a line and character, atomically; pages are taken one by one.

    Raises:
        OutputError: if the file cannot be written.
    """
    with atomic_text(path) as stream:
        for reading in readings:
            stream.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in to_records(reading))
