"""Priors mixed and cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.reading.prior.kneser_ney import UNIVERSE, estimate
from kuzushiji_submit.reading.prior.mixture import best_shares, mix, prune
from kuzushiji_submit.reading.prior.text_prior import START, TOKENS

NO, WA, KA, MO = "U+306E", "U+306F", "U+304B", "U+3082"
TEXTS = st.lists(st.lists(st.sampled_from([NO, WA, KA, MO]), min_size=1, max_size=15), min_size=1, max_size=4)
HISTORY = st.lists(st.sampled_from([NO, WA, KA, MO]), max_size=5)


@pytest.mark.parametrize(
    ("log_probs", "expected"),
    [
        (np.zeros((1, 0)), [1.0]),
        (np.zeros((2, 0)), [0.5, 0.5]),
        (np.log([[0.5, 0.5], [0.5, 0.5]]), [0.5, 0.5]),
        (np.log([[0.9, 0.9], [0.1, 0.1]]), [1.0, 0.0]),
        (np.log([[0.8, 0.2], [0.2, 0.8]]), [0.5, 0.5]),
    ],
)
def test_best_shares(log_probs, expected):
    assert best_shares(log_probs) == pytest.approx(expected, abs=1e-6)


@given(TEXTS, TEXTS, st.integers(1, 4), st.floats(0.1, 0.9), HISTORY)
def test_a_known_n_gram_gets_the_mean_of_the_probabilities(first, second, order, share, history):
    priors = [estimate(first, order), estimate(second, order)]
    mixed = mix(priors, [share, 1 - share])
    for page in first:
        separate = [np.exp(prior.log_probs(prior.ids(page)).astype(np.float64)) for prior in priors]
        together = np.exp(mixed.log_probs(mixed.ids(page)).astype(np.float64))
        assert together == pytest.approx(share * separate[0] + (1 - share) * separate[1], rel=1e-3)


@given(TEXTS, TEXTS, st.integers(1, 4), st.integers(0, 40), HISTORY)
def test_probabilities_still_sum_up_to_one(first, second, order, most, history):
    mixed = prune(mix([estimate(first, order), estimate(second, order)], [0.5, 0.5]), most)
    state = mixed.start()
    for token in mixed.ids(history):
        _, state = mixed.step(state, np.array([token]))
    tokens = np.arange(TOKENS, mixed.unknown + 1)
    logs, _ = mixed.step(np.repeat(state, len(tokens), axis=0), tokens)
    probabilities = np.exp(logs.astype(np.float64))
    rest = probabilities[-1] * (UNIVERSE - len(mixed.codepoints) - TOKENS)
    assert probabilities[:-1].sum() + rest == pytest.approx(1, abs=0.02)


@given(TEXTS, st.integers(1, 4), st.integers(0, 60))
def test_pruning_keeps_at_most_so_many_and_their_histories(text, order, most):
    prior = estimate(text, order)
    pruned = prune(prior, most)
    assert sum(len(table) for table in pruned.tables[1:]) <= max(most, 0)
    size = pruned.unknown + 1
    for shorter, table in zip(pruned.tables, pruned.tables[1:], strict=False):
        assert (table.keys // size < len(shorter)).all()
        assert (np.diff(table.keys) > 0).all()


def test_a_prior_that_is_small_enough_stays_as_it_is():
    prior = estimate([[NO, WA, KA]], 3)
    assert prune(prior, 100) is prior


@given(TEXTS)
def test_what_tells_least_goes_first(text):
    prior = estimate(text, 2)
    first, second = prior.tables
    size = prior.unknown + 1
    losses = {}
    for key, log_prob in zip(second.keys.tolist(), second.log_probs.tolist(), strict=True):
        history, token = divmod(key, size)
        often = 1 / 200 if history == START else np.exp(first.log_probs[history])
        losses[key] = often * np.exp(log_prob) * abs(log_prob - first.log_probs[token])
    kept = prune(prior, len(losses) // 2).tables[1].keys.tolist()
    gone = losses.keys() - set(kept)
    assert min((losses[key] for key in kept), default=np.inf) >= max((losses[key] for key in gone), default=0) - 1e-6
