"""The characters file page by page, without holding it: a test set's readings fill a gigabyte as objects."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.errors import CharsetError, CompetitionFileError
from kuzushiji_submit.reading.characters import Character, from_record

# The file rounds boxes to a tenth, so that a center on the edge between two pixels can come out one pixel aside.
_CENTER_TOLERANCE = 1.5


@dataclass(frozen=True)
class CharacterIndex:
    """Where each page's lines lie in a characters file.

    Attributes:
        path: the JSON-lines file.
        stretches: for each image_id where its lines lie, in file order: pairs of the byte where a stretch of lines
            begins and where it ends. `predict` writes a page in one stretch.
    """

    path: Path
    stretches: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    @classmethod
    def scan(cls, path: Path) -> "CharacterIndex":
        """Reads the whole file once and checks every line.

        Raises:
            CompetitionFileError: if the file cannot be read or a line is not a character's JSON object.
        """
        stretches: dict[str, list[tuple[int, int]]] = {}
        try:
            with path.open("rb") as stream:
                offset = 0
                for number, line in enumerate(stream, start=1):
                    end = offset + len(line)
                    if line.strip():
                        image_id, _ = _parse(path, number, line)
                        before = stretches.setdefault(image_id, [])
                        if before and before[-1][1] == offset:
                            before[-1] = before[-1][0], end
                        else:
                            before.append((offset, end))
                    offset = end
        except OSError as error:
            raise CompetitionFileError(f"{path}: cannot be read ({error.strerror}): check the path") from None
        return cls(path, stretches)

    def read(self, image_id: str) -> list[Character]:
        """The characters of a page in file order, none if the file does not have it.

        Raises:
            CompetitionFileError: if the file changed since it was scanned.
        """
        lines: list[bytes] = []
        try:
            with self.path.open("rb") as stream:
                for start, end in self.stretches.get(image_id, []):
                    stream.seek(start)
                    lines += stream.read(end - start).splitlines()
        except OSError as error:
            raise CompetitionFileError(f"{self.path}: cannot be read ({error.strerror}): check the path") from None
        return [_parse(self.path, number, line)[1] for number, line in enumerate(lines, start=1)]


def nearest_characters(
    labels: Sequence[str], points: NDArray[np.float64], characters: Sequence[Character]
) -> list[Character | None]:
    """For each submitted point the nearest unused character of its label whose center it is, None where there is none.

    Args:
        labels: N codepoints.
        points: float64 (N, 2), x and y in page pixels.
        characters: what the characters file has of the page.
    """
    by_label: dict[str, list[Character]] = {}
    for character in characters:
        by_label.setdefault(character.codepoint, []).append(character)
    return [_take_nearest(x, y, by_label.get(label, [])) for label, (x, y) in zip(labels, points.tolist(), strict=True)]


def _take_nearest(x: float, y: float, candidates: list[Character]) -> Character | None:
    if not candidates:
        return None
    distances = [max(abs(c.center[0] - x), abs(c.center[1] - y)) for c in candidates]
    nearest = min(range(len(candidates)), key=distances.__getitem__)
    return candidates.pop(nearest) if distances[nearest] <= _CENTER_TOLERANCE else None


def _parse(path: Path, number: int, line: bytes) -> tuple[str, Character]:
    try:
        image_id, character = from_record(json.loads(line))
        if not all(map(math.isfinite, (*character.box, character.score, character.detection_score))):
            raise ValueError("a number that is not finite")
    except (ValueError, KeyError, TypeError, IndexError, CharsetError) as error:
        raise CompetitionFileError(
            f"{path}: line {number}: not a character's JSON object ({error!r}): write the file anew with predict"
        ) from None
    return image_id, character
