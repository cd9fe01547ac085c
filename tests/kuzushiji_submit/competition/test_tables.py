"""unicode_translation.csv, sample_submission.csv, book ids and image folders."""

from pathlib import Path

import pytest
from PIL import Image

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder, left_out, list_images
from kuzushiji_submit.competition.problems import Problem
from kuzushiji_submit.competition.sample import read_sample_ids
from kuzushiji_submit.competition.translation import read_translation
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.core.page.page_folder import FolderContent


def test_translation_takes_commas_and_spaces(write_csv):
    path = write_csv("t.csv", ["Unicode,char", 'U+002C,","', "U+3000,\u3000", "U+306F,は"])
    assert read_translation(path) == {"U+002C": ",", "U+3000": "\u3000", "U+306F": "は"}


@pytest.mark.parametrize(
    ("row", "message"), [("x,は", "line 3: 'x' is not a codepoint"), ("U+306F,は", r"line 3: U\+306F occurs twice")]
)
def test_translation_faults(write_csv, row, message):
    path = write_csv("t.csv", ["Unicode,char", "U+306F,は", row])
    with pytest.raises(CompetitionFileError, match=message):
        read_translation(path)
    problems: list[Problem] = []
    assert read_translation(path, problems) == {"U+306F": "は"}
    assert len(problems) == 1


def test_a_foreign_character_is_noted_and_kept(write_csv):
    path = write_csv("t.csv", ["Unicode,char", "U+3007,0"])
    problems: list[Problem] = []
    assert read_translation(path, problems) == {"U+3007": "0"} == read_translation(path)
    assert "U+3007 is '〇', the table says '0'" in str(problems[0])


def test_sample_with_two_and_three_columns(write_csv):
    two = write_csv("two.csv", ["image_id,labels", "b,U+003F 1 1 U+FF2F 2 2", "a,U+003F 1 1 U+FF2F 2 2"])
    three = write_csv("three.csv", ["image_id,labels,Useage", "b,U+003F 1 1 U+FF2F 2 2,Private", "a,,Public"])
    assert read_sample_ids(two) == read_sample_ids(three) == ["b", "a"]


@pytest.mark.parametrize(
    ("rows", "message"), [([], "lists no page"), (["a,", "a,"], "'a' occurs twice"), ([",x"], "line 2: no image_id")]
)
def test_sample_faults(write_csv, rows, message):
    with pytest.raises(CompetitionFileError, match=message):
        read_sample_ids(write_csv("s.csv", ["image_id,labels", *rows]))


@pytest.mark.parametrize(
    ("image_id", "book_id"),
    [
        ("", ""),
        ("200022050-00010_2", "200022050"),
        ("100241706_00004_2", "100241706"),
        ("umgy003-010", "umgy"),
        ("umgy012-042___000_002", "umgy"),
        ("hnsd006-015", "hnsd"),
        ("brsk001_012", "brsk"),
        ("test_00145af3", "test"),
        ("plain", "plain"),
        ("vol1/001", "vol1"),  # the folder, so that a book's pages stay together
        ("a/vol1/200022050_1", "a/vol1"),
    ],
)
def test_book_of(image_id, book_id):
    assert book_of(image_id) == book_id


def test_list_images(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.jpg", "c.jpeg"):
        (tmp_path / name).touch()
    assert list(list_images(tmp_path)) == ["a", "b", "c"]
    (tmp_path / "a.jpg").touch()
    with pytest.raises(CompetitionFileError, match="same id as"):
        list_images(tmp_path)
    with pytest.raises(CompetitionFileError, match="no such folder"):
        list_images(tmp_path / "none")


def test_one_file_in_place_of_a_folder(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.scan", "PNG")
    assert [str(page) for page in list_images(tmp_path / "a.scan").values()] == [str(tmp_path / "a.scan")]
    for name, content, message in (
        ("b.txt", b"text", "not an image"),
        ("b.zip", b"PK\3\4", "is an archive: unpack it"),
        ("b", b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CompetitionFileError, match=message):
            list_images(tmp_path / name)


@pytest.mark.parametrize(
    ("files", "folders", "lines"),
    [
        ([], [], []),
        (["a.txt"], [], ["1 file is no image and is left out: a.txt"]),
        (
            ["a.zip"],
            ["x", "y"],
            ["1 file is no image and is left out: a.zip", "2 folders in it cannot be looked into: x, y"],
        ),
        (list("abcdefg"), [], ["7 files are no images and are left out: a, b, c, d, e and 2 more"]),
    ],
)
def test_what_is_left_out(files, folders, lines):
    assert left_out(FolderContent((), tuple(map(Path, files)), tuple(map(Path, folders)))) == lines


def test_data_folder(tmp_path):
    folder = DataFolder(tmp_path)
    assert {path.name for path in (folder.train_csv, folder.translation_csv, folder.sample_csv)} == {
        "train.csv",
        "unicode_translation.csv",
        "sample_submission.csv",
    }
    assert (folder.train_images.name, folder.test_images.name) == ("train_images", "test_images")
