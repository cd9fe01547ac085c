"""How large labels are."""

import pytest

from kuzushiji_submit.report.judge import judge_page
from kuzushiji_submit.report.mark_layout import lay_out, size_of

HA = "U+306F"


def column(points, pitch, number=5, x=100):
    return judge_page(points("p", *((HA, x, 100 + pitch * place) for place in range(number))), None)


def test_labels_follow_the_boxes(points, truth):
    small = judge_page(points("p"), truth("p", (HA, 0, 0, 60, 60)))
    large = judge_page(points("p"), truth("p", (HA, 0, 0, 90, 90)))
    units = [lay_out(marks, (3000, 2000)).unit for marks in (small, large)]
    assert units[1] == pytest.approx(1.5 * units[0])
    assert units[0] < 60


def test_labels_follow_the_pitch_where_no_box_is_known(points):
    units = [lay_out(column(points, pitch), (3000, 2000)).unit for pitch in (120, 180)]
    assert units[1] == pytest.approx(1.5 * units[0])


@pytest.mark.parametrize("readings", [[], [(HA, 5, 5)], [(HA, 5, 5), (HA, 5, 5)], [(HA, 1e300, 0), (HA, -1e300, 0)]])
def test_labels_stay_readable(readings, points):
    unit = lay_out(judge_page(points("p", *readings), None), (3000, 2000)).unit
    assert 3000 / 130 <= unit <= 3000 / 30


def test_labels_of_leaves_one_above_the_other_are_as_large_as_those_of_one(points, truth):
    marks = judge_page(points("p"), truth("p", (HA, 0, 0, 40, 40)))
    assert lay_out(marks, (9000, 985)).unit == lay_out(marks, (1500, 985)).unit == pytest.approx(20)


def test_page_size_without_an_image(points, truth):
    assert size_of([]) == (1000, 700)
    height, width = size_of(judge_page(points("p", (HA, 500, 900)), truth("p", (HA, 0, 0, 800, 300))))
    assert height > 900
    assert width > 800
    assert size_of(judge_page(points("p", (HA, 1e300, -5)), None)) == (100, 20_000)
