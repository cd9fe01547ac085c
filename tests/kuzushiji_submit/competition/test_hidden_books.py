import pytest

from kuzushiji_submit.competition.hidden_books import POSSIBLE_TEST_BOOKS, refuse_hidden_books
from kuzushiji_submit.core.errors import HiddenBookError, KuzushijiError


def test_sixteen_of_the_forty_four_books_may_be_hidden():
    assert len(POSSIBLE_TEST_BOOKS) == 44 - 28


@pytest.mark.parametrize("names", [[], ["100241706_00004_2", "brsk001-004", "umgy"], ["20000380_00001_1"]])
def test_other_books_pass(names):
    refuse_hidden_books(names, "train.csv")


@pytest.mark.parametrize(
    "name", ["200003803", "200003803_00002_1", "200003803-00002", "a/200003803_v1/1", "x\\200003803_1"]
)
def test_a_possible_test_book_is_named(name):
    with pytest.raises(HiddenBookError, match=r"^real/train\.csv: 200003803 may be") as raised:
        refuse_hidden_books(["100241706_00004_2", name], "real/train.csv")
    assert isinstance(raised.value, KuzushijiError)
