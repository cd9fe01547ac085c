"""Which files of a folder, of the folders in it, or of a list are pages."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.page_folder import FolderContent, look_through


def save(path, level=255, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (20, 10), level).save(path, **options)
    return path


def names(paths):
    return [path.name for path in paths]


def ids(content):
    return [page.image_id for page in content.pages]


def test_an_empty_folder(tmp_path):
    assert look_through(tmp_path) == FolderContent()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert look_through(tmp_path) == FolderContent()


def test_files_are_told_by_their_content(tmp_path):
    for name, kind in (("a.jpg", "PNG"), ("b", "PNG"), ("c.TXT", "JPEG"), ("d.JPEG", "JPEG"), ("e.Tif", "TIFF")):
        save(tmp_path / name, format=kind)
    for name in ("damaged.png", "empty.jp2"):
        (tmp_path / name).touch()
    for name, content in (("notes.txt", b"text"), ("list.csv", b""), ("page.xml", b"<xml/>"), ("scan.zip", b"PK\3\4")):
        (tmp_path / name).write_bytes(content)
    for litter in (".hidden.png", "Thumbs.db", "desktop.ini", "._a.jpg"):
        (tmp_path / litter).touch()
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe.png")
    found = look_through(tmp_path)
    pages = ["a.jpg", "b", "c.TXT", "d.JPEG", "damaged.png", "e.Tif", "empty.jp2", "gone.jpg"]
    assert names(page.path for page in found.pages) == pages
    assert names(found.others) == ["list.csv", "notes.txt", "page.xml", "pipe.png", "scan.zip"]


def test_one_file(tmp_path):
    path = save(tmp_path / "a.png")
    assert look_through(path).pages == (PageFile(path),)
    (tmp_path / "b.txt").write_text("text")
    assert look_through(tmp_path / "b.txt").others == (tmp_path / "b.txt",)


def test_folders_in_folders_are_part_of_the_id(tmp_path):
    for name in ("001.png", "vol1/001.png", "vol1/scans/001.png", "vol2/001.png", ".hidden/001.png"):
        save(tmp_path / name)
    found = look_through(tmp_path)
    assert ids(found) == ["001", "vol1/001", "vol1/scans/001", "vol2/001"]
    assert found.pages[2] == PageFile(tmp_path / "vol1/scans/001.png", folder="vol1/scans")
    assert found.pages[2].name == "vol1/scans/001.png"


def test_links_that_go_round_are_entered_once(tmp_path):
    save(tmp_path / "vol1" / "001.png")
    (tmp_path / "vol1" / "up").symlink_to(tmp_path)
    (tmp_path / "vol2").symlink_to(tmp_path / "vol1")
    assert ids(look_through(tmp_path)) == ["vol1/001"]


def test_what_this_program_wrote_is_no_page(tmp_path):
    save(tmp_path / "001.png")
    save(tmp_path / "report" / "scans" / "x.png")
    (tmp_path / "report" / ".kuzushiji-report").touch()
    found = look_through(tmp_path)
    assert (ids(found), names(found.own)) == (["001"], ["report"])
    assert ids(look_through(tmp_path / "report")) == ["scans/x"]  # who names it means it


def test_a_folder_that_cannot_be_listed_is_named(tmp_path, monkeypatch):
    save(tmp_path / "001.png")
    (tmp_path / "shut").mkdir()
    listed = type(tmp_path).iterdir

    def iterdir(path):
        if path.name == "shut":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(type(tmp_path), "iterdir", iterdir)
    found = look_through(tmp_path)
    assert (ids(found), names(found.folders)) == (["001"], ["shut"])


def test_bytes_that_are_no_text_are_spelled_out(tmp_path):
    folder = os.fsencode(tmp_path) + b"/\x83y"
    os.mkdir(folder)
    save(tmp_path / "1.png").rename(os.fsdecode(folder + b"/1.png"))
    assert ids(look_through(tmp_path)) == [r"\x83y/1"]


LIST = """\ufeff# volumes
vol1/001.png\r
./vol1/002.png

vol2
vol1/001.png
gone.jpg
gone
"""


def test_a_list_of_paths(tmp_path):
    for name in ("vol1/001.png", "vol1/002.png", "vol2/001.png", "vol2/deep/003.png", "vol3/001.png"):
        save(tmp_path / name)
    (tmp_path / "wanted.txt").write_text(LIST, encoding="utf-8")
    found = look_through(tmp_path / "wanted.txt")
    assert ids(found) == ["vol1/001", "vol1/002", "vol2/001", "vol2/deep/003", "gone"]
    assert names(found.lacking) == ["gone"]
    (tmp_path / "here.lst").write_text(".", encoding="utf-8")
    assert "vol3/001" in ids(look_through(tmp_path / "here.lst"))


def test_a_list_of_paths_elsewhere(tmp_path, monkeypatch):
    lists = tmp_path / "lists"
    lists.mkdir()
    for name in ("scans/a/1.png", "scans/b/1.png", "lists/own.png"):
        save(tmp_path / name)
    (lists / "x.txt").write_text(f"../scans/a/1.png\n{tmp_path}/scans/b/1.png\nown.png\n")
    prefix = str(tmp_path).lstrip("/")
    assert ids(look_through(lists / "x.txt")) == ["scans/a/1", f"{prefix}/scans/b/1", "own"]
    monkeypatch.chdir(tmp_path / "scans")
    (lists / "y.txt").write_text("a/1.png\nb\n")
    assert ids(look_through(lists / "y.txt")) == ["a/1", "b/1"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# none\n", b"not there\n", b"\0\1\2", b"\xff\xfe"])
def test_a_text_that_lists_nothing_is_no_image(content, tmp_path):
    (tmp_path / "x.txt").write_bytes(content)
    assert look_through(tmp_path / "x.txt") == FolderContent(others=(tmp_path / "x.txt",))


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_no_list_is_an_unexpected_error(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("list") / "x.txt"
    path.write_bytes(b"\n".join(lines))
    found = look_through(path)
    assert all(page.image_id and not page.image_id.startswith("/") for page in found.pages)
