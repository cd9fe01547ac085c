"""When a page is looked at again, in which views, and which of them is believed."""

import numpy as np
import pytest

from detection.detections import Detections
from kuzushiji_submit.reading.evidence import Evidence
from kuzushiji_submit.reading.view import TURNS, View
from kuzushiji_submit.reading.view_config import ViewConfig
from recognition.recognitions import Recognitions


def test_evidence():
    assert Evidence.of(Detections.empty(), Recognitions.empty(5)) == Evidence(0, 0.0)
    assert Evidence(0, 0.0).sure_confidence == 0
    boxes = np.zeros((2, 4), np.float32)
    read = Recognitions(np.zeros((2, 1), np.int64), np.array([[0.9], [0.1]], np.float32))
    nothing_sure = Evidence.of(Detections(boxes, np.zeros(2, np.float32)), read)
    assert nothing_sure == Evidence(2, 0.0)
    found = Evidence.of(Detections(boxes, np.array([0.9, 0.3], np.float32)), read)
    assert found.confidence == pytest.approx((0.81 + 0.03) / 1.2)
    assert found.weight == pytest.approx(2 * found.confidence)


def test_what_is_looked_at_by_itself():
    auto = ViewConfig()
    assert (auto.first, auto.looks) == (View(), True)
    assert auto.others(dark=False) == (View(180), View(90), View(270))
    dark = auto.others(dark=True)
    assert dark[:4] == tuple(View(turned, negative=True) for turned in (0, 180, 90, 270))
    assert set(dark) == {View(turned, negative) for turned in TURNS for negative in (False, True)} - {View()}


@pytest.mark.parametrize(
    ("orientation", "polarity", "first", "others"),
    [
        ("upright", "positive", View(), ()),
        ("90", "positive", View(90), ()),
        ("270", "negative", View(270, negative=True), ()),
        ("upright", "auto", View(), (View(0, negative=True),)),
        ("180", "auto", View(180), (View(180, negative=True),)),
        ("auto", "positive", View(), (View(180), View(90), View(270))),
        ("auto", "negative", View(0, negative=True), tuple(View(turned, negative=True) for turned in (180, 90, 270))),
    ],
)
def test_what_the_user_says_is_not_looked_for(orientation, polarity, first, others):
    config = ViewConfig(orientation, polarity)
    assert config.first == first
    assert config.others(dark=True) == others
    assert config.looks == bool(others)


@pytest.mark.parametrize(
    ("evidence", "doubtful"),
    [
        (Evidence(0, 0.0), True),
        (Evidence(3, 0.99), True),
        (Evidence(4, 0.65), False),
        (Evidence(150, 0.57), False),  # a manuscript that is hard to read, upright
        (Evidence(150, 0.42), True),  # the same upside down
    ],
)
def test_doubts(evidence, doubtful):
    assert ViewConfig().doubts(evidence) is doubtful


@pytest.mark.parametrize(
    ("other", "first", "believed"),
    [
        (Evidence(0, 0.0), Evidence(0, 0.0), False),
        (Evidence(3, 0.99), Evidence(0, 0.0), False),
        (Evidence(6, 0.45), Evidence(2, 0.1), False),  # few marks of a picture that look like characters by chance
        (Evidence(6, 0.9), Evidence(2, 0.1), True),
        (Evidence(150, 0.57), Evidence(160, 0.4), True),
        (Evidence(150, 0.42), Evidence(160, 0.4), False),
        (Evidence(10, 0.9), Evidence(60, 0.45), False),  # a few of many characters
    ],
)
def test_prefers(other, first, believed):
    assert ViewConfig().prefers(other, first) is believed
