"""What a detector made of every part of an image of many leaves, and its picture: a row a part."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from detection.contact_sheet import Picture
from detection.detections import Detections
from detection.parts import join, page_parts
from kuzushiji_submit.core.page.prepared import PreparedPage

SHEET_HEIGHT = 4_000
"""All rows together are about this high at most, in pixels: JPEG takes 65,535, memory less."""
SMALLEST_ROW = 80


class DrawnStages(Protocol):
    """The stages of one part."""

    @property
    def detections(self) -> Detections:
        """In pixels of the part."""
        ...

    def draw(self, height: int = ...) -> Picture:
        """A contact sheet, uint8 (about height, any, 3) RGB."""
        ...


S = TypeVar("S", bound=DrawnStages)


@dataclass(frozen=True, eq=False)
class PartStages:
    """The stages of a detector on every part of an image.

    Attributes:
        parts: those of each part, from the image's left or top on.
        detections: the result, in page pixels.
    """

    parts: list[DrawnStages]
    detections: Detections

    def draw(self, height: int = 1000) -> Picture:
        """Draw the stages of every part in a row; where there are too many parts for one sheet, of the first ones.

        Args:
            height: of each picture in pixels; less where there are many parts.

        Returns:
            uint8 (any, any, 3) RGB.
        """
        row = max(min(height, SHEET_HEIGHT // max(1, len(self.parts))), SMALLEST_ROW)
        rows = [part.draw(row) for part in self.parts[: SHEET_HEIGHT // row]]
        width = max(row.shape[1] for row in rows)
        return np.concatenate([_widened(row, width) for row in rows])


def _widened(picture: Picture, width: int) -> NDArray[np.uint8]:
    right = width - picture.shape[1]
    return np.asarray(cv2.copyMakeBorder(picture, 0, 0, 0, right, cv2.BORDER_CONSTANT, value=(255, 255, 255)), np.uint8)


def explain_in_parts(page: PreparedPage, explain: Callable[[PreparedPage], S]) -> S | PartStages:
    """The stages of a page, or of every part of an image of many leaves.

    Args:
        page: the image.
        explain: reads a page.
    """
    parts = page_parts(page)
    if len(parts) == 1:
        return explain(page)
    stages = [explain(page.part(part.window)) for part in parts]
    found = join(page.size_hw, [(part, done.detections) for part, done in zip(parts, stages, strict=True)])
    return PartStages(list(stages), found)
