"""Everything read on one page, as one record of arrays: what crosses every border from detection to export."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from detection.detections import Detections
from kuzushiji_submit.competition.submission import PagePoints, keep_best
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.page.scan_placement import ScanPlacement
from kuzushiji_submit.reading.evidence import Evidence
from kuzushiji_submit.reading.order import read_order
from kuzushiji_submit.reading.view import PLAIN, View
from recognition.recognitions import Recognitions

# A whole pixel can fall on the border of a box with a shorter side, and the metric's borders are strict.
SHORTEST_SIDE = 3.0
# Decimals that are written: tenths of a pixel, and scores to where they stop meaning anything.
PIXEL_DECIMALS, SCORE_DECIMALS = 1, 5


@dataclass(frozen=True, eq=False)
class PageReading:
    """N characters of one page, K readings each.

    Attributes:
        image_id: the page's id.
        size_hw: height and width of the page in pixels.
        charset: the characters in class order; all class ids mean it.
        boxes: float32 (N, 4), xyxy in page pixels.
        points: float32 (N, 2), x and y of the place in each box that most likely lies in the character.
        detection_scores: float32 (N,), how sure the detector is of the box, in [0, 1].
        top_ids: int64 (N, K), class ids, best first.
        top_scores: float32 (N, K), how sure the reader is of each, in [0, 1].
        class_ids: int64 (N,), the class that was chosen.
        scores: float64 (N,), how sure detector and reader are together, in [0, 1].
        order: intp (N,), the places 0..N-1 in the order in which they are read.
        embeddings: float32 (N, D), what the recognizer's network made of each crop; None where nobody asked.
        ink_shares: float32 (N,), how dark each box is, 0 paper to 1 all ink; None where nobody measured.
        eye_ids: int64 (N, J), what the recognizer alone read, best first; None where nothing has read the page again.
        eye_scores: float32 (N, J), how sure the recognizer alone was; None with `eye_ids`.
        view: how the page lies in its file; boxes and points are in the file's pixels all the same.
        notes: what a user should know of how the page was read, a line each.
        evidence: what speaks for this view, of all boxes that were found; None for a reading from a file.

    Raises:
        ValueError: if the shapes do not agree, or `order` is no order of N places.
    """

    image_id: str
    size_hw: tuple[int, int]
    charset: Charset
    boxes: NDArray[np.float32]
    points: NDArray[np.float32]
    detection_scores: NDArray[np.float32]
    top_ids: NDArray[np.int64]
    top_scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    order: NDArray[np.intp]
    embeddings: NDArray[np.float32] | None = None
    ink_shares: NDArray[np.float32] | None = None
    eye_ids: NDArray[np.int64] | None = None
    eye_scores: NDArray[np.float32] | None = None
    view: View = PLAIN
    notes: tuple[str, ...] = ()
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        count = len(self.boxes)
        expected: dict[str, tuple[int, ...]] = {
            "boxes": (count, 4),
            "points": (count, 2),
            "detection_scores": (count,),
            "top_ids": (count, self.top_ids.shape[-1]),
            "top_scores": self.top_ids.shape,
            "class_ids": (count,),
            "scores": (count,),
            "order": (count,),
        }
        if self.ink_shares is not None:
            expected["ink_shares"] = (count,)
        if self.eye_ids is not None and self.eye_scores is not None:
            expected["eye_ids"] = (count, self.eye_ids.shape[-1])
            expected["eye_scores"] = self.eye_ids.shape
        elif (self.eye_ids is None) != (self.eye_scores is None):
            raise ValueError("eye_ids and eye_scores belong together")
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} of {count} characters must have {shape}, got {getattr(self, name).shape}")
        if self.embeddings is not None and (self.embeddings.ndim != 2 or len(self.embeddings) != count):
            raise ValueError(f"embeddings of {count} characters must be ({count}, D), got {self.embeddings.shape}")
        if not np.array_equal(np.sort(self.order), np.arange(count)):
            raise ValueError(f"order must hold each of 0 to {count - 1} once")

    @classmethod
    def of(
        cls,
        image_id: str,
        size_hw: tuple[int, int],
        charset: Charset,
        found: Detections,
        read: Recognitions,
        ink_shares: NDArray[np.float32] | None = None,
    ) -> Self:
        """What detector and recognizer say of a page, joined: the best reading is chosen.

        Args:
            image_id: the page's id.
            size_hw: height and width of the page in pixels.
            charset: the recognizer's characters.
            found: N boxes.
            read: their N readings.
            ink_shares: float32 (N,), how dark each box is; None where nobody measured.
        """
        detection_scores, best = found.scores.astype(np.float32), read.scores
        return cls(
            image_id=image_id,
            size_hw=size_hw,
            charset=charset,
            boxes=found.boxes.astype(np.float32),
            points=found.points.astype(np.float32),
            detection_scores=detection_scores,
            top_ids=read.top_ids,
            top_scores=read.top_scores,
            class_ids=read.class_ids,
            scores=detection_scores.astype(np.float64) * best,
            order=read_order(found.boxes).order,
            embeddings=read.embeddings,
            ink_shares=ink_shares,
            evidence=Evidence.of(found, read),
        )

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def codepoints(self) -> tuple[str, ...]:
        """The chosen characters, N of "U+306F"."""
        return tuple(self.charset.codepoints[class_id] for class_id in self.class_ids.tolist())

    @property
    def centers(self) -> NDArray[np.float64]:
        """The points submitted, float64 (N, 2): whole pixels unless a box is under three pixels wide or high."""
        boxes, points = self.boxes.astype(np.float64), self.points.astype(np.float64)
        small = (boxes[:, 2:] - boxes[:, :2]).min(axis=1) < SHORTEST_SIDE
        return np.asarray(np.where(small[:, None], points, np.rint(points)))

    def select(self, kept: NDArray[np.bool_]) -> Self:
        """The characters that a mask bool (N,) keeps, in their order."""
        new_places = np.cumsum(kept) - 1
        return dataclasses.replace(
            self,
            boxes=self.boxes[kept],
            points=self.points[kept],
            detection_scores=self.detection_scores[kept],
            top_ids=self.top_ids[kept],
            top_scores=self.top_scores[kept],
            class_ids=self.class_ids[kept],
            scores=self.scores[kept],
            order=new_places[self.order[kept[self.order]]],
            embeddings=_pick(self.embeddings, kept),
            ink_shares=_pick(self.ink_shares, kept),
            eye_ids=_pick(self.eye_ids, kept),
            eye_scores=_pick(self.eye_scores, kept),
        )

    def with_alternatives(self, count: int) -> Self:
        """The same with at most so many readings a character."""
        first = np.s_[:, :count]
        return dataclasses.replace(
            self,
            top_ids=self.top_ids[first],
            top_scores=self.top_scores[first],
            eye_ids=_pick(self.eye_ids, first),
            eye_scores=_pick(self.eye_scores, first),
        )

    def reread(
        self,
        top_ids: NDArray[np.int64],
        top_scores: NDArray[np.float32],
        detection_scores: NDArray[np.float32] | None = None,
        order: NDArray[np.intp] | None = None,
    ) -> Self:
        """The same boxes with other readings: the best is chosen, and the joint scores are made anew.

        What the recognizer alone said is kept beside them.

        Args:
            top_ids: int64 (N, K), class ids, best first.
            top_scores: float32 (N, K).
            detection_scores: float32 (N,), None for those there were.
            order: intp (N,), None for the one there was.
        """
        detection_scores = self.detection_scores if detection_scores is None else detection_scores
        return dataclasses.replace(
            self,
            detection_scores=detection_scores,
            top_ids=top_ids,
            top_scores=top_scores,
            class_ids=top_ids[:, 0],
            scores=detection_scores.astype(np.float64) * top_scores[:, 0],
            order=self.order if order is None else order,
            eye_ids=self.top_ids if self.eye_ids is None else self.eye_ids,
            eye_scores=self.top_scores if self.eye_scores is None else self.eye_scores,
        )

    def rescored(self, scores: NDArray[np.float64]) -> Self:
        """The same characters with other joint scores, float64 (N,) in [0, 1]."""
        return dataclasses.replace(self, scores=scores)

    def in_file(self, view: View, notes: tuple[str, ...] = ()) -> Self:
        """A page that was read upright, in the pixels of the file that it lies in; its order stays.

        Args:
            view: how it lies there.
            notes: what is said of the file's reading beside that.
        """
        if not view.is_plain:
            notes = (*notes, *view.notes())
        return dataclasses.replace(
            self,
            size_hw=view.size_in_file(self.size_hw),
            boxes=view.boxes_in_file(self.boxes, self.size_hw),
            points=view.points_in_file(self.points, self.size_hw),
            view=view,
            notes=notes,
        )

    def on_scan(self, placement: ScanPlacement) -> Self:
        """A page that is a part of a scan, in the scan's pixels; its order stays."""
        return dataclasses.replace(
            self,
            size_hw=placement.scan_hw,
            boxes=placement.on_scan(self.boxes),
            points=placement.on_scan(self.points),
        )

    def upright(self) -> Self:
        """The page as it was read: its boxes and points in the pixels of `view.upright`."""
        back = self.view.back
        return dataclasses.replace(
            self,
            size_hw=back.size_in_file(self.size_hw),
            boxes=back.boxes_in_file(self.boxes, self.size_hw),
            points=back.points_in_file(self.points, self.size_hw),
            view=PLAIN,
        )

    def rounded(self) -> Self:
        """As it is written to files: pixels to a tenth, points as they are submitted, scores to five digits."""
        return dataclasses.replace(
            self,
            boxes=_round(self.boxes, PIXEL_DECIMALS).astype(np.float32),
            points=_round(self.centers, PIXEL_DECIMALS).astype(np.float32),
            detection_scores=_round(self.detection_scores, SCORE_DECIMALS).astype(np.float32),
            top_scores=_round(self.top_scores, SCORE_DECIMALS).astype(np.float32),
            scores=_round(self.scores, SCORE_DECIMALS),
            ink_shares=_round_optional(self.ink_shares),
            eye_scores=_round_optional(self.eye_scores),
        )

    def to_points(self) -> PagePoints:
        """The page's row of the submission: at most MAX_POINTS points, the best-scored."""
        points = _round(self.centers, PIXEL_DECIMALS)
        return keep_best(PagePoints(self.image_id, self.codepoints, points), self.scores.astype(np.float32))


