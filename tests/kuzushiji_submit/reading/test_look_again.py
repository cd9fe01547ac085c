"""Turned pages, negatives and deep samples through the whole run, with a stage for each that knows which way is up.

The pages hold marks without their upper left quarter; a stand-in reader is sure of those that lack just that one.

      ██        ██          upright, and turned by 90 degrees clockwise: such a page is looked at again
    ████        ████
"""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from detection.detections import Detections
from kuzushiji_submit.competition.submission import read_submission, settings_path
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.page.ink import DEFAULT_INK
from kuzushiji_submit.core.page.read import PageImage
from kuzushiji_submit.reading.evidence import Evidence
from kuzushiji_submit.reading.look_again import is_dark, look_again
from kuzushiji_submit.reading.pipeline import Pipeline
from kuzushiji_submit.reading.predict import PredictJob, predict
from kuzushiji_submit.reading.view import TURNS, View
from kuzushiji_submit.reading.view_config import ViewConfig
from recognition.crops import CropConfig
from recognition.recognitions import Recognitions

SIDE, COLUMNS, ROWS = 40, 3, 4
POINTS = sorted((60 + 90 * column, 70 + 80 * row) for column in range(COLUMNS) for row in range(ROWS))


def draw_page() -> np.ndarray:
    """12 black squares without their upper left quarter, uint8 (400, 300, 3)."""
    page = np.full((400, 300, 3), 225, np.uint8)
    for x, y in POINTS:
        page[y - SIDE // 2 : y + SIDE // 2, x - SIDE // 2 : x + SIDE // 2] = 20
        page[y - SIDE // 2 : y - SIDE // 8, x - SIDE // 2 : x - SIDE // 8] = 225
    return page


class Marks:
    """Finds the dark squares; `looks` counts how often it is asked."""

    def __init__(self) -> None:
        self.looks = 0

    def detect(self, page) -> Detections:
        self.looks += 1
        dark = (page.pixels[..., 0] < 110).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(dark)
        boxes = [(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:] if max(w, h) <= SIDE + 2]
        return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.95, np.float32))


class Upright:
    """Is sure of a mark whose ink is weakest in its upper left quarter."""

    charset = Charset(("U+306E", "U+306F"))
    crop_config = CropConfig()
    ink = DEFAULT_INK
    min_score = 0.2

    def recognize(self, crops) -> Recognitions:
        marks = crops.pixels.astype(np.float32)
        half = marks.shape[1] // 2
        quarters = [marks[:, :half, :half], marks[:, :half, half:], marks[:, half:, :half], marks[:, half:, half:]]
        means = np.stack([quarter.mean(axis=(1, 2)) for quarter in quarters], axis=1)
        sure = np.where(means.argmin(axis=1) == 0, 0.9, 0.3) if len(marks) else np.zeros(0)
        scores = np.stack([sure, 1 - sure], axis=1).astype(np.float32)
        return Recognitions(np.tile(np.array([[0, 1]]), (len(marks), 1)), scores)


def make_pipeline(**views) -> Pipeline:
    return Pipeline(Marks(), Upright(), page_views=ViewConfig(**views))


