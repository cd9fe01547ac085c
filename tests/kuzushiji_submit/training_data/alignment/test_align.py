"""A page whose text is known, whose characters are told apart by how dark they are."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.training_data.alignment.align import AlignConfig, align_page
from recognition.calibration import Calibration
from recognition.crops import CropConfig

TEXT = "あいうえおあいう えお\nあい"
CHARSET = Charset(tuple(f"U+{ord(one):04X}" for one in "あいうえお"))
NOTHING = PageTruth("p", (), np.zeros((0, 4), np.float32))


@dataclass
class DarknessReader:
    """A recognizer that is sure of a character by its darkness: class n is 40 (n + 1)."""

    doubt: float = 20.0
    charset: Charset = CHARSET
    crop_config: CropConfig = field(default_factory=lambda: CropConfig(size=32, margin=0.0))
    calibration: Calibration = field(default_factory=Calibration)

    @property
    def metadata(self):
        return self

    def logits(self, crops):
        darkness = crops.pixels[:, 12:20, 12:20].mean(axis=(1, 2))
        return -np.abs(darkness[:, None] - 40.0 * np.arange(1, 6)).astype(np.float32) / self.doubt


@pytest.fixture
def page():
    """Ink uint8 (300, 200) of three columns, and the boxes of its 12 characters in the order of the text."""
    ink, boxes = np.zeros((300, 200), np.uint8), []
    characters = [one for one in TEXT if not one.isspace()]
    for place, character in enumerate(characters):
        x, y = 140 - 50 * (place // 5), 10 + 55 * (place % 5)
        ink[y : y + 40, x : x + 40] = 40 * (1 + "あいうえお".index(character))
        boxes.append((x, y, x + 40, y + 40))
    return ink, np.array(boxes, np.float32)


def labels_by_box(truth):
    return {tuple(box): codepoint for box, codepoint in zip(truth.boxes.tolist(), truth.codepoints, strict=True)}


def expected(boxes):
    characters = [one for one in TEXT if not one.isspace()]
    return {tuple(box): f"U+{ord(one):04X}" for box, one in zip(boxes.tolist(), characters, strict=True)}


def test_every_box_gets_its_character(page):
    ink, boxes = page
    mixed = np.random.default_rng(0).permutation(boxes)
    aligned = align_page(ink, mixed, TEXT, NOTHING, DarknessReader())
    assert labels_by_box(aligned.truth) == expected(boxes)
    assert (aligned.aligned, aligned.detected, aligned.characters) == (12, 12, 12)


def test_missed_boxes_and_false_alarms_stay_without_label(page):
    ink, boxes = page
    false_alarm = np.array([[10, 250, 40, 280]], np.float32)  # blank paper under the last column
    found = np.concatenate([np.delete(boxes, [3, 7], axis=0), false_alarm])
    aligned = align_page(ink, found, TEXT, NOTHING, DarknessReader(doubt=4.0))
    assert labels_by_box(aligned.truth).items() <= expected(boxes).items()
    assert aligned.aligned >= 8


def test_known_boxes_replace_detected_ones_and_anchor_the_rest(page):
    ink, boxes = page
    known = PageTruth("p", ("U+3044", "U+304A"), boxes[[1, 4]] + 1)
    blind = DarknessReader(doubt=1e6)
    aligned = align_page(ink, boxes, TEXT, known, blind)
    assert aligned.detected == 10
    assert aligned.truth.codepoints[:2] == known.codepoints
    assert labels_by_box(aligned.truth).items() <= {**expected(boxes), **labels_by_box(known)}.items()
    without = align_page(ink, boxes[:11], TEXT, NOTHING, blind)
    assert without.aligned < aligned.aligned


@pytest.mark.parametrize("text", ["", "\n", "漢字"])
def test_text_without_known_characters_labels_nothing_it_is_not_sure_of(page, text):
    ink, boxes = page
    aligned = align_page(ink, boxes, text, NOTHING, DarknessReader(), AlignConfig(least_posterior=0.9))
    assert aligned.aligned == 0
    assert len(align_page(ink, boxes[:0], text, NOTHING, DarknessReader()).truth) == 0
