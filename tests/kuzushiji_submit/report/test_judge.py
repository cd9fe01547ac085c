"""What becomes of each point, against the scorer's own counts."""

from collections import Counter

import numpy as np
import pytest

from kuzushiji_submit.competition.scoring import Counts, match_page
from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.report.judge import judge_page, pair_misreads, score_page
from kuzushiji_submit.report.model import Kind

HA, HO, KA = "U+306F", "U+307B", "U+304B"
BOX = (10, 10, 30, 30)
NEXT = (10, 40, 30, 60)


@pytest.mark.parametrize(
    ("boxes", "readings", "kinds"),
    [
        pytest.param([], [], [], id="nothing at all"),
        pytest.param([], [(HA, 20, 20)], [Kind.FALSE_ALARM], id="empty truth"),
        pytest.param([(HA, *BOX)], [], [Kind.MISSED], id="nothing read"),
        pytest.param([(HA, *BOX)], [(HA, 20, 20)], [Kind.HIT], id="hit"),
        pytest.param([(HA, *BOX)], [(HO, 20, 20)], [Kind.MISREAD], id="misread"),
        pytest.param([(HA, *BOX)], [(HA, 10, 20)], [Kind.FALSE_ALARM, Kind.MISSED], id="on the border"),
        pytest.param([(HA, *BOX)], [(HA, 20, 20), (HA, 21, 20)], [Kind.HIT, Kind.EXTRA], id="right twice"),
        pytest.param([(HA, *BOX)], [(HO, 20, 20), (HA, 21, 20)], [Kind.EXTRA, Kind.HIT], id="wrong and right"),
        pytest.param([(HA, *BOX)], [(HO, 20, 20), (KA, 21, 20)], [Kind.MISREAD, Kind.EXTRA], id="wrong twice"),
        pytest.param(
            [(HA, *BOX), (HO, *NEXT)], [(HO, 20, 20), (HA, 20, 50)], [Kind.MISREAD, Kind.MISREAD], id="exchanged"
        ),
        pytest.param(
            [(HA, *BOX), (HO, *NEXT)], [(HA, 20, 35)], [Kind.FALSE_ALARM, Kind.MISSED, Kind.MISSED], id="between"
        ),
        pytest.param([(HA, 10, 10, 10, 30)], [(HA, 10, 20)], [Kind.FALSE_ALARM, Kind.MISSED], id="box without area"),
    ],
)
def test_kinds(boxes, readings, kinds, points, truth):
    marks = judge_page(points("p", *readings), truth("p", *boxes))
    assert [mark.kind for mark in marks] == kinds


def test_without_truth_nothing_is_judged(points):
    marks = judge_page(points("p", (HA, 1, 2), ("xyz", 3, 4)), None)
    assert [(mark.kind, mark.read, mark.point, mark.truth) for mark in marks] == [
        (Kind.UNSCORED, HA, (1, 2), None),
        (Kind.UNSCORED, "xyz", (3, 4), None),
    ]


def test_a_misread_tells_both_characters_and_the_annotated_box(points, truth):
    (mark,) = judge_page(points("p", (HO, 20, 20)), truth("p", (HA, *BOX)))
    assert (mark.read, mark.truth, mark.truth_box, mark.anchor) == (HO, HA, BOX, "p0")


def test_an_extra_reading_names_the_character_of_its_place(points, truth):
    marks = judge_page(points("p", (HA, 20, 20), (HO, 21, 21)), truth("p", (HA, *BOX)))
    assert (marks[1].kind, marks[1].truth, marks[1].truth_box) == (Kind.EXTRA, HA, None)


def random_page(seed: int) -> tuple[PageTruth, PagePoints]:
    """Crowded and overlapping, with few labels, so that every kind of conflict occurs."""
    generator = np.random.default_rng(seed)
    corners = generator.integers(0, 60, (25, 2))
    boxes = np.concatenate([corners, corners + generator.integers(0, 30, (25, 2))], axis=1).astype(np.float32)
    labels = [HA, HO, KA]
    names = tuple(generator.choice(labels, 25).tolist())
    reads = tuple(generator.choice(labels, 30).tolist())
    return PageTruth("p", names, boxes), PagePoints("p", reads, generator.integers(0, 90, (30, 2)).astype(np.float64))


@pytest.mark.parametrize("seed", range(40))
def test_kinds_add_up_to_the_scorers_counts(seed):
    truth, points = random_page(seed)
    marks = judge_page(points, truth)
    found = Counter(mark.kind for mark in marks)
    counts = match_page(truth, points).counts
    assert found[Kind.HIT] == counts.tp
    assert found[Kind.MISREAD] + found[Kind.EXTRA] + found[Kind.FALSE_ALARM] == counts.fp
    assert found[Kind.MISREAD] + found[Kind.MISSED] == counts.fn
    assert found[Kind.MISREAD] == len(pair_misreads(truth, points))
    assert all(mark.read != mark.truth for mark in marks if mark.kind is Kind.MISREAD)
    assert len({mark.anchor for mark in marks}) == len(marks)


def test_random_pages_hold_every_kind():
    found = {mark.kind for seed in range(40) for mark in judge_page(*reversed(random_page(seed)))}
    assert found == set(Kind) - {Kind.UNSCORED}


def test_score_without_labels_counts_places(points, truth):
    score = score_page(truth("p", (HA, *BOX), (KA, *NEXT)), points("p", (HO, 20, 20), (KA, 20, 50)))
    assert score.counts == Counts(1, 1, 1)
    assert score.detection == Counts(2, 0, 0)
