"""Sources made one prior."""

import pytest

from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading.prior.make_prior import PriorConfig, make_prior

NO, WA, KA = "U+306E", "U+306F", "U+304B"
LIKE, UNLIKE = [[NO, WA, KA] * 6], [[KA, KA, NO] * 30]


@pytest.mark.parametrize("books", [{}, {"b": []}, {"b": [[]]}])
@pytest.mark.parametrize("texts", [{}, {"a.txt": [[]]}])
def test_no_text_is_an_error(books, texts):
    with pytest.raises(CompetitionFileError, match="no text to make a prior of"):
        make_prior(books, texts)


def test_the_text_that_is_like_the_books_gets_the_larger_share():
    prior = make_prior({"b": LIKE, "c": LIKE}, {"like": LIKE, "unlike": UNLIKE}, truth_name="train.csv")
    shares = {source.name: source.share for source in prior.provenance.sources}
    assert list(shares) == ["train.csv", "like", "unlike"]
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["unlike"] < 0.1
    figures = {source.name: source.perplexity for source in prior.provenance.sources}
    assert figures["unlike"] > figures["train.csv"] > 1
    assert prior.provenance.perplexity <= min(figures.values()) + 1e-3


@pytest.mark.parametrize(
    ("books", "texts", "names", "shares"),
    [
        ({"b": LIKE}, {}, ["truth"], [1]),
        ({}, {"a.txt": LIKE}, ["a.txt"], [1]),
        ({}, {"a.txt": LIKE, "b.txt": UNLIKE, "empty.txt": []}, ["a.txt", "b.txt"], [1 / 6, 5 / 6]),
        ({"b": LIKE}, {"b.txt": UNLIKE}, ["truth", "b.txt"], [1 / 6, 5 / 6]),
    ],
)
def test_with_fewer_than_two_books_shares_follow_lengths(books, texts, names, shares):
    sources = make_prior(books, texts, truth_name="truth").provenance.sources
    assert [source.name for source in sources] == names
    assert [source.share for source in sources] == pytest.approx(shares)


def test_settings():
    prior = make_prior({"b": LIKE}, {"u": UNLIKE}, PriorConfig(order=2, most=3))
    assert prior.order == 2
    assert len(prior.tables[1]) <= 3


@pytest.mark.parametrize("wrong", [{"order": 0}, {"order": 7}, {"most": -1}])
def test_settings_out_of_range(wrong):
    with pytest.raises(ValueError, match="must"):
        PriorConfig(**wrong)
