"""Some books of a data folder."""

import numpy as np
import pytest

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.truth import PageTruth, read_truth, write_truth
from kuzushiji_submit.kaggle_kernels.part_of_data import part_of_data


@pytest.fixture
def data(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.train_images.mkdir(parents=True)
    (folder.train_images / "a_0.jpg").touch()
    boxes = np.array([[1, 1, 9, 9]], np.float32)
    pages = [PageTruth(f"{book}_{page}", ("U+3042",), boxes) for book in "ab" for page in range(5)]
    write_truth(folder.train_csv, [*pages, PageTruth("a_9", (), np.zeros((0, 4), np.float32))])
    return folder


@pytest.mark.parametrize(
    ("books", "pages", "expected"),
    [
        ("", 0, []),
        ("b", 0, ["b_0", "b_1", "b_2", "b_3", "b_4"]),
        ("a", 0, ["a_0", "a_1", "a_2", "a_3", "a_4", "a_9"]),
        ("ab", 5, ["a_0", "a_2", "a_4", "b_1", "b_3"]),
        ("a", 100, ["a_0", "a_1", "a_2", "a_3", "a_4"]),
    ],
)
def test_pages_of_some_books(data, tmp_path, books, pages, expected):
    for _ in range(2):  # an earlier part in the folder is replaced
        part = part_of_data(data, tmp_path / "part", lambda book: book in books, pages)
    assert [page.image_id for page in read_truth(part.train_csv)] == expected
    assert (part.train_images / "a_0.jpg").is_file()
