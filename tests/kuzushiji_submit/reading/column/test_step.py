"""A page read again with a column model; a stand-in says what the model would."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.reading.column.config import WEIGHT_ALONE, WEIGHT_BESIDE_PRIOR, ColumnConfig
from kuzushiji_submit.reading.column.step import ColumnStep
from kuzushiji_submit.reading.context.config import DEFAULT_WEIGHT, ContextConfig
from kuzushiji_submit.reading.page_reading import PageReading

CHARSET = Charset(("U+304B", "U+306E", "U+306F", "U+3082", "U+4E00"))
KA, NO, WA, MO, ONE = range(5)


class Model:
    """Says the same of a class wherever it stands, and keeps what it was asked."""

    def __init__(self, *by_class):
        self.by_class = np.array(by_class, np.float32)
        self.heard = []

    def support(self, ids, scores):
        self.heard.append((ids, scores))
        return self.by_class[ids]


def page_of(ids, scores, boxes=None):
    """A page with one column, read from the top."""
    ids, scores = np.array(ids, np.int64), np.array(scores, np.float32)
    if boxes is None:
        boxes = [(100, 60 * row, 150, 60 * row + 50) for row in range(len(ids))]
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    detection = np.full(len(ids), 0.5, np.float32)
    return PageReading(
        *("p", (1000, 800), CHARSET),
        boxes=boxes,
        points=(boxes[:, :2] + boxes[:, 2:]) / 2,
        detection_scores=detection,
        top_ids=ids,
        top_scores=scores,
        class_ids=ids[:, 0],
        scores=detection.astype(float) * scores[:, 0],
        order=np.arange(len(ids)),
    )


def test_support_is_added_to_logarithms_and_the_place_keeps_its_mass():
    model = Model(0, 2, 0, 0, 0)
    page = page_of([[WA, NO, KA]], [[0.5, 0.3, 0.1]])
    read = ColumnStep(model, ColumnConfig(weight=0.5))(page)
    raised = 0.3 * np.e
    assert read.top_ids.tolist() == [[NO, WA, KA]]
    assert read.top_scores[0] == pytest.approx(0.9 * np.array([raised, 0.5, 0.1]) / (raised + 0.6))
    assert read.class_ids.tolist() == [NO]
    assert read.scores == pytest.approx(0.5 * read.top_scores[:, 0])
    assert (read.eye_ids.tolist(), read.eye_scores.tolist()) == (page.top_ids.tolist(), page.top_scores.tolist())


def test_after_a_text_prior_the_model_hears_the_eye_and_changes_what_there_is():
    model = Model(0, 0, 3, 0, 0)
    eye = page_of([[WA, NO, KA]], [[0.5, 0.3, 0.1]])
    spoken = eye.reread(np.array([[NO, KA, WA]]), np.array([[0.6, 0.2, 0.1]], np.float32))
    read = ColumnStep(model, ColumnConfig(weight=1.0, prior_share=1.0))(spoken)
    ((ids, scores),) = model.heard
    assert (ids.tolist(), scores.tolist()) == (eye.top_ids.tolist(), eye.top_scores.tolist())
    raised = 0.1 * np.e**3
    assert read.top_ids.tolist() == [[WA, NO, KA]]
    assert read.top_scores[0] == pytest.approx(0.9 * np.array([raised, 0.6, 0.2]) / (raised + 0.8))
    assert (read.eye_ids.tolist(), read.eye_scores.tolist()) == (eye.top_ids.tolist(), eye.top_scores.tolist())


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_of_what_the_text_prior_changed_a_share_stays(share: float):
    eye = page_of([[WA, NO]], [[0.5, 0.3]])
    spoken = eye.reread(np.array([[NO, WA]]), np.array([[0.7, 0.1]], np.float32))
    read = ColumnStep(Model(0, 0, 0, 0, 0), ColumnConfig(weight=1.0, prior_share=share))(spoken)
    said = dict(zip(read.top_ids[0].tolist(), np.log(read.top_scores[0]).tolist(), strict=True))
    changed = np.log(0.7 / 0.1) - np.log(0.3 / 0.5)
    assert said[NO] - said[WA] == pytest.approx(np.log(0.3 / 0.5) + share * changed, abs=1e-5)


def test_readings_that_the_eye_does_not_have_get_no_support():
    model = Model(9, 9, 9, 9, 9)
    page = dataclasses.replace(
        page_of([[MO, ONE]], [[0.4, 0.2]]), eye_ids=np.array([[MO]]), eye_scores=np.array([[0.9]], np.float32)
    )
    read = ColumnStep(model, ColumnConfig(weight=1.0, prior_share=1.0))(page)
    assert read.top_ids.tolist() == [[MO, ONE]]
    assert read.top_scores[0] == pytest.approx(0.6 * np.array([0.4 * np.e**9, 0.2]) / (0.4 * np.e**9 + 0.2))


def test_the_weight_is_that_beside_a_prior_or_alone():
    context = ContextConfig(weight=DEFAULT_WEIGHT / 2)
    page = page_of([[WA, NO]], [[0.5, 0.5]])
    for seen, weight in (
        (page, WEIGHT_ALONE / 2),
        (page.reread(page.top_ids, page.top_scores), WEIGHT_BESIDE_PRIOR / 2),
    ):
        read = ColumnStep(Model(0, 1, 0, 0, 0), context=context)(seen)
        assert np.log(read.top_scores[0, 0] / read.top_scores[0, 1]) == pytest.approx(weight, abs=1e-5)


def test_places_are_heard_in_reading_order_and_ruby_is_not():
    text = [(100, 60 * row, 150, 60 * row + 50) for row in range(5)]
    ruby = [(155, 70 + 20 * row, 170, 85 + 20 * row) for row in range(4)]
    boxes = [*ruby, *text[::-1]]
    ids = [[MO]] * 4 + [[KA], [NO], [WA], [KA], [ONE]]
    model = Model(0, 0, 0, 0, 0)
    read = ColumnStep(model)(page_of(ids, [[0.5]] * 9, boxes))
    assert model.heard[0][0].ravel().tolist() == [ONE, KA, WA, NO, KA]
    assert sorted(read.order.tolist()) == list(range(9))
    assert [int(read.class_ids[place]) for place in read.order if read.class_ids[place] != MO] == [ONE, KA, WA, NO, KA]


def test_a_place_where_the_eye_saw_nothing_stays_as_it_is():
    page = page_of([[WA, NO], [KA, NO]], [[0.0, 0.0], [0.5, 0.0]])
    read = ColumnStep(Model(0, 50, 0, 0, 0), ColumnConfig(weight=1.0))(page)
    assert read.top_ids.tolist() == page.top_ids.tolist()
    assert read.top_scores == pytest.approx(page.top_scores)


@pytest.mark.parametrize(
    ("config", "context"),
    [
        (ColumnConfig(enabled=False), ContextConfig()),
        (ColumnConfig(weight=0.0), ContextConfig()),
        (ColumnConfig(), ContextConfig(enabled=False)),
        (ColumnConfig(), ContextConfig(weight=0.0)),
    ],
)
def test_without_weight_the_page_is_left_alone_and_nobody_asked(config, context):
    page, model = page_of([[WA, NO]], [[0.5, 0.3]]), Model(0, 9, 0, 0, 0)
    assert ColumnStep(model, config, context)(page) is page
    assert model.heard == []


def test_an_empty_page():
    page = page_of(np.zeros((0, 3)), np.zeros((0, 3)))
    assert len(ColumnStep(Model(1, 1, 1, 1, 1))(page)) == 0


@st.composite
def pages(draw):
    count, readings = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    ids = [draw(st.permutations(range(5)))[:readings] for _ in range(count)]
    scores = np.sort([[draw(st.floats(0, 0.1875, width=32)) for _ in range(readings)] for _ in range(count)])[:, ::-1]
    corners = [draw(st.tuples(st.integers(0, 500), st.integers(0, 500))) for _ in range(count)]
    return page_of(ids, scores, [(x, y, x + 50, y + 50) for x, y in corners])


@given(pages(), st.lists(st.floats(-20, 20), min_size=5, max_size=5), st.floats(0.01, 2))
@examples(50)
def test_a_page_keeps_its_readings_and_their_mass(page, support, weight):
    read = ColumnStep(Model(*support), ColumnConfig(weight=weight))(page)
    assert np.sort(read.top_ids, axis=1).tolist() == np.sort(page.top_ids, axis=1).tolist()
    assert read.top_scores.sum(axis=1) == pytest.approx(page.top_scores.sum(axis=1), abs=1e-5)
    assert (np.diff(read.top_scores, axis=1) <= 0).all()
    assert (read.top_scores >= 0).all()
    assert np.array_equal(read.boxes, page.boxes)
    assert sorted(read.order.tolist()) == list(range(len(page)))


@given(pages(), st.floats(-20, 20), st.floats(0.01, 2))
@examples(30)
def test_what_speaks_for_all_readings_alike_changes_nothing(page, support, weight):
    read = ColumnStep(Model(*[support] * 5), ColumnConfig(weight=weight))(page)
    assert read.top_scores == pytest.approx(page.top_scores, abs=1e-6)
