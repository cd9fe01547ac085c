from collections import Counter

import numpy as np
import pytest

from kuzushiji_submit.synthetic.statistics import PageStatistics
from kuzushiji_submit.synthetic.text import FAVOR, TextSource

STATISTICS = PageStatistics(
    counts={"あ": 900, "い": 99, "漢": 1}, boxes={}, bigrams={"漢": ("いあ", (3, 1))}, pages=(), page_sizes_hw=()
)


def draw(source, count, previous=None):
    rng = np.random.default_rng(0)
    return Counter(source.next_character(previous, rng) for _ in range(count))


def test_frequencies_are_the_real_ones():
    counts = draw(TextSource(STATISTICS, lambda character: True), 4000)
    assert counts["あ"] / 4000 == pytest.approx(0.9, abs=0.03)


def test_tempering_levels_them():
    counts = draw(TextSource(STATISTICS, lambda character: True, tempering=1.0), 3000)
    assert min(counts.values()) > 850


def test_favored_characters_are_likelier_the_more_the_text_is_tempered():
    favored = frozenset("漢")
    tempered = draw(TextSource(STATISTICS, lambda character: True, 1.0, favored), 3500)
    assert tempered["漢"] / tempered["い"] == pytest.approx(FAVOR, rel=0.15)
    plain = TextSource(STATISTICS, lambda character: True)
    assert draw(TextSource(STATISTICS, lambda character: True, 0.0, favored), 500) == draw(plain, 500)


def test_followers_come_after_their_character():
    counts = draw(TextSource(STATISTICS, lambda character: True), 2000, previous="漢")
    assert counts["い"] > counts["あ"]


def test_undrawable_characters_never_come():
    source = TextSource(STATISTICS, lambda character: character != "い")
    assert set(draw(source, 500, previous="漢")) == {"あ"} | set(draw(source, 500))
    assert "い" not in draw(source, 500, previous="漢")


def test_ruby_is_kana_where_there_is_any():
    rng = np.random.default_rng(0)
    assert {TextSource(STATISTICS, lambda character: True).kana(rng) for _ in range(200)} == {"あ", "い"}
    assert TextSource(STATISTICS, lambda character: character == "漢").kana(rng) == "漢"


def test_nothing_drawable_is_an_error():
    with pytest.raises(ValueError, match="none"):
        TextSource(STATISTICS, lambda character: False)