def in_file(page: np.ndarray, view: View) -> np.ndarray:
    file = np.ascontiguousarray(np.rot90(page, -view.turned // 90))
    return 255 - file if view.negative else file


def points_in_file(view: View) -> list[tuple[int, int]]:
    found = view.points_in_file(np.array(POINTS, np.float32), (400, 300))
    return sorted((int(x), int(y)) for x, y in found)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(path), pixels)


def read_back(out: Path) -> dict[str, list[tuple[int, int]]]:
    return {page.image_id: sorted((int(x), int(y)) for x, y in page.points) for page in read_submission(out)}


@pytest.mark.parametrize("turned", TURNS)
@pytest.mark.parametrize("negative", [False, True])
def test_points_are_those_of_the_file(tmp_path, caplog, turned, negative):
    view = View(turned, negative)
    save(tmp_path / "pages" / "b_1.png", in_file(draw_page(), view))
    job = PredictJob(tmp_path / "pages", tmp_path / "s.csv")
    caplog.set_level("WARNING", logger="kuzushiji_submit")
    predict(job, make_pipeline(), {})
    found, expected = read_back(job.out)["b_1"], points_in_file(view)
    assert len(found) == len(expected)
    assert np.abs(np.array(found) - expected).max() <= 2
    settings = json.loads(settings_path(job.out).read_text())
    assert settings["views"] == ({} if view.is_plain else {"b_1": {"turned": turned, "negative": negative}})
    assert settings["notes"] == ({} if view.is_plain else {"b_1": list(view.notes())})


def test_plain_pages_are_looked_at_once():
    pipeline = make_pipeline()
    reading = pipeline.recognize([pipeline.detect("b_1", pipeline.prepare(draw_page()))])[0]
    assert not pipeline.page_views.doubts(reading.evidence)
    assert pipeline.detector.looks == 1


@pytest.mark.parametrize("level", [20, 128, 225])
def test_nothing_is_invented_on_a_page_without_characters(tmp_path, level):
    save(tmp_path / "pages" / "b_1.png", np.full((400, 300, 3), level, np.uint8))
    job = PredictJob(tmp_path / "pages", tmp_path / "s.csv")
    assert predict(job, make_pipeline(), {}).characters == 0
    settings = json.loads(settings_path(job.out).read_text())
    assert (settings["views"], settings["notes"]) == ({}, {})


@pytest.mark.parametrize(
    ("views", "looks"),
    [
        ({"orientation": "upright", "polarity": "positive"}, 1),
        ({"orientation": "180", "polarity": "positive"}, 1),
        ({"polarity": "positive"}, 2),
    ],
)
def test_what_the_user_says_is_done(tmp_path, views, looks):
    save(tmp_path / "pages" / "b_1.png", in_file(draw_page(), View(180)))
    job = PredictJob(tmp_path / "pages", tmp_path / "s.csv")
    pipeline = make_pipeline(**views)
    predict(job, pipeline, {})
    assert pipeline.detector.looks == looks
    settings = json.loads(settings_path(job.out).read_text())
    assert bool(settings["views"]) is (views.get("orientation") != "upright")


def test_views_outlive_an_interrupted_run(tmp_path):
    save(tmp_path / "pages" / "b_1.png", in_file(draw_page(), View(90)))
    (tmp_path / "pages" / "b_2.png").write_bytes(b"damaged")
    job = PredictJob(tmp_path / "pages", tmp_path / "s.csv")
    assert list(predict(job, make_pipeline(), {}).failures) == ["b_2"]
    save(tmp_path / "pages" / "b_2.png", draw_page())
    predict(PredictJob(job.images, job.out, resume=True), make_pipeline(), {})
    assert json.loads(settings_path(job.out).read_text())["views"] == {"b_1": {"turned": 90, "negative": False}}


def test_deep_samples_transparency_and_pages_of_one_file(tmp_path):
    page = draw_page()
    save(tmp_path / "pages" / "deep.png", page.astype(np.uint16)[..., 0] * 16)
    save(tmp_path / "pages" / "seen.png", np.dstack([np.zeros_like(page), 255 - page[..., :1]]))
    assert cv2.imwritemulti(str(tmp_path / "pages" / "book.tif"), [page, in_file(page, View(180))])
    (tmp_path / "pages" / "notes.txt").write_text("text")
    job = PredictJob(tmp_path / "pages", tmp_path / "s.csv")
    predict(job, make_pipeline(), {})
    found = read_back(job.out)
    assert list(found) == ["book_p0001", "book_p0002", "deep", "seen"]
    for name, points in found.items():
        expected = points_in_file(View(180 if name == "book_p0002" else 0))
        assert np.abs(np.array(points) - expected).max() <= 2
    settings = json.loads(settings_path(job.out).read_text())
    assert settings["notes"]["deep"] == ["16-bit samples scaled to 8 bits"]
    assert settings["notes"]["seen"] == ["transparency laid on white"]
    assert list(settings["views"]) == ["book_p0002"]
    assert settings["left_out"] == ["1 file is no image and is left out: notes.txt"]


def test_one_file_is_read_as_a_folder_is(tmp_path):
    save(tmp_path / "pages" / "b_1.png", draw_page())
    job = PredictJob(tmp_path / "pages" / "b_1.png", tmp_path / "s.csv")
    assert predict(job, make_pipeline(), {}).characters == 12


def test_a_page_that_cannot_be_looked_at_again_is_kept(tmp_path, monkeypatch, caplog):
    save(tmp_path / "pages" / "b_1.png", in_file(draw_page(), View(180)))

    def breaks(*_):
        raise MemoryError("no room")

    monkeypatch.setattr(Pipeline, "look", breaks)
    result = predict(PredictJob(tmp_path / "pages", tmp_path / "s.csv"), make_pipeline(), {})
    assert (result.characters, result.failures) == (12, {})


def test_the_first_reading_is_kept_where_no_view_is_better():
    pipeline = make_pipeline()
    image = PageImage(np.full((400, 300, 3), 225, np.uint8))
    reading = pipeline.recognize([pipeline.detect("b_1", pipeline.prepare(image.pixels))])[0]
    assert reading.evidence == Evidence(0, 0.0)
    assert look_again(pipeline, reading, image) is reading


def test_is_dark():
    assert not is_dark(np.zeros((0, 0, 3), np.uint8))
    assert is_dark(np.zeros((1, 1, 3), np.uint8))
    page = draw_page()
    assert not is_dark(page)
    assert is_dark(255 - page)
    assert not is_dark(np.pad(page, ((90, 90), (70, 70), (0, 0))))
