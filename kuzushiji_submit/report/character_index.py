"""The characters file page by page, without holding it: a test set's readings fill a gigabyte as objects."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kuzushiji_submit.core.errors import CharsetError, CompetitionFileError
from kuzushiji_submit.reading.characters import Character, from_record
from kuzushiji_submit.report.model import Mark

# The file rounds boxes to a tenth, so that a center on the edge between two pixels can come out one pixel aside.
_CENTER_TOLERANCE = 1.5


@dataclass(frozen=True)
class CharacterIndex:
    """Where each page's lines lie in a characters file.

    Attributes:
        path: the JSON-lines file.
        offsets: byte offsets of the lines of each image_id, in file order.
    """

    path: Path
    offsets: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def scan(cls, path: Path) -> "CharacterIndex":
        """Reads the whole file once and checks every line.

        Raises:
            CompetitionFileError: if the file cannot be read or a line is not a character's JSON object.
        """
        offsets: dict[str, list[int]] = {}
        try:
            with path.open("rb") as stream:
                offset = 0
                for number, line in enumerate(stream, start=1):
                    if line.strip():
                        image_id, _ = _parse(path, number, line)
                        offsets.setdefault(image_id, []).append(offset)
                    offset += len(line)
        except OSError as error:
            raise CompetitionFileError(f"{path}: cannot be read ({error.strerror}): check the path") from None
        return cls(path, offsets)

    def read(self, image_id: str) -> list[Character]:
        """The characters of a page in file order, none if the file does not have it.

        Raises:
            CompetitionFileError: if the file changed since it was scanned.
        """
        characters: list[Character] = []
        try:
            with self.path.open("rb") as stream:
                for offset in self.offsets.get(image_id, []):
                    stream.seek(offset)
                    characters.append(_parse(self.path, len(characters) + 1, stream.readline())[1])
        except OSError as error:
            raise CompetitionFileError(f"{self.path}: cannot be read ({error.strerror}): check the path") from None
        return characters


def join_characters(marks: Sequence[Mark], characters: Sequence[Character]) -> tuple[Mark, ...]:
    """Gives each mark the nearest unused character of its label whose center is the submitted point."""
    by_label: dict[str, list[Character]] = {}
    for character in characters:
        by_label.setdefault(character.codepoint, []).append(character)
    return tuple(_join(mark, by_label.get(mark.read or "", [])) for mark in marks)


def _join(mark: Mark, candidates: list[Character]) -> Mark:
    if mark.point is None or not candidates:
        return mark
    x, y = mark.point
    distances = [max(abs(c.center[0] - x), abs(c.center[1] - y)) for c in candidates]
    nearest = min(range(len(candidates)), key=distances.__getitem__)
    if distances[nearest] > _CENTER_TOLERANCE:
        return mark
    return replace(mark, character=candidates.pop(nearest))


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
