import dataclasses

import numpy as np
import pytest

from detection.detections import Detections
from detection.ink.detector import InkDetector, InkDetectorConfig
from detection.ink.segmentation import SegmentationConfig
from kuzushiji_submit.core.page.prepared import prepare_page
from tests.drawn_pages import INK, DrawnPage, matched


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 9, 3), (1, 1, 3), (5, 400, 3), (400, 5, 3), (300, 200, 3)])
@pytest.mark.parametrize("value", [0, 127, 255])
def test_pages_without_text_have_no_boxes(shape: tuple[int, int, int], value: int) -> None:
    stages = InkDetector().explain(prepare_page(np.full(shape, value, np.uint8)))
    assert len(stages.detections) == 0
    assert stages.detections.boxes.shape == (0, 4)
    assert stages.draw(height=60).ndim == 3


def test_noise_alone_is_no_text() -> None:
    assert len(InkDetector().detect(prepare_page(DrawnPage.blank().image))) == 0


@pytest.mark.parametrize("size", [32, 60, 110])
def test_written_columns_are_found(size: int) -> None:
    page = DrawnPage.blank(1900, 1400).text(size=size, columns=5, rows=8)
    found = InkDetector().detect(prepare_page(page.image))
    assert found.boxes.dtype == np.float32
    assert found.scores.dtype == np.float32
    hits = matched(found.boxes, page.truth)
    assert hits >= 0.9 * len(page.truth)
    assert len(found) - hits <= 0.1 * len(page.truth)


def test_boxes_lie_on_the_page_and_scores_between_0_and_1() -> None:
    page = DrawnPage.blank().text()
    found = InkDetector().detect(prepare_page(page.image))
    height, width = page.image.shape[:2]
    assert (found.boxes[:, :2] < found.boxes[:, 2:]).all()
    assert (found.boxes >= 0).all()
    assert (found.boxes <= [width, height, width, height]).all()
    assert ((found.scores > 0) & (found.scores < 1)).all()


def test_frame_ruby_seal_and_background_change_little() -> None:
    page = DrawnPage.blank(1300, 1000).text(size=60, columns=5, rows=8)
    page.frame(110, 150, 800, 1000)
    for k in range(5):
        for part in range(3):
            page.glyph(150 + 108 * k + 70, 205 + 22 * part, 16, shape=part)
    page.seal(200, 300, 180)
    image = np.full((1500, 1200, 3), 30, np.uint8)
    image[100:1400, 100:1100] = page.image
    truth = [(a + 100, b + 100, c + 100, d + 100) for a, b, c, d in page.truth]
    found = InkDetector().detect(prepare_page(image))
    hits = matched(found.boxes, truth)
    assert hits >= 0.9 * len(truth)
    assert len(found) - hits <= 0.1 * len(truth)


def test_small_and_large_pages_of_the_same_text_agree() -> None:
    small, large = (DrawnPage.blank(20 * k, 15 * k).text(size=k, columns=5, rows=8) for k in (50, 100))
    assert (
        abs(len(InkDetector().detect(prepare_page(small.image))) - len(InkDetector().detect(prepare_page(large.image))))
        <= 4
    )


def test_the_same_page_gives_the_same_boxes() -> None:
    page = DrawnPage.blank().text().image
    first, second = InkDetector().detect(prepare_page(page)), InkDetector().detect(prepare_page(page.copy()))
    assert (first.boxes == second.boxes).all()
    assert (first.scores == second.scores).all()


def test_a_map_gives_what_its_page_gave() -> None:
    page = DrawnPage.blank().text().image
    stages = InkDetector().explain(prepare_page(page))
    again = InkDetector().detect_on_map(stages.ink, stages.lines).detections
    assert (again.boxes == stages.detections.boxes).all()


def touching() -> DrawnPage:
    """Columns of characters that touch: three strokes each, two of them where characters meet."""
    page = DrawnPage.blank()
    for k in range(5):
        page.column(150 + 108 * k, 200, 60, 9, gap=-0.05)
    return page


