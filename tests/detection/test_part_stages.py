"""Contact sheets of images of many leaves."""

from dataclasses import dataclass

import numpy as np
import pytest

from detection.detections import Detections
from detection.ink.detector import InkDetector
from detection.ink.stages import DetectionStages
from detection.part_stages import SHEET_HEIGHT, SMALLEST_ROW, PartStages
from kuzushiji_submit.core.page.prepared import prepare_page
from tests.detection.test_parts import leaf, wide


@dataclass
class _Row:
    """Stages whose picture says how high it was asked to be."""

    width: int
    detections: Detections

    def draw(self, height: int = 1000) -> np.ndarray:
        return np.zeros((height + 34, self.width, 3), np.uint8)


def rows(*widths: int) -> PartStages:
    return PartStages([_Row(width, Detections.empty()) for width in widths], Detections.empty())


def test_parts_stand_below_one_another() -> None:
    sheet = rows(40, 70).draw(100)
    assert sheet.shape == (268, 70, 3)
    assert (sheet[:134, 40:] == 255).all()
    assert (sheet[134:] == 0).all()


@pytest.mark.parametrize("count", [1, 7, 50, 400])
def test_a_sheet_is_bounded_however_many_parts_there_are(count: int) -> None:
    sheet = rows(*[30] * count).draw()
    assert sheet.shape[0] <= SHEET_HEIGHT * (1 + 34 / SMALLEST_ROW)
    assert sheet.shape[0] >= min(count * SMALLEST_ROW, 0.9 * SHEET_HEIGHT)


def test_a_page_is_explained_as_it_is_and_an_image_of_leaves_part_by_part() -> None:
    assert isinstance(InkDetector().explain(prepare_page(leaf())), DetectionStages)
    page = wide(4)
    stages = InkDetector().explain(page)
    assert isinstance(stages, PartStages)
    assert len(stages.parts) >= 2
    np.testing.assert_array_equal(stages.detections.boxes, InkDetector().detect(page).boxes)
    assert stages.draw(100).shape[0] == 134 * len(stages.parts)
