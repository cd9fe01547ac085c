"""Which books a fold holds out."""

import numpy as np
import pytest

from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.kaggle_kernels.deal_books import books_of_fold


@pytest.fixture
def train_csv(tmp_path):
    """Five books of 1 to 5 characters, and one without any."""
    pages = [
        PageTruth(f"{book}_1", ("U+3042",) * count, np.tile(np.array([1, 1, 9, 9], np.float32), (count, 1)))
        for count, book in enumerate("zabcde")
    ]
    write_truth(tmp_path / "train.csv", pages)
    return tmp_path / "train.csv"


def test_each_book_is_held_out_once_and_folds_are_about_as_large(train_csv):
    folds = [books_of_fold(train_csv, 3, fold) for fold in range(3)]
    assert sorted(book for books in folds for book in books) == list("abcde")
    assert {sum("zabcde".index(book) for book in books) for books in folds} == {5}
    assert folds == [books_of_fold(train_csv, 3, fold) for fold in range(3)]


def test_no_folds_hold_nothing_out(train_csv, tmp_path):
    assert books_of_fold(train_csv, 0, 0) == ()
    assert books_of_fold(tmp_path / "none.csv", 0, 0) == ()


def test_more_folds_than_books_are_refused(train_csv):
    with pytest.raises(TrainingError, match="5 books cannot be dealt into 6 folds"):
        books_of_fold(train_csv, 6, 0)
