"""The second level, learned and measured."""

import numpy as np
import pytest

from kuzushiji_submit.calibration.second_level import Candidates, candidates_of, fit_second_level
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading.characters import Character
from kuzushiji_submit.reading.second_level.features import FEATURES
from tests.page_readings import page_reading

INK = FEATURES.index("ink_share")


def book(name, seed, telling, count=120):
    """A page on which half of the characters are right; `telling` says how much the ink gives them away."""
    rng = np.random.default_rng(seed)
    hits = rng.random(count) < 0.5
    rows = rng.normal(size=(count, len(FEATURES))).astype(np.float32)
    rows[:, INK] += telling * hits
    return Candidates(name, rows, rng.random(count), hits, int(hits.sum()) + 10)


def books(telling):
    return [book(name, seed, telling) for seed, name in enumerate("abcde")]


def test_what_tells_right_from_wrong_in_every_book_helps():
    result = fit_second_level(books(4.0), notes="five books")
    assert result.level.active
    assert result.gain > 0.1
    assert (result.candidates, result.books) == (600, 5)
    assert result.level.min_score == pytest.approx(result.judged.f1 / 2, abs=0.03)
    assert result.level.notes == "five books"
    assert result.calibration < 0.1
    page = book("new", 9, 4.0)
    kept = result.level.trees.probabilities(page.rows) >= result.level.min_score
    assert (kept == page.hits).mean() > 0.9


def test_chance_is_not_taken_for_help():
    result = fit_second_level(books(0.0))
    assert not result.level.active


def test_what_holds_in_a_single_book_does_not_help_the_others():
    pages = books(0.0)
    pages[0] = book("a", 0, 8.0)
    assert not fit_second_level(pages).level.active


def test_pages_of_a_book_stay_together():
    """Hits that only a neighbor's page betrays: with a split by page the gain would be great."""
    rng = np.random.default_rng(0)
    pages = []
    for name in "abcdef":
        mark = rng.normal(size=len(FEATURES)).astype(np.float32) * 5
        for _ in range(2):
            hits = np.full(60, name in "ace") ^ (rng.random(60) < 0.1)
            rows = mark + 0.1 * rng.normal(size=(60, len(FEATURES))).astype(np.float32)
            pages.append(Candidates(name, rows, np.full(60, 0.5), hits, int(hits.sum()) + 2))
    assert fit_second_level(pages).gain < 0.05


def test_pages_of_incomplete_truth_teach_and_are_not_measured():
    pages = books(4.0)
    more = Candidates("f", pages[0].rows, pages[0].scores, pages[0].hits, 0)
    result, without = fit_second_level([*pages, more]), fit_second_level(pages)
    assert result.candidates == without.candidates + 120
    assert result.plain == without.plain


@pytest.mark.parametrize("names", ["", "a", "aab", "ab"])
def test_too_few_books_are_refused(names):
    with pytest.raises(CompetitionFileError, match="3 books or more"):
        fit_second_level([book(name, seed, 1.0) for seed, name in enumerate(names)])


def test_a_page_without_characters_is_a_page():
    empty = candidates_of(page_reading("a_1"), PageTruth("a_1", ("U+306F",), np.array([[0, 0, 9, 9]], np.float32)))
    assert (len(empty.hits), empty.rows.shape, empty.truths, empty.book_id) == (0, (0, len(FEATURES)), 1, "a")
    assert fit_second_level([*books(4.0), empty]).books == 5


def test_hits_are_those_of_the_metric():
    page = page_reading(
        "a_1", [Character((0, y, 20, y + 20), "U+306F", score, 0.9) for y, score in ((0, 0.3), (2, 0.8))]
    )
    truth = PageTruth("a_1", ("U+306F",), np.array([[0, 0, 20, 20]], np.float32))
    assert candidates_of(page, truth).hits.tolist() == [False, True]
