"""The check of a whole data folder."""

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.competition.check import check_data
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.problems import Kind
from kuzushiji_submit.core.errors import CompetitionFileError


def save_page(path, width=60, height=80):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)


@pytest.fixture
def data(tmp_path, write_csv):
    write_csv("train.csv", ["image_id,labels", "b_1,U+306F 1 2 3 4", "b_2,"])
    write_csv("unicode_translation.csv", ["Unicode,char", "U+306F,は"])
    write_csv("sample_submission.csv", ["image_id,labels", "test_1,"])
    for name in ("train_images/b_1.jpg", "train_images/b_2.jpg", "test_images/test_1.jpg"):
        save_page(tmp_path / name)
    return DataFolder(tmp_path)


def kinds(folder):
    return [problem.kind for problem in check_data(folder).problems]


def test_a_good_folder(data):
    result = check_data(data)
    assert result.problems == ()
    assert (result.pages, result.characters, result.images, len(result.charset)) == (2, 1, 3, 1)
    assert result.errors == 0


def test_every_problem_in_one_pass(data, write_csv):
    rows = ["b_1,U+306F 1 2 3 4 U+3070 50 70 30 30 U+306F 90 5 4 4 U+306F 0 0 0 4 U+306F 9", "b_3,"]
    write_csv("train.csv", ["image_id,labels", *rows])
    good = (data.train_images / "b_2.jpg").read_bytes()
    (data.train_images / "b_4.jpg").write_bytes(good[: len(good) // 2])
    (data.test_images / "test_1.jpg").write_bytes(b"no image")
    result = check_data(data)
    assert sorted(problem.kind for problem in result.problems) == sorted(
        [
            Kind.BAD_GROUP,
            Kind.NO_AREA,
            Kind.UNKNOWN_CODEPOINT,
            Kind.MISSING_IMAGE,
            Kind.OUT_OF_PAGE,
            Kind.OUTSIDE_PAGE,
            Kind.OUTSIDE_PAGE,  # the box without area touches the page's corner and covers none of it
            Kind.UNLISTED_IMAGE,
            Kind.UNREADABLE_IMAGE,
            Kind.UNREADABLE_IMAGE,
        ]
    )
    assert result.errors == 3
    texts = [str(problem) for problem in result.problems]
    assert any("b_4.jpg: cannot be decoded" in text for text in texts)
    assert any("test_1.jpg: not an image" in text for text in texts)


def test_names_in_another_form_are_noted_and_checked(data, write_csv):
    write_csv("train.csv", ["image_id,labels", "train_images/b_1.jpg,U+306F 50 70 30 30", "B_2,"])
    write_csv("sample_submission.csv", ["image_id,labels", "test_1.jpg,", "test_2,"])
    result = check_data(data)
    kinds = [Kind.OTHER_ID_FORM, Kind.OTHER_ID_FORM, Kind.OUT_OF_PAGE, Kind.OTHER_ID_FORM, Kind.MISSING_IMAGE]
    assert [problem.kind for problem in result.problems] == kinds
    assert "'test_1.jpg' is taken to be this image, from which it differs by a file ending" in str(result.problems[3])
    assert "test_2: no image in" in str(result.problems[4])
    assert result.errors == 1


@pytest.mark.parametrize("name", ["train.csv", "unicode_translation.csv", "sample_submission.csv"])
def test_a_missing_file_is_one_problem(data, name):
    (data.root / name).unlink()
    found = check_data(data).problems
    assert found[0].kind == Kind.MISSING_FILE
    assert name in found[0].where
    assert not found[0].repaired


def test_a_missing_or_empty_image_folder_is_one_problem(data):
    for path in data.train_images.iterdir():
        path.unlink()
    assert kinds(data) == [Kind.MISSING_IMAGE]
    data.train_images.rmdir()
    assert kinds(data) == [Kind.MISSING_FILE]


def test_files_that_are_no_images_are_named(data):
    (data.train_images / "notes.txt").write_text("text")
    (data.train_images / "report").mkdir()
    (data.train_images / "report" / ".kuzushiji-report").touch()
    problems = [problem for problem in check_data(data).problems if problem.kind == Kind.NOT_AN_IMAGE]
    assert [problem.message for problem in problems] == [
        "1 file is no image and is left out: notes.txt",
        "1 folder in it was written by this program: report",
    ]
    assert all(problem.repaired for problem in problems)


def test_no_folder_at_all(tmp_path):
    with pytest.raises(CompetitionFileError, match="no such folder"):
        check_data(DataFolder(tmp_path / "none"))
