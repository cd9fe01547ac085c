"""Files that appear whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.core.files import (
    atomic_binary,
    atomic_bytes,
    atomic_text,
    fit_name,
    replacing,
    try_file,
    try_folder,
)


def test_a_finished_block_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_broken_block_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), replacing(path) as temporary:
        temporary.write_text("half \ud800", encoding="utf-8")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"), replacing(tmp_path / "file"):
        pass


def test_content_is_written_into_new_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.bin"
    with atomic_binary(path) as stream:
        stream.write(b"content")
    assert path.read_bytes() == b"content"
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o444 == 0o444
    with atomic_binary(path):
        pass
    assert path.read_bytes() == b""


def test_text_is_utf8_with_unix_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    with atomic_text(path) as stream:
        stream.write("は\n")
    assert path.read_bytes() == "は\n".encode()


@pytest.mark.parametrize("atomic", [atomic_binary, atomic_text])
def test_what_is_interrupted_leaves_what_was_there(tmp_path: Path, atomic: Callable) -> None:
    path = tmp_path / "b.bin"
    path.write_bytes(b"before")

    def write_half() -> None:
        with atomic(path) as stream:
            stream.write("half of it" if atomic is atomic_text else b"half of it")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("make_folder", [True, False])
def test_a_missing_folder_is_made_or_named(tmp_path: Path, make_folder: bool) -> None:
    path = tmp_path / "gone" / "b.bin"
    if make_folder:
        atomic_bytes(path, b"content")
        assert path.read_bytes() == b"content"
        return
    with pytest.raises(OutputError, match=r"b\.bin: cannot be written \(No such file"):
        atomic_bytes(path, b"content", make_folder=False)
    assert not path.parent.exists()


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(OutputError, match="cannot be written"), atomic_text(tmp_path / "a" / "b"):
        pass


def test_a_target_that_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("old")
    try_file(path, "--out", "file.csv")
    try_file(tmp_path / "new" / "file.csv", "--out", "file.csv")
    assert path.read_text() == "old"
    assert list((tmp_path / "new").iterdir()) == []


def test_a_target_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"--out .*: is a folder: name a file, such as .*/file\.csv"):
        try_file(tmp_path, "--out", "file.csv")
    for path in (tmp_path / "file", tmp_path / "file" / "deep"):
        with pytest.raises(OutputError, match=r"--debug: .*/file is a file, not a folder"):
            try_folder(path, "--debug")

    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(OutputError, match=r"--debug: no file can be made in .* \(Permission denied\): name another"):
        try_folder(tmp_path, "--debug")


@pytest.mark.parametrize("stem", ["", "a", "頁_1", "x" * 251])
def test_a_name_that_fits_stays(stem):
    assert fit_name(stem, ".png") == f"{stem}.png"


@pytest.mark.parametrize("sign", ["x", "頁"])
def test_a_name_that_is_too_long_is_cut_and_stays_distinct(tmp_path, sign):
    names = {fit_name(f"{sign * 252}_{index}", ".png") for index in range(3)}
    assert len(names) == 3
    for name in names:
        (tmp_path / name).touch()
        assert name.startswith(sign * 50)
        assert name.endswith(".png")
