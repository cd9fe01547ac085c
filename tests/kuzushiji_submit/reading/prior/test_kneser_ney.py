"""N-grams estimated from text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.reading.prior.kneser_ney import UNIVERSE, estimate
from kuzushiji_submit.reading.prior.text_prior import TOKENS

NO, WA, KA, MO = "U+306E", "U+306F", "U+304B", "U+3082"
PAGES = st.lists(st.lists(st.sampled_from([NO, WA, KA, MO]), max_size=12), max_size=6)


def everything_after(prior, page):
    """The probability of every character, known or not, after a page's characters."""
    state = prior.start()
    for token in prior.ids(page):
        _, state = prior.step(state, np.array([token]))
    tokens = np.arange(TOKENS, prior.unknown + 1)
    logs, _ = prior.step(np.repeat(state, len(tokens), axis=0), tokens)
    return np.exp(logs.astype(np.float64))


def total(probabilities, known):
    """Their sum; the unknown stands for all characters but the known ones."""
    return probabilities[:-1].sum() + probabilities[-1] * (UNIVERSE - known)


@pytest.mark.parametrize("pages", [[], [[]], [[], []]])
def test_without_text_every_character_is_as_likely_as_any_other(pages):
    prior = estimate(pages, 3)
    assert prior.codepoints == ()
    assert everything_after(prior, [NO]) == pytest.approx([1 / UNIVERSE])


def test_an_order_below_one_is_an_error():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        estimate([[NO]], 0)


@given(PAGES, st.integers(1, 5), st.lists(st.sampled_from([NO, WA, KA, MO]), max_size=6))
def test_probabilities_sum_up_to_one_after_any_history(pages, order, history):
    prior = estimate(pages, order)
    known = len(prior.codepoints) + TOKENS  # the token that begins a page takes its share of the universe
    assert total(everything_after(prior, history), known) == pytest.approx(1, abs=2e-3)


def test_what_the_text_says_often_is_likely_and_what_it_never_says_is_not():
    prior = estimate([[NO, WA] * 20 + [NO, KA]], 3)
    after_no = dict(zip(prior.codepoints, everything_after(prior, [WA, NO]), strict=False))
    assert after_no[WA] > 0.8 > after_no[KA] > after_no[NO] > 0


def test_a_character_counts_by_how_many_others_it_follows():
    # か is as frequent as も but mostly behind の: behind anything else も is likelier ("San Francisco" of the papers).
    text = [[NO, KA] * 6, [WA, MO, NO, MO, MO, MO, KA, MO, NO, WA, MO]]
    prior = estimate(text, 2)
    seen = dict(zip(prior.codepoints, np.exp(prior.tables[0].log_probs[TOKENS:]), strict=False))
    assert seen[MO] > seen[KA]


def test_the_beginning_of_a_page_is_remembered():
    prior = estimate([[NO, WA, KA]] * 9 + [[WA, MO, KA]], 3)
    logs, _ = prior.step(prior.start(2), prior.ids([NO, KA]))
    assert np.exp(logs[0]) > 0.7
    assert np.exp(logs[1]) < 0.1
