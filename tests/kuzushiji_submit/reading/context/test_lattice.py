"""The share of all ways through each reading, against a walk along every single one."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from kuzushiji_submit.reading.context.lattice import Places, marginals
from kuzushiji_submit.reading.prior.kneser_ney import estimate

CHARACTERS = ("U+304B", "U+306E", "U+306F", "U+3082")
TEXT = [[CHARACTERS[place] for place in page] for page in ([0, 1, 2, 0, 1, 3, 0, 1], [2, 2, 1, 0], [3, 0, 1, 2, 3])]
NEVER = -np.inf


def every_way(places, prior, weight):
    """The marginals, way by way."""
    count, readings = places.ids.shape
    found = np.zeros((count, readings + 1))
    for way in product(range(readings + 1), repeat=count):
        log, state = 0.0, prior.start()
        for place, reading in enumerate(way):
            if reading == readings:
                log += places.skips[place]
            else:
                logs, state = prior.step(state, places.ids[place, reading : reading + 1])
                log += weight * float(logs[0]) + places.logs[place, reading]
        for place, reading in enumerate(way):
            found[place, reading] += np.exp(log)
    return found / found.sum(axis=1, keepdims=True)


LOG = st.floats(-6, 0)


@st.composite
def sequences(draw):
    count, readings = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    ids = np.array([draw(st.permutations(range(1, 6)))[:readings] for _ in range(count)], np.int64)
    logs = np.array([[draw(LOG) for _ in range(readings)] for _ in range(count)])
    closed = np.array([[draw(st.booleans()) for _ in range(readings)] for _ in range(count)])
    closed[:, 0] = False
    skips = np.array([draw(st.one_of(st.just(NEVER), LOG)) for _ in range(count)])
    return Places(ids, np.where(closed, NEVER, logs), skips)


@given(sequences(), st.integers(1, 4), st.floats(0, 2))
@examples(30)
def test_marginals_are_those_of_all_ways(places, order, weight):
    prior = estimate(TEXT, order)
    found = marginals(places, prior, weight, beam=10_000)
    assert found == pytest.approx(every_way(places, prior, weight), abs=1e-5)


@given(sequences(), st.integers(1, 3))
def test_a_narrow_beam_still_gives_probabilities(places, beam):
    found = marginals(places, estimate(TEXT, 3), 0.7, beam)
    assert np.isfinite(found).all()
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found[:, :-1][places.logs == NEVER] == 0).all()
    assert (found[places.skips == NEVER, -1] == 0).all()


def test_no_places():
    places = Places(np.zeros((0, 3), np.int64), np.zeros((0, 3)), np.zeros(0))
    assert marginals(places, estimate(TEXT, 3), 0.7, 8).shape == (0, 4)


def test_both_neighbors_speak():
    # Behind か the text has の and も alike, but は comes after の alone: what follows tells them apart.
    prior = estimate([["U+304B", "U+306E", "U+306F"]] * 5 + [["U+304B", "U+3082", "U+304B"]] * 5, 3)
    ids = np.array([prior.ids([one, other]) for one, other in (("U+304B", "U+304B"), ("U+306E", "U+3082"))])
    logs = np.array([[0.0, NEVER], [0.0, 0.0]])
    alone = marginals(Places(ids, logs, np.full(2, NEVER)), prior, 1.0, 8)
    assert alone[1, 0] == pytest.approx(0.5, abs=0.05)
    behind = np.concatenate([ids, prior.ids(["U+306F", "U+306F"])[None]]), np.concatenate([logs, [[0.0, NEVER]]])
    assert marginals(Places(*behind, np.full(3, NEVER)), prior, 1.0, 8)[1, 0] > 0.8
