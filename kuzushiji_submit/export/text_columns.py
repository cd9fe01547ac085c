"""The characters of a page laid out as the files of libraries want them: columns in reading order, whole pixels.

```
      ruby  column 1          columns    right to left, as lines
        か  花                  ruby       a line of its own behind its column
   の   な  の                  outline    hull of the boxes, so that leaning columns part
   色       色                  middle     from the upper edge of the topmost box to the lower edge of the lowest one
```
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.reading.characters import Character, from_record, to_records
from kuzushiji_submit.reading.order import read_order
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.view import PLAIN, View

Points = tuple[tuple[int, int], ...]
IntBox = tuple[int, int, int, int]


@dataclass(frozen=True)
class OtherReading:
    """What a character may be instead, and how sure the reader is of that, in [0, 1]."""

    text: str
    confidence: float


@dataclass(frozen=True)
class Glyph:
    """One character of a column.

    Attributes:
        codepoint: "U+306F".
        box: xyxy in whole pixels, inside the page and at least one pixel wide and high.
        confidence: how sure the reader is of the reading, in [0, 1], whether or not the box holds a character.
        detection_score: how sure the detector is of the box, in [0, 1].
        score: how sure both are together, in [0, 1].
        others: other readings, the likeliest first.
    """

    codepoint: str
    box: IntBox
    confidence: float
    detection_score: float
    score: float
    others: tuple[OtherReading, ...] = ()

    @property
    def text(self) -> str:
        """The character itself."""
        return to_character(self.codepoint)


@dataclass(frozen=True)
class Column:
    """Characters that are read one after another.

    Attributes:
        glyphs: at least one, in reading order.
        ruby: whether they are a reading aid beside the column before.
    """

    glyphs: tuple[Glyph, ...]
    ruby: bool = False

    @property
    def text(self) -> str:
        """The characters in reading order."""
        return "".join(glyph.text for glyph in self.glyphs)

    @property
    def confidence(self) -> float:
        """The mean of the characters' confidences."""
        return mean_confidence([self])

    @property
    def box(self) -> IntBox:
        """What the characters cover, xyxy."""
        return _cover(glyph.box for glyph in self.glyphs)

    @property
    def outline(self) -> Points:
        """The smallest convex polygon around the characters, its corners as x and y."""
        return hull(glyph.box for glyph in self.glyphs)

    @property
    def middle(self) -> Points:
        """A line through the column, from the top of its highest character to the bottom of its lowest."""
        top = min(self.glyphs, key=lambda glyph: glyph.box[1]).box
        bottom = max(self.glyphs, key=lambda glyph: glyph.box[3]).box
        return ((top[0] + top[2]) // 2, top[1]), ((bottom[0] + bottom[2]) // 2, bottom[3])


@dataclass(frozen=True)
class ExportedPage:
    """A page as it is written.

    Attributes:
        image_id: the page's id.
        image_name: its image's file name.
        size_hw: height and width in pixels.
        number: its place among the pages, from 1.
        columns: in reading order; ruby follows the column it stands beside.
    """

    image_id: str
    image_name: str
    size_hw: tuple[int, int]
    number: int
    columns: tuple[Column, ...]

    @cached_property
    def glyphs(self) -> tuple[Glyph, ...]:
        """All characters in reading order."""
        return tuple(glyph for column in self.columns for glyph in column.glyphs)

    @property
    def box(self) -> IntBox:
        """What the columns cover, xyxy; of a page without any, nothing at its upper left corner."""
        return _cover(column.box for column in self.columns) if self.columns else (0, 0, 0, 0)


def lay_out(
    image_id: str,
    image_name: str,
    size_hw: tuple[int, int],
    number: int,
    characters: Sequence[Character],
    view: View = PLAIN,
) -> ExportedPage:
    """Puts the characters of a page, which come in any order, into columns.

    Boxes are clipped to the page; one that lies beside it becomes a sliver on its border, so that no reading is lost.

    Args:
        image_id: the page's id.
        image_name: its image's file name.
        size_hw: height and width in pixels.
        number: the page's place among the pages, from 1.
        characters: what was read.
        view: how the page lies in its file: columns are those of the upright page.

    Raises:
        CharsetError: if an alternative is no codepoint.
    """
    boxes = np.array([character.box for character in characters], np.float32).reshape(-1, 4)
    found = read_order(view.boxes_upright(boxes, size_hw))
    glyphs = [
        _glyph(character, box) for character, box in zip(characters, _whole(boxes, size_hw).tolist(), strict=True)
    ]
    lines: dict[tuple[int, bool], list[Glyph]] = {}  # in the order in which they are begun
    for place in found.order.tolist():
        lines.setdefault((int(found.column[place]), bool(found.ruby[place])), []).append(glyphs[place])
    columns = tuple(Column(tuple(line), ruby) for (_, ruby), line in lines.items())
    return ExportedPage(image_id, image_name, size_hw, number, columns)


def lay_out_reading(reading: PageReading, image_name: str, number: int) -> ExportedPage:
    """A reading laid out as `lay_out` does with the same page's lines of a characters file."""
    characters = [from_record(record)[1] for record in to_records(reading)]
    return lay_out(reading.image_id, image_name, reading.size_hw, number, characters, reading.view)


def hull(boxes: Iterable[IntBox]) -> Points:
    """The corners of the smallest convex polygon around boxes."""
    corners = np.array([point for x0, y0, x1, y1 in boxes for point in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))])
    return tuple((int(x), int(y)) for x, y in cv2.convexHull(corners.astype(np.int32))[:, 0].tolist())


def mean_confidence(columns: Sequence[Column]) -> float:
    """The mean confidence of all characters of columns; 0 where there is none."""
    confidences = [glyph.confidence for column in columns for glyph in column.glyphs]
    return float(np.mean(confidences)) if confidences else 0.0


def _glyph(character: Character, box: list[int]) -> Glyph:
    ranked = sorted(character.alternatives, key=lambda alternative: -alternative.score)
    own = [alternative.score for alternative in ranked if alternative.codepoint == character.codepoint]
    x0, y0, x1, y1 = box
    return Glyph(
        character.codepoint,
        (x0, y0, x1, y1),
        confidence=_share(own[0] if own else character.score),
        detection_score=_share(character.detection_score),
        score=_share(character.score),
        others=tuple(
            OtherReading(to_character(alternative.codepoint), _share(alternative.score))
            for alternative in ranked
            if alternative.codepoint != character.codepoint
        ),
    )


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _whole(boxes: NDArray[np.float32], size_hw: tuple[int, int]) -> NDArray[np.int64]:
    """Boxes (N, 4) xyxy in whole pixels inside the page, none thinner than a pixel."""
    height, width = size_hw
    limits = np.array([width, height], np.int64)
    whole = np.rint(boxes).astype(np.int64)
    upper_left = np.clip(whole[:, :2], 0, limits - 1)
    lower_right = np.clip(whole[:, 2:], upper_left + 1, limits)
    return np.concatenate([upper_left, lower_right], axis=1)


def _cover(boxes: Iterable[IntBox]) -> IntBox:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
