"""Marks and the characters of the characters file."""

import pytest

from kuzushiji_submit.reading.characters import Alternative, Character
from kuzushiji_submit.report.join_characters import join_characters
from kuzushiji_submit.report.judge import judge_page

HA, KA = "U+306F", "U+304B"


def character(x: float, label: str = HA, score: float = 0.5) -> Character:
    return Character((x - 10, 10, x + 10, 30), label, score, 0.75, (Alternative(label, 0.5), Alternative(KA, 0.25)))


@pytest.mark.parametrize(
    ("reading", "found"),
    [
        ((HA, 20, 20), True),
        ((HA, 21, 20), True),
        ((HA, 22, 20), False),
        ((HA, 20, 17), False),
        ((KA, 20, 20), False),
    ],
    ids=["exact", "rounded", "aside", "above", "other label"],
)
def test_points_find_their_characters(reading, found, points):
    (mark,) = join_characters(judge_page(points("p", reading), None), [character(20)])
    assert (mark.character is not None) is found


def test_two_points_at_one_place_take_two_characters(points):
    marks = judge_page(points("p", (HA, 20, 20), (HA, 20, 20), (HA, 20, 20)), None)
    joined = join_characters(marks, [character(20, score=0.9), character(20, score=0.1)])
    assert [mark.character.score if mark.character else None for mark in joined] == [0.9, 0.1, None]


def test_missed_characters_take_none(truth, points):
    marks = judge_page(points("p"), truth("p", (HA, 10, 10, 30, 30)))
    assert join_characters(marks, [character(20)]) == marks