PageStep = Callable[[PageReading], PageReading]
"""Reads a page again after the recognizer: a text prior, a column model, a second level, an ensemble's vote."""


def take_steps(page: PageReading, steps: Iterable[PageStep]) -> PageReading:
    """The page after all steps, one after the other."""
    return reduce(lambda reading, step: step(reading), steps, page)


def to_decimals(array: NDArray[Any]) -> list[Any]:
    """An array as nested lists, float32 by the shortest decimals that mean it: 601.6, not 601.5999755859375."""
    exact = array.astype(np.str_).astype(np.float64) if array.dtype == np.float32 else array
    return list(exact.tolist())


Scalar = TypeVar("Scalar", bound=np.generic)


def _pick(array: NDArray[Scalar] | None, places: Any) -> NDArray[Scalar] | None:  # noqa: ANN401 - any index
    """A part of what a page need not have."""
    return None if array is None else array[places]


def _round_optional(scores: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    return None if scores is None else _round(scores, SCORE_DECIMALS).astype(np.float32)


def _round(values: NDArray[np.float32] | NDArray[np.float64], decimals: int) -> NDArray[np.float64]:
    """Rounds the decimal numbers that the values stand for.

    `np.round` multiplies, rounds and divides, which moves halves: 0.285 becomes 0.28 or 0.29 by chance; Python's
    `round` is exact.
    """
    exact = [round(value, decimals) for value in values.astype(np.float64).ravel().tolist()]
    return np.array(exact, np.float64).reshape(values.shape)
