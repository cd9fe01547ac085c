import numpy as np

from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.synthetic.statistics import (
    KANA_BOX,
    KANJI_BOX,
    PageStatistics,
    load_statistics,
    measure_statistics,
)
from tests.kuzushiji_submit.synthetic.conftest import greek_page

EMPTY = PageTruth("100000001_00001_1", (), np.zeros((0, 4), np.float32))


def test_held_statistics_are_those_of_the_competition():
    statistics = load_statistics()
    assert len(statistics.counts) == 4212
    assert sum(statistics.counts.values()) == 683464
    assert max(statistics.counts, key=statistics.counts.get) == "に"
    assert len(statistics.pages) > 600
    assert all(page.characters >= 1 and page.width > 0 and page.height > 0 for page in statistics.pages)
    assert len(statistics.page_sizes_hw) == len(statistics.books)
    assert statistics.box_figures("し").log_h > statistics.box_figures("一").log_h


def test_no_pages_and_empty_pages_measure_to_nothing():
    for pages in ([], [EMPTY]):
        statistics = measure_statistics(pages, {})
        assert (statistics.pages, statistics.page_sizes_hw, dict(statistics.bigrams)) == ((), (), {})
        assert statistics.box_figures("あ") == KANA_BOX
        assert statistics.box_figures("漢") == KANJI_BOX


def test_measured_figures_and_their_text():
    page = greek_page("100000001_00002_2", rows=9)
    statistics = measure_statistics([EMPTY, page, greek_page("hnsd003-001"), greek_page("hnsd001-001")], {"U+03B1": 5})
    figures = statistics.pages[0]
    assert (figures.book, figures.side, figures.characters, figures.columns) == (0, 2, 36, 4)
    assert 74 <= figures.pitch <= 86
    assert statistics.books == [0, 1]
    assert [page.side for page in statistics.pages_of(1)] == [1, 1]
    assert statistics.pages_of(1, side=2) == statistics.pages_of(1)
    again = PageStatistics.from_json(statistics.to_json())
    assert again.pages == statistics.pages
    assert again.bigrams == statistics.bigrams
    assert again.counts == {"α": 5}
