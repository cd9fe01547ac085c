"""From a page to its reading."""

import cv2
import numpy as np
import pytest

from detection.detections import Detections
from detection.heatmap.detector import HeatmapDetector
from detection.heatmap.network import HeatmapNet, HeatmapNetConfig
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page import prepared as prepared_module
from kuzushiji_submit.core.page.ink import DEFAULT_INK, InkConfig
from kuzushiji_submit.core.page.prepared import PreparedPage, prepare_page
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, make_pipeline
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.pipeline import Pipeline
from kuzushiji_submit.reading.second_opinion import SecondOpinion
from recognition.crops import CropConfig, Crops
from recognition.opinions import Opinions
from recognition.recognitions import Recognitions


class Halves:
    """A detector that derives from nothing: the left and the right half of every page."""

    def detect(self, page: PreparedPage) -> Detections:
        height, width = page.ink.shape
        boxes = [(0, 0, width / 2, height), (width / 2, 0, width, height)] if page.ink.any() else []
        return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.array([0.5, 1.0], np.float32)[: len(boxes)])


class Darkness:
    """A recognizer that derives from nothing: "一" where there is ink, "の" where there is none."""

    charset = Charset(("U+306E", "U+4E00"))
    crop_config = CropConfig(size=16, margin=0.0)
    ink = DEFAULT_INK
    min_score = 0.0

    def recognize(self, crops: Crops) -> Recognitions:
        dark = crops.pixels.any(axis=(1, 2)).astype(np.int64)
        scores = np.tile(np.array([0.75, 0.25], np.float32), (len(crops), 1))
        return Recognitions(np.stack([dark, 1 - dark], axis=1), scores)


@pytest.fixture
def half_inked() -> np.ndarray:
    """A page with a stroke in its right half."""
    page = np.full((900, 700, 3), 230, np.uint8)
    return cv2.line(page, (490, 400), (560, 470), (20, 20, 20), 12)


def read_one(pipeline: Pipeline, pixels: np.ndarray) -> PageReading:
    (reading,) = pipeline.read([("p", pixels)])
    return reading


def test_any_detector_and_any_recognizer_will_do(half_inked: np.ndarray) -> None:
    reading = read_one(Pipeline(Halves(), Darkness()), half_inked)
    assert (reading.image_id, reading.size_hw) == ("p", (900, 700))
    assert reading.codepoints == ("U+306E", "U+4E00")
    assert reading.scores.tolist() == [0.375, 0.75]
    assert reading.order.tolist() == [1, 0]


def test_steps_see_every_reading_and_decide_before_the_unsure_are_dropped(half_inked: np.ndarray) -> None:
    seen: list[tuple[int, ...]] = []

    def swap(reading: PageReading) -> PageReading:
        seen.append(reading.top_ids.shape)
        return reading.reread(reading.top_ids[:, ::-1], reading.top_scores)

    def trust_all(reading: PageReading) -> PageReading:
        seen.append(reading.top_ids.shape)
        return reading.reread(reading.top_ids, reading.top_scores, np.ones(len(reading), np.float32))

    pipeline = Pipeline(Halves(), Darkness(), min_score=0.5, alternatives=1, steps=[swap, trust_all])
    reading = read_one(pipeline, half_inked)
    assert seen == [(2, 2), (2, 2)]
    assert reading.codepoints == ("U+4E00", "U+306E")
    assert reading.top_ids.shape == (2, 1)
    assert reading.eye_ids is not None
    assert reading.ink_shares is not None
    assert [reading.charset.codepoints[class_id] for class_id in reading.eye_ids[:, 0]] == ["U+306E", "U+4E00"]
    left, right = reading.ink_shares.tolist()
    assert left == 0 < right < 0.1
    without = read_one(Pipeline(Halves(), Darkness(), min_score=0.5), half_inked)
    assert without.codepoints == ("U+4E00",)
    assert read_one(pipeline.with_min_score(0.9), half_inked).codepoints == ()


def test_an_empty_page_takes_the_same_path(pipeline: Pipeline) -> None:
    for one in (pipeline, Pipeline(Halves(), Darkness())):
        reading = read_one(one, np.full((50, 40, 3), 230, np.uint8))
        assert (reading.image_id, len(reading)) == ("p", 0)
        assert one.recognize([]) == []


