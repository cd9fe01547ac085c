"""The pages that guard an adaptation."""

import numpy as np
import pytest

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.core.errors import CompetitionFileError, HiddenBookError
from kuzushiji_submit.training_data.adaptation.guard import read_guard

BOX = np.array([[10, 10, 60, 60]], np.float32)


@pytest.fixture
def make(tmp_path, draw_page, save_drawn_page):
    """A data folder of annotated pages; those named after "lost" have no image."""

    def write(*image_ids: str, lost: tuple[str, ...] = ()) -> DataFolder:
        folder = DataFolder(tmp_path / "guard")
        folder.train_images.mkdir(parents=True)
        for image_id in image_ids:
            save_drawn_page(folder.train_images / f"{image_id}.jpg", draw_page(1)[0])
        write_truth(folder.train_csv, [PageTruth(name, ("U+306E",), BOX) for name in (*image_ids, *lost)])
        return folder

    return write


def test_pages_with_an_image_guard(make):
    guard = read_guard(make("a_1", "b_1", lost=("c_1",)), {"d"}, {"e_1"})
    assert [image_id for image_id, _ in guard.pages()] == ["a_1", "b_1"] == [page.image_id for page in guard.truth]


def test_no_page_is_an_error(make):
    with pytest.raises(CompetitionFileError, match="no annotated page with an image to guard with"):
        read_guard(make(lost=("c_1",)), set(), set())


@pytest.mark.parametrize(("books", "pages"), [({"a"}, set()), (set(), {"a_1"})])
def test_pages_that_are_trained_on_guard_nothing(make, books, pages):
    with pytest.raises(CompetitionFileError, match=r"1 pages of the guard are trained on or adapted to \(a_1\)"):
        read_guard(make("a_1", "b_1"), books, pages)


def test_a_book_that_may_be_in_the_hidden_test_set_is_refused(make):
    with pytest.raises(HiddenBookError, match="200010454"):
        read_guard(make("200010454_00001_1"), set(), set())
