"""Contact sheets beside a run: a picture that cannot be made costs nothing but itself."""

import logging

import numpy as np
import pytest
from PIL import Image

from detection.detections import Detections
from detection.ink.detector import InkDetector
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.reading.debug_sheets import DebugSheets


class Explaining:
    """A detector that finds one character, and draws whatever it is told to."""

    detections = Detections(np.array([[1, 2, 3, 4]], np.float32), np.ones(1, np.float32))

    def __init__(self, picture):
        self.picture = picture

    def explain(self, page):
        return self

    def draw(self):
        if isinstance(self.picture, Exception):
            raise self.picture
        return self.picture


BLANK = prepare_page(np.full((30, 20, 3), 220, np.uint8))


def test_a_detector_without_stages_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="has no stages to draw: leave --debug out"):
        DebugSheets(object(), tmp_path)


def test_a_sheet_is_written(tmp_path):
    picture = np.zeros((40, 90, 3), np.uint8)
    assert len(DebugSheets(Explaining(picture), tmp_path / "new").detect("b_1", BLANK)) == 1
    with Image.open(tmp_path / "new" / "b_1.jpg") as image:
        assert image.size == (90, 40)


@pytest.mark.parametrize(
    "picture",
    [
        MemoryError("Unable to allocate 12.0 GiB"),
        ValueError("no picture"),
        np.zeros((3, 70_000, 3), np.uint8),  # more than JPEG takes
        np.zeros((0, 5, 3), np.uint8),
    ],
)
def test_a_sheet_that_cannot_be_drawn_is_a_warning(picture, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        found = DebugSheets(Explaining(picture), tmp_path).detect("b_1", BLANK)
    assert len(found) == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert caplog.messages[0].startswith("no debug sheet of b_1: it cannot be drawn (")
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_that_cannot_be_written_is_a_warning(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    sheets = DebugSheets(Explaining(np.zeros((4, 4, 3), np.uint8)), tmp_path / "file" / "folder")
    assert len(sheets.detect("b_1", BLANK)) == 1
    assert "no debug sheet of b_1: " in caplog.text


@pytest.mark.parametrize("hw", [(0, 0), (0, 9), (1, 1), (1, 3000), (3000, 1), (3, 4000), (4000, 3), (60, 9000)])
def test_sheets_of_odd_images_are_drawn_and_bounded(hw, tmp_path, caplog):
    page = prepare_page(np.full((*hw, 3), 220, np.uint8))
    assert len(DebugSheets(InkDetector(), tmp_path).detect("b_1", page)) == 0
    assert caplog.text == ""
    with Image.open(tmp_path / "b_1.jpg") as image:
        assert max(image.size) < 20_000
        assert image.width * image.height < 40_000_000