def test_every_character_is_found_in_its_box(pipeline, draw_page):
    page, boxes = draw_page(2)
    read = read_one(pipeline, page)
    assert len(read) == len(boxes)
    assert set(read.codepoints) <= set(pipeline.recognizer.charset.codepoints)
    np.testing.assert_allclose(read.top_scores.sum(axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(read.scores, read.detection_scores * read.top_scores[:, 0], atol=1e-6)
    for x0, y0, x1, y1 in boxes:
        inside = (read.centers > (x0, y0)) & (read.centers < (x1, y1))
        assert inside.all(axis=1).sum() == 1


def test_common_batches_give_what_single_pages_give(pipeline, draw_page):
    detected = [pipeline.detect(f"p{columns}", pipeline.prepare(draw_page(columns)[0])) for columns in (1, 0, 3)]
    together = pipeline.recognize(detected)
    alone = [pipeline.recognize([page])[0] for page in detected]
    assert [page.image_id for page in together] == ["p1", "p0", "p3"]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def test_min_score_drops_the_unsure(pipeline, draw_page):
    page, _ = draw_page(2)
    scores = np.sort(read_one(pipeline, page).scores)
    strict = pipeline.with_min_score(float(scores[5]))
    assert len(read_one(strict, page)) == len(scores) - 5
    assert pipeline.min_score == pipeline.recognizer.min_score


def test_pages_have_the_ink_that_the_recognizer_was_trained_on(half_inked: np.ndarray) -> None:
    recognizer = Darkness()
    recognizer.ink = InkConfig(floor=0.5)
    pipeline = Pipeline(Halves(), recognizer)
    page = pipeline.prepare(half_inked)
    assert page.config == recognizer.ink
    assert pipeline.detect("p", page).crops.pixels.any()
    with pytest.raises(WeightsError, match=r"the ink of the page is not the ink .* \(floor 0\.25, not 0\.5\)"):
        pipeline.detect("p", prepare_page(half_inked))


def test_settings_that_ask_for_another_ink_are_refused(pipeline: Pipeline) -> None:
    config = PipelineConfig(ink=pipeline.recognizer.ink)
    assert make_pipeline(config, Halves(), pipeline.recognizer).recognizer.ink == DEFAULT_INK
    config = read_settings(PipelineConfig(), overrides=["ink.floor=0.7"])
    with pytest.raises(WeightsError, match=r"the ink in the settings is not the ink .* \(floor 0\.7, not 0\.25\)"):
        make_pipeline(config, Halves(), pipeline.recognizer)


@pytest.mark.parametrize("what", ["detect", "explain"])
def test_paper_and_ink_of_a_page_are_estimated_once(monkeypatch, draw_page, what):
    calls = []

    def counted(name, function):
        def call(*args):
            calls.append(name)
            return function(*args)

        return call

    for name in ("estimate_paper", "read_ink"):
        monkeypatch.setattr(prepared_module, name, counted(name, getattr(prepared_module, name)))
    network = HeatmapNet(HeatmapNetConfig((2, 2, 2, 2, 2), (1, 1, 1, 1), 2))
    detector = HeatmapDetector(network, device="cpu")
    page = Pipeline(detector, Darkness()).prepare(draw_page(1)[0])
    getattr(detector, what)(page)
    Pipeline(detector, Darkness()).cut("p", page, Detections.empty())
    assert calls == ["estimate_paper", "read_ink"]


class Leftward:
    """Takes what lies in the left half of a page for "の" and the rest for "一", as a dense reader would say it."""

    charset = Darkness.charset

    def logits(self, page: PreparedPage, boxes: np.ndarray) -> np.ndarray:
        left = (boxes[:, 0] + boxes[:, 2]) / 2 < page.size_hw[1] / 2
        return np.stack([left * 9.0, ~left * 9.0], axis=1).astype(np.float32)


class Listener(Darkness):
    """A recognizer that believes what it is told, if it is told enough."""

    def recognize_with(self, crops: Crops, opinions: Opinions) -> Recognitions:
        assert len(opinions.logits) == len(crops)
        ids = np.argsort(-opinions.logits, axis=1)
        return Recognitions(ids, np.full(ids.shape, opinions.share, np.float32))


def with_opinion(share: float = 0.5) -> Pipeline:
    opinion = SecondOpinion([Leftward()], ["leftward"], Darkness.charset, share)
    return Pipeline(Halves(), Listener(), second_opinion=opinion)


def test_a_second_opinion_is_of_each_page_s_own_boxes(half_inked: np.ndarray) -> None:
    pipeline = with_opinion(0.25)
    blank = np.full((50, 40, 3), 230, np.uint8)
    pages = [(name, image) for name, image in (("a", half_inked), ("b", blank), ("c", half_inked[:, ::-1].copy()))]
    detected = [pipeline.detect(name, pipeline.prepare(image)) for name, image in pages]
    assert [page.opinions.shape for page in detected] == [(2, 2), (0, 2), (2, 2)]
    first, empty, last = pipeline.recognize(detected)
    # Mirrored ink changes nothing for who only looks where a box lies.
    assert first.codepoints == last.codepoints == ("U+306E", "U+4E00")
    assert len(empty) == 0
    assert first.top_scores.tolist() == [[0.25, 0.25]] * 2
    assert pipeline.with_min_score(0.0).second_opinion is pipeline.second_opinion
    assert read_one(pipeline, blank).codepoints == ()
    assert [reading.codepoints for reading in pipeline.read(pages[:1])] == [first.codepoints]


def test_a_page_that_was_detected_without_it_is_named(half_inked: np.ndarray) -> None:
    plain, pipeline = Pipeline(Halves(), Listener()), with_opinion()
    page = plain.detect("p", plain.prepare(half_inked))
    assert page.opinions is None
    with pytest.raises(ValueError, match="p: detected by a pipeline without a second opinion"):
        pipeline.recognize([pipeline.detect("q", pipeline.prepare(half_inked)), page])
    # The other way round nothing is missing.
    assert plain.recognize([pipeline.detect("q", pipeline.prepare(half_inked))])[0].codepoints == ("U+306E", "U+4E00")
