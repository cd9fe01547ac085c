"""Looking n-grams up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.reading.prior.kneser_ney import estimate
from kuzushiji_submit.reading.prior.text_prior import perplexity

TEXT = [["U+306E", "U+306F", "U+304B", "U+306E", "U+306F", "U+306E"], ["U+304B", "U+306F"]]
CHARACTERS = ["U+306E", "U+306F", "U+304B", "U+4E00"]


def step_by_step(prior, sequence):
    found, state = [], prior.start()
    for token in sequence:
        logs, state = prior.step(state, np.array([token]))
        found.append(logs[0])
    return found


@given(st.lists(st.sampled_from(CHARACTERS), max_size=10), st.integers(1, 5))
def test_a_page_at_once_is_the_same_as_step_by_step(page, order):
    prior = estimate(TEXT, order)
    sequence = prior.ids(page)
    assert prior.log_probs(sequence).tolist() == pytest.approx(step_by_step(prior, sequence), abs=1e-5)


def test_unknown_characters_share_one_id():
    prior = estimate(TEXT, 2)
    assert prior.ids(["U+4E00", "U+4E01"]).tolist() == [prior.unknown] * 2
    assert prior.ids([]).shape == (0,)


def test_no_states_no_answers():
    prior = estimate(TEXT, 3)
    logs, states = prior.step(prior.start(0), np.zeros(0, np.int64))
    assert logs.shape == (0,)
    assert states.shape == (0, 2)


def test_perplexity():
    prior = estimate(TEXT, 3)
    assert perplexity(prior, []) == perplexity(prior, [[]]) == 1
    assert perplexity(prior, TEXT) < perplexity(prior, [TEXT[0][::-1]]) < perplexity(prior, [["U+4E00"]])
    assert perplexity(estimate([], 2), TEXT) == pytest.approx(8000)
