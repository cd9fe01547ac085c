"""The JSON lines of a characters file: one object a character, written from arrays and read by those who show them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        alternatives: the readings, best first, the best reading included, as eye and text together made them.
        point: x and y of the place that most likely lies in the character; None for the box's middle.
        eye: the readings of the eye alone, best first; empty where nothing has read them again.
    """

    box: Box
    codepoint: str
    score: float
    detection_score: float
    alternatives: tuple[Alternative, ...] = ()
    point: tuple[float, float] | None = None
    eye: tuple[Alternative, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the text around it made another character of it than the eye did."""
        return bool(self.eye) and self.eye[0].codepoint != self.codepoint

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
    tops = _readings(exact.top_ids, exact.top_scores, codepoints)
    eyes: Sequence[list[dict[str, Any]] | None] = [None] * len(exact)
    if exact.eye_ids is not None and exact.eye_scores is not None:
        eyes = _readings(exact.eye_ids, exact.eye_scores, codepoints)
    for box, point, class_id, score, detection_score, top, eye in zip(
        *(to_decimals(array) for array in arrays), tops, eyes, strict=True
    ):
        yield {
            "image_id": exact.image_id,
            "box": box,
            "point": point,
            **_named(codepoints[class_id], score),
            "detection_score": detection_score,
            "alternatives": top,
            **({} if eye is None else {"eye": eye}),
        }


def _readings(
    ids: NDArray[np.int64], scores: NDArray[np.float32], codepoints: tuple[str, ...]
) -> list[list[dict[str, Any]]]:
    """The readings of each character as JSON objects, best first."""
    return [
        [_named(codepoints[class_id], score) for class_id, score in zip(*row, strict=True)]
        for row in zip(to_decimals(ids), to_decimals(scores), strict=True)
    ]


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
    alternatives, eye = (
        tuple(Alternative(str(reading["codepoint"]), float(reading["score"])) for reading in readings)
        for readings in (record["alternatives"], record.get("eye", ()))
    )
    scores = float(record["score"]), float(record["detection_score"])
    x, y = (float(value) for value in record["point"])
    return str(record["image_id"]), Character((x0, y0, x1, y1), codepoint, *scores, alternatives, (x, y), eye)


def write_characters(path: Path, readings: Iterable[PageReading]) -> None:
    """Writes one JSON object a line and character, atomically; pages are taken one by one.

    Raises:
        OutputError: if the file cannot be written.
    """
    with atomic_text(path) as stream:
        for reading in readings:
            stream.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in to_records(reading))
