"""A page read again with the text around each place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.context.ngram_context import NgramContext
from kuzushiji_submit.reading.prior.kneser_ney import estimate

CHARSET = ("U+304B", "U+306E", "U+306F", "U+3082", "U+4E00")
KA, NO, WA, MO, ONE = range(5)
PRIOR = estimate([["U+304B", "U+306E", "U+306F"] * 8], 3)


def column(count):
    return np.array([(100, 60 * row, 150, 60 * row + 50) for row in range(count)], np.float32).reshape(-1, 4)


def read(ids, scores, config=None, boxes=None, detection=None):
    ids, scores = np.array(ids, np.int64), np.array(scores, np.float32)
    boxes = column(len(ids)) if boxes is None else boxes
    detection = np.ones(len(ids), np.float32) if detection is None else np.array(detection, np.float32)
    return NgramContext(PRIOR, CHARSET, config).read(boxes, ids, scores, detection)


@st.composite
def pages(draw):
    count, readings = draw(st.integers(0, 6)), draw(st.integers(1, 4))
    ids = np.array([draw(st.permutations(range(5)))[:readings] for _ in range(count)], np.int64).reshape(
        count, readings
    )
    scores = np.sort([[draw(st.floats(0, 0.25, width=32)) for _ in range(readings)] for _ in range(count)])[..., ::-1]
    detection = [draw(st.floats(0, 1, width=32)) for _ in range(count)]
    boxes = np.array([draw(st.tuples(st.integers(0, 500), st.integers(0, 500))) for _ in range(count)], np.float32)
    boxes = boxes.reshape(count, 2)
    return ids, scores.reshape(count, readings), np.concatenate([boxes, boxes + 50], axis=1), detection


CONFIGS = st.builds(
    ContextConfig,
    weight=st.floats(0, 2),
    prior_discount=st.floats(0, 1),
    alternatives=st.integers(1, 6),
    beam=st.integers(1, 20),
    least_share=st.sampled_from([0.0, 1e-3, 0.3]),
    skip=st.one_of(st.none(), st.floats(-4, 2)),
)


@given(pages(), CONFIGS)
@examples(30)
def test_what_the_eye_gave_a_place_is_shared_out_anew(page, config):
    ids, scores, boxes, detection = page
    found = read(ids, scores, config, boxes, detection)
    assert np.sort(found.top_ids, axis=1).tolist() == np.sort(ids, axis=1).tolist()
    assert found.top_scores.sum(axis=1) == pytest.approx(scores.sum(axis=1), abs=1e-5)
    assert (np.diff(found.top_scores, axis=1) <= 0).all()
    assert (found.top_scores >= 0).all()
    assert ((found.presence >= 0) & (found.presence <= 1 + 1e-6)).all()
    assert sorted(found.order.order.tolist()) == list(range(len(ids)))


@given(pages(), st.sampled_from([ContextConfig(enabled=False), ContextConfig(weight=0.0, prior_discount=0.5)]))
@examples(30)
def test_without_weight_nothing_changes(page, config):
    ids, scores, boxes, detection = page
    before = np.array(scores, np.float32)
    found = read(ids, scores, config, boxes, detection)
    assert found.top_ids.tobytes() == ids.tobytes()
    assert found.top_scores.tobytes() == before.tobytes()
    assert (found.presence == 1).all()


@given(pages(), st.floats(0.1, 2))
@examples(30)
def test_with_one_alternative_nothing_changes(page, weight):
    ids, scores, boxes, detection = page
    found = read(ids, scores, ContextConfig(weight=weight, alternatives=1), boxes, detection)
    assert found.top_ids.tobytes() == ids.tobytes()
    assert found.top_scores.tobytes() == np.array(scores, np.float32).tobytes()


def test_no_places():
    found = read(np.zeros((0, 3)), np.zeros((0, 3)))
    assert found.top_ids.shape == found.top_scores.shape == (0, 3)
    assert found.presence.shape == (0,)


def test_the_text_decides_where_the_eye_is_unsure():
    found = read([[KA, MO], [MO, NO], [WA, MO]], [[0.9, 0.1], [0.5, 0.4], [0.9, 0.1]])
    assert found.top_ids[:, 0].tolist() == [KA, NO, WA]
    assert found.top_scores[1].sum() == pytest.approx(0.9)


def test_the_text_does_not_decide_where_the_eye_is_sure():
    found = read([[KA, MO], [MO, NO], [WA, MO]], [[0.9, 0.1], [0.99999, 1e-5], [0.9, 0.1]])
    assert found.top_ids[1, 0] == MO


def test_columns_are_followed_whatever_the_order_of_the_boxes():
    mixed = [2, 0, 1]
    ids = np.array([[KA, MO], [MO, NO], [WA, MO]])[mixed]
    scores = np.array([[0.9, 0.1], [0.5, 0.4], [0.9, 0.1]])[mixed]
    found = read(ids, scores, boxes=column(3)[mixed])
    assert found.top_ids[:, 0].tolist() == [WA, KA, NO]
    assert found.order.order.tolist() == [1, 2, 0]


def test_a_false_alarm_can_be_left_out_of_the_text():
    # か の [一?] は: read over the doubtful box the text goes on.
    page = [[KA, MO], [NO, MO], [ONE, MO], [WA, MO]], [[0.9, 0.1], [0.9, 0.1], [0.5, 0.4], [0.5, 0.45]]
    doubtful = [1, 1, 0.3, 1]
    asked = read(*page, ContextConfig(skip=-1.0), detection=doubtful)
    assert asked.presence[2] < 0.2
    assert asked.presence[[0, 1, 3]] == pytest.approx([1, 1, 1], abs=1e-4)
    assert read(*page, ContextConfig(skip=None), detection=doubtful).presence.tolist() == [1] * 4


def test_ruby_stays_as_the_eye_read_it():
    boxes = np.concatenate([column(6), [(155, 60 + 22 * row, 173, 78 + 22 * row) for row in range(3)]])
    ids, scores = [[MO, NO]] * 9, [[0.5, 0.4]] * 9
    found = read(ids, scores, boxes=boxes.astype(np.float32))
    assert found.order.ruby.tolist() == [False] * 6 + [True] * 3
    assert found.top_scores[6:].tolist() == np.array(scores, np.float32)[6:].tolist()
    assert (found.top_scores[:6] != np.array(scores, np.float32)[:6]).any()


def test_characters_that_the_prior_does_not_know_stay_readable():
    found = read([[ONE, MO]] * 3, [[0.999, 1e-5]] * 3)
    assert (found.top_ids[:, 0] == ONE).all()
