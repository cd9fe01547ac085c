"""What stands where the folder of pages should be."""

import zipfile

import pytest

from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.competition.missing_folder import explain_no_folder, explain_no_images
from kuzushiji_submit.core.errors import CompetitionFileError


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "test_images.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.jpg", b"")
    return path


def test_an_archive_is_to_be_unpacked(archive, tmp_path):
    unpack = "unpack it, as with `unzip test_images.zip -d test_images`"
    assert explain_no_folder(archive) == f"is an archive: {unpack}, and name the folder"
    assert explain_no_folder(tmp_path / "test_images") == f"no such folder, but test_images.zip is there: {unpack}"
    assert explain_no_images(tmp_path) == f"holds no page image, but test_images.zip: {unpack}"
    renamed = archive.rename(tmp_path / "pages.data")
    assert "is an archive: unpack it, and name the folder" in explain_no_folder(renamed)
    with pytest.raises(CompetitionFileError, match=r"pages.data: is an archive"):
        list_images(renamed)


def test_other_archives_and_files(tmp_path):
    answers = {
        "pages.7z": "is an archive: unpack it, and name",
        "notes.txt": "not an image, and no text file that lists",
    }
    for name, answer in answers.items():
        (tmp_path / name).write_text("x")
        assert explain_no_folder(tmp_path / name).startswith(answer)


def test_no_page_in_any_folder(tmp_path):
    nothing = "holds no page image, nor do the folders in it: name the folder of the pages, or one of them"
    assert explain_no_images(tmp_path) == nothing
    (tmp_path / "empty").mkdir()
    assert explain_no_images(tmp_path) == nothing
    (tmp_path / "book.pdf").write_bytes(b"%PDF-1.7")
    assert explain_no_images(tmp_path).startswith("holds no page image, but book.pdf: a PDF file: pip install")


def test_a_home_that_the_shell_did_not_fill_in(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "pages").mkdir()
    assert explain_no_folder(type(tmp_path)("~/pages")) == f"no such folder: did you mean {tmp_path}/pages?"


def test_a_path_of_windows(tmp_path, monkeypatch):
    (tmp_path / "data" / "pages").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert explain_no_folder(type(tmp_path)("data\\pages")) == "no such folder: did you mean data/pages?"
    assert explain_no_folder(type(tmp_path)("data\\none")) == "no such folder: check the path"
