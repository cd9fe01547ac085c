"""The second level as a step."""

from dataclasses import replace

import numpy as np

from kuzushiji_submit.reading.characters import Character
from kuzushiji_submit.reading.second_level.candidate_judge import SecondLevel
from tests.kuzushiji_submit.reading.second_level.test_boosted_trees import stump
from tests.page_readings import page_reading

LEVEL = SecondLevel(stump(), min_score=0.4, active=True)
PAGE = page_reading(
    "p", [Character((10, y, 30, y + 20), "U+306F", 0.3, sure) for y, sure in ((0, 0.4), (30, 0.6), (60, 0.5))]
)


def test_each_character_gets_its_probability():
    judged = LEVEL(PAGE)
    low, high = 1 / (1 + np.exp(0.75)), 1 / (1 + np.exp(-2.25))
    np.testing.assert_allclose(judged.scores, [low, high, low])  # column 1 is the detection score
    np.testing.assert_array_equal(judged.class_ids, PAGE.class_ids)


def test_one_that_did_not_help_leaves_the_page():
    assert replace(LEVEL, active=False)(PAGE) is PAGE


def test_an_empty_page_stays_empty():
    assert len(LEVEL(page_reading("p"))) == 0
