"""What is known of each character, as numbers."""

from dataclasses import replace

import numpy as np
import pytest

from kuzushiji_submit.reading.characters import Alternative, Character
from kuzushiji_submit.reading.order import read_order
from kuzushiji_submit.reading.second_level.features import FEATURES, WIDEST_GAP, candidate_features
from tests.page_readings import page_reading

HA, NO = "U+306F", "U+306E"


def page_of(*boxes, size=1.0, **more):
    """Characters one under the other in columns; the n-th has the score 0.9 - n / 10."""
    characters = [
        Character(
            tuple(size * side for side in box),
            HA,
            0.5,
            0.9 - 0.1 * place,
            (Alternative(HA, 0.5), Alternative(NO, 0.25)),
        )
        for place, box in enumerate(boxes)
    ]
    page = page_reading("p", characters, (int(1000 * size), int(800 * size)))
    return replace(page, order=read_order(page.boxes).order, **more)


def column(page, name):
    return candidate_features(page)[:, FEATURES.index(name)].tolist()


COLUMN = ((100, 100, 140, 150), (100, 160, 140, 210), (110, 230, 150, 280), (100, 230, 140, 260))


def test_an_empty_page_has_no_rows():
    assert candidate_features(page_reading("p")).shape == (0, len(FEATURES))


def test_one_character_has_no_neighbors():
    found = dict(zip(FEATURES, candidate_features(page_of(COLUMN[0]))[0].tolist(), strict=True))
    assert (found["joint_score"], found["score_before"], found["page_score"]) == pytest.approx((0.45,) * 3)
    assert (found["gap_above"], found["gap_below"]) == (WIDEST_GAP, WIDEST_GAP)
    assert (found["height"], found["width"], found["overlap"], found["aside"]) == (1, 1, 0, 0)
    assert np.isnan(found["ink_share"])


def test_geometry_is_measured_against_the_page():
    page = page_of(*COLUMN[:3])
    assert column(page, "height") == [1, 1, 1]
    assert column(page, "gap_below") == pytest.approx([10 / 50, 20 / 50, WIDEST_GAP])
    assert column(page, "gap_above") == pytest.approx([WIDEST_GAP, 10 / 50, 20 / 50])
    assert column(page, "aside") == pytest.approx([0, 0, 10 / 40])
    assert column(page, "column_length") == [3, 3, 3]
    assert column(page, "score_before") == pytest.approx([0.4, 0.45, 0.4])
    assert column(page, "score_after") == pytest.approx([0.4, 0.35, 0.4])


def test_the_worse_of_two_overlapping_boxes_is_covered():
    page = page_of(*COLUMN)
    assert column(page, "covered_by_better") == pytest.approx([0, 0, 0, 30 / 40])
    shared = 30 * 30
    assert column(page, "overlap")[2:] == pytest.approx([shared / (2000 + 1200 - shared)] * 2)


def test_pixels_have_no_meaning_of_their_own():
    small, large = (candidate_features(page_of(*COLUMN, size=size)) for size in (1, 3))
    np.testing.assert_allclose(small, large, rtol=1e-5)


def test_what_the_text_changed_is_told_apart():
    page = page_of(*COLUMN[:2])
    assert column(page, "changed") == [0, 0]
    other = page.reread(page.top_ids[:, ::-1], np.array([[0.6, 0.15]] * 2, np.float32))
    assert column(other, "changed") == [1, 1]
    assert column(other, "eye_score") == pytest.approx([0.5] * 2)
    assert column(other, "eye_score_of_chosen") == pytest.approx([0.25] * 2)
    assert column(other, "eye_lead") == pytest.approx([np.log(2)] * 2)
    assert column(other, "text_lead") == pytest.approx([np.log(4)] * 2)
    assert column(other, "eye_mass") == pytest.approx([0.75] * 2)


def test_ink_counts_against_the_page():
    page = page_of(*COLUMN[:3], ink_shares=np.array([0.1, 0.2, 0.4], np.float32))
    assert column(page, "ink_share_on_page") == pytest.approx([0.5, 1, 2])


def test_boxes_without_area_and_a_single_reading_give_numbers():
    page = page_of((5, 5, 5, 5), (9, 9, 3, 3), (5, 5, 5, 5), ink_shares=np.zeros(3, np.float32)).with_alternatives(1)
    assert np.isfinite(candidate_features(page)).all()