def test_a_scoring_function_decides_doubtful_cuts() -> None:
    page = touching()
    truth = np.array(page.truth)
    asked: list[np.ndarray] = []

    def opinion(ink: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        assert ink.shape == page.image.shape[:2]
        asked.append(boxes)
        shared = np.minimum(boxes[:, None, 2:], truth[None, :, 2:]) - np.maximum(boxes[:, None, :2], truth[None, :, :2])
        inter = np.clip(shared, 0, None).prod(axis=2)
        area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        union = area[:, None] + (truth[:, 2:] - truth[:, :2]).prod(axis=1)[None] - inter
        return (inter / union).max(axis=1).astype(np.float32) ** 2

    plain = InkDetector().detect(prepare_page(page.image))
    settings = InkDetectorConfig(segmentation=SegmentationConfig(opinion=3.0, ask_above=0.001, alike=0.8))
    helped = InkDetector(settings, opinion).detect(prepare_page(page.image))
    assert len(asked) == 1
    assert len(asked[0]) > len(page.truth)
    assert matched(helped.boxes, page.truth) >= matched(plain.boxes, page.truth)
    assert matched(helped.boxes, page.truth) >= 0.9 * len(page.truth)


def test_a_scorer_without_opinion_leaves_the_boxes_as_they_are() -> None:
    page = DrawnPage.blank().text().image
    plain = InkDetector().detect(prepare_page(page))
    same = InkDetector(score_crops=lambda _, boxes: np.full(len(boxes), 0.2, np.float32)).detect(prepare_page(page))
    assert len(plain) == len(same)
    shift = (plain.boxes[:, :2] + plain.boxes[:, 2:] - same.boxes[:, :2] - same.boxes[:, 2:]) / 2
    assert np.abs(shift).max() <= 20


def test_a_scorer_is_not_asked_about_a_blank_page() -> None:
    def never(ink: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        raise AssertionError("asked")

    assert len(InkDetector(score_crops=never).detect(prepare_page(np.full((300, 200, 3), 250, np.uint8)))) == 0


def test_a_higher_price_gives_fewer_boxes() -> None:
    page = touching().image
    cheap, dear = (
        InkDetector(InkDetectorConfig(segmentation=SegmentationConfig(least=least))).detect(prepare_page(page))
        for least in (0.05, 0.95)
    )
    assert len(cheap) > len(dear)


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        InkDetectorConfig().layout = None


def test_the_debug_sheet_shows_every_stage() -> None:
    page = DrawnPage.blank().text()
    page.frame(110, 150, 760, 1000)
    stages = InkDetector().explain(prepare_page(page.image))
    sheet = stages.draw(height=300)
    assert sheet.dtype == np.uint8
    assert sheet.shape[0] > 300
    panels = np.array_split(sheet[40:], 6, axis=1)
    assert all((panel < 200).any() for panel in panels)
    assert (np.abs(panels[4].astype(int) - [220, 40, 40]).sum(axis=2) < 60).any()
    assert stages.layout.character_size == pytest.approx(60, rel=0.2)


def test_a_debug_sheet_of_a_map_alone_has_no_page() -> None:
    stages = InkDetector().detect_on_map(InkDetector().explain(prepare_page(DrawnPage.blank().text().image)).ink)
    assert stages.page is None
    assert stages.draw(height=200).shape[2] == 3


@pytest.mark.parametrize(
    ("boxes", "scores"),
    [(np.zeros((2, 3), np.float32), np.zeros(2, np.float32)), (np.zeros((2, 4), np.float32), np.zeros(3, np.float32))],
)
def test_detections_of_wrong_shape_are_refused(boxes: np.ndarray, scores: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must have shape"):
        Detections(boxes, scores)


def test_detections_can_be_picked() -> None:
    some = Detections(np.arange(12, dtype=np.float32).reshape(3, 4), np.array([0.1, 0.9, 0.5], np.float32))
    assert some.select(some.scores > 0.3).scores.tolist() == pytest.approx([0.9, 0.5])
    assert some.points.tolist() == [[1, 2], [5, 6], [9, 10]]
    moved = Detections(some.boxes, some.scores, some.points + 1)
    assert moved.select(np.array([2])).points.tolist() == [[10, 11]]
    with pytest.raises(ValueError, match="points must have shape"):
        Detections(some.boxes, some.scores, some.points[:2])
    assert len(Detections.empty()) == 0
    assert INK[0] < 255


@pytest.mark.parametrize("axis", [0, 1])
def test_leaves_joined_into_one_image_are_read_as_each_alone(axis: int) -> None:
    leaves = [
        DrawnPage.blank(760, 540, seed=k).text(size=size, columns=4, rows=8) for k, size in ((0, 36), (1, 44))
    ] * 2
    alone = [InkDetector().detect(prepare_page(leaf.image)) for leaf in leaves]
    joined = InkDetector().detect(prepare_page(np.concatenate([leaf.image for leaf in leaves], axis=axis)))
    side = leaves[0].image.shape[axis]
    offsets = [np.array([k * side, 0] * 2 if axis else [0, k * side] * 2, np.float32) for k in range(4)]
    expected = np.concatenate([found.boxes + offset for found, offset in zip(alone, offsets, strict=True)])
    hits = matched(joined.boxes, expected)
    assert hits >= 0.9 * len(expected)
    assert len(joined) - hits <= 0.1 * len(expected)
