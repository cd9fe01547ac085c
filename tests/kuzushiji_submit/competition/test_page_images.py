"""Where ids of tables and names of files meet."""

import logging
import os
import unicodedata

import pytest
from PIL import Image

from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.page_images import match_images, read_annotated_pages
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.core.page.read import read_page

NFC, NFD = "がく_1", unicodedata.normalize("NFD", "がく_1")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "train_images"
    path.mkdir()
    for name in (f"{NFD}.jpg", "00012.png", "B1_2.jpg", "a1.jpg", "A1.jpg"):
        (path / name).touch()
    return path


def test_what_is_the_same_needs_no_word(folder, caplog):
    images = match_images(["a1", "A1"], folder)
    assert images["a1"].path == folder / "a1.jpg"
    assert caplog.records == []


def test_other_forms_are_found_and_said_once(folder, caplog):
    ids = [NFC, "12", "train_images/b1_2.jpg"]
    with caplog.at_level(logging.WARNING):
        images = match_images(ids, folder)
    assert [images[image_id].path.name for image_id in ids] == [f"{NFD}.jpg", "00012.png", "B1_2.jpg"]
    assert [images.file_id(image_id) for image_id in ids] == [NFD, "00012", "B1_2"]
    (record,) = caplog.records
    assert "3 ids are written otherwise than the file: " in record.message
    assert "'12' is '00012' (zeros of a number)" in record.message
    assert "a folder before it and a file ending behind it and upper and lower case" in record.message


def test_what_is_missing_is_told_what_is_there(folder):
    images = match_images(["x/a1.jpg", "none"], folder)
    assert "none" not in images
    assert dict(images) == {}
    assert images.file_id("none") == "none"
    assert "but of A1 and a1, which differ in form" in images.why_missing("x/a1.jpg")
    assert (
        f"no image in {folder}: fetch it (ids are written as the names of its files without ending, such as 00012)"
        in (images.why_missing("none"))
    )


def test_an_empty_folder_and_none(tmp_path):
    assert match_images(["a"], tmp_path).why_missing("a") == f"no image in {tmp_path}: fetch it"
    with pytest.raises(CompetitionFileError, match="no such folder"):
        match_images([], tmp_path / "none")


def test_pages_that_are_annotated_get_the_ids_of_their_files(folder, write_csv):
    rows = [f"{NFC},U+3042 1 1 2 2", "train_images/12,", "b1_2,", "gone,"]
    write_csv("train.csv", ["image_id,labels", *rows])
    truth, images = read_annotated_pages(DataFolder(folder.parent))
    assert [page.image_id for page in truth] == [NFD, "00012", "B1_2", "gone"]
    assert {image_id: file.path.name for image_id, file in images.items()} == {
        NFD: f"{NFD}.jpg",
        "00012": "00012.png",
        "B1_2": "B1_2.jpg",
    }


def test_pages_of_one_file_and_names_that_are_no_text(tmp_path):
    first, *rest = [Image.new("L", (8, 8), level) for level in (0, 100, 200)]
    first.save(tmp_path / f"{NFD}.TIF", "TIFF", save_all=True, append_images=rest)
    Image.new("L", (8, 8)).save(os.fsencode(tmp_path) + b"/\x83y_1.png")
    images = match_images([f"{NFC}_p0002", "pages/\\x83y_1.png"], tmp_path)
    assert images[f"{NFC}_p0002"].number == 2
    assert int(read_page(images[f"{NFC}_p0002"])[0, 0, 0]) == 100
    assert "\\x83y_1" in list_images(tmp_path)
