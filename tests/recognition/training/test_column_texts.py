import numpy as np
import pytest

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.config import BookSplit
from recognition.training.column_texts import (
    UNKNOWN,
    ClassText,
    TextSource,
    books_held_out,
    describe_texts,
    frequencies,
    split_texts,
)
from tests.recognition.training.column_text import CHARSET, sources

A, B, C = CHARSET.codepoints[:3]
KANJI = "U+4E00"
ALL = BookSplit(folds=0)


def test_pages_follow_each_other_and_strangers_are_unknown() -> None:
    split = split_texts([TextSource("text", [[A, B], [], [KANJI, C]])], CHARSET, ALL)
    assert split.train[0].ids.tolist() == [0, 1, UNKNOWN, 2]
    assert (split.train[0].share, split.validation, split.validation_books) == (1.0, (), ())


def test_a_book_is_held_out_of_every_source() -> None:
    first = TextSource("first", [[A], [B], [C]], ["a", "b", "a"])
    second = TextSource("second", [[B, B], [C]], ["b", "c"], share=3.0)
    third = TextSource("third", [[A, A]])
    split = split_texts([first, second, third], CHARSET, BookSplit(validation_books=("b",)))
    assert [text.ids.tolist() for text in split.train] == [[0, 2], [2], [0, 0]]
    assert [text.share for text in split.train] == [0.2, 0.6, 0.2]
    assert [text.ids.tolist() for text in split.validation] == [[1, 1, 1]]
    assert (split.validation_books, split.describe()) == (("b",), "by book; held out: b")


def test_folds_have_about_the_same_length() -> None:
    long = TextSource("long", [[A] * 30, [A] * 10, [A] * 10, [A] * 10], ["a", "b", "c", "d"])
    assert books_held_out([long], BookSplit(folds=2, fold=0)) == ("a",)
    assert books_held_out([long], BookSplit(folds=2, fold=1)) == ("b", "c", "d")


@pytest.mark.parametrize(
    ("given", "split", "message"),
    [
        ([], ALL, "there is no text to train on"),
        ([TextSource("empty.txt", [])], ALL, r"empty\.txt: has no text to train on"),
        ([TextSource("odd.txt", [[KANJI]])], ALL, r"odd\.txt: has no text to train on of the recognizer's characters"),
        ([TextSource("t", [[A]], ["a"])], BookSplit(validation_books=("a",)), "or hold out fewer books"),
        (
            [TextSource("t", [[A]], ["a"])],
            BookSplit(validation_books=("b",)),
            "cannot hold out book b: the books are a",
        ),
        ([TextSource("t", [[A]], ["a"])], BookSplit(folds=2), "1 books cannot be dealt into 2 folds"),
        ([TextSource("t", [[A]])], BookSplit(folds=2), "0 books cannot be dealt into 2 folds"),
        ([TextSource("t", [[A]], share=0.0)], ALL, "give numbers above 0"),
        ([TextSource("t", [[A]], share=float("nan"))], ALL, "give numbers above 0"),
    ],
)
def test_what_cannot_be_trained_on_is_named(given: list[TextSource], split: BookSplit, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        split_texts(given, CHARSET, split)


def test_frequencies_are_those_of_the_windows() -> None:
    texts = [ClassText(np.array([0, 0, 1, UNKNOWN]), 0.5), ClassText(np.array([1]), 0.5)]
    found = frequencies(texts, 3)
    assert found.sum() == pytest.approx(1.0)
    assert found.min() > 0
    np.testing.assert_allclose(found[:2], np.array([0.25, 0.625]) / 0.875, rtol=1e-5)


def test_what_a_resumed_run_must_have_in_common() -> None:
    split = split_texts(sources(), CHARSET, BookSplit(validation_books=("book1",)))
    described = describe_texts(sources(), split)
    assert described["sources"] == [
        {"name": "truth.csv", "share": 2.0, "characters": 160},
        {"name": "genji.txt", "share": 1.0, "characters": 120},
    ]
    assert described["validation_books"] == ["book1"]
    other = split_texts(sources(), CHARSET, BookSplit(validation_books=("book2",)))
    assert describe_texts(sources(), other)["data_fingerprint"] != described["data_fingerprint"]
