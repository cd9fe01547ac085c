"""Files that appear whole or not at all."""

import errno
import json
import os
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.core.files import (
    atomic_binary,
    atomic_bytes,
    atomic_text,
    fit_name,
    fit_path,
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


def write(path: Path, text: str = "new\n") -> None:
    with atomic_text(path) as stream:
        stream.write(text)


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    real, link = tmp_path / "real" / "file", tmp_path / "link"
    real.parent.mkdir()
    link.symlink_to("real/file")
    for text in ("first\n", "second\n"):
        write(link, text)
        assert link.is_symlink()
        assert real.read_text() == text
    assert list(real.parent.iterdir()) == [real]


def test_mode_and_hard_links_of_a_file_are_kept(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_text("old and much longer\n")
    path.chmod(0o640)
    write(path)
    assert path.stat().st_mode & 0o777 == 0o640
    other.hardlink_to(path)
    write(path)
    assert other.read_text() == "new\n"
    assert path.stat().st_ino == other.stat().st_ino
    write(path, "long " * 1000)
    assert other.read_text() == "long " * 1000


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_of_a_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    os.chown(path, 1234, 4321)
    path.chmod(0o4750)
    write(path)
    status = path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1234, 4321, 0o4750)


def test_an_owner_that_cannot_be_given_is_kept_by_overwriting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    path = tmp_path / "file"
    path.write_text("old")
    number = path.stat().st_ino
    monkeypatch.setattr(os, "chown", refuse)
    monkeypatch.setattr("kuzushiji_submit.core.files._takes_over", lambda *args: False)
    write(path)
    assert (path.read_text(), path.stat().st_ino) == ("new\n", number)


def test_a_file_that_a_container_mounts_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def busy(self: Path, target: Path) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", busy)
    write(path)
    assert path.read_text() == "new\n"
    with pytest.raises(OutputError, match="busy"):
        write(tmp_path / "new file")
    assert list(tmp_path.iterdir()) == [path]


def test_overwriting_leaves_the_old_where_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    (tmp_path / "other").hardlink_to(path)

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OutputError, match="No space left"):
        write(path, "new and longer")
    assert path.read_text() == "old"


def test_a_device_stays_a_device() -> None:
    write(Path(os.devnull))
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    with pytest.raises(OutputError, match="No space left"):
        write(Path("/dev/full"))
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_standard_output_in_the_order_of_writing(capsys: pytest.CaptureFixture[str], name: str) -> None:
    sys.stdout.write("before\n")
    write(Path(name), "は\n")
    sys.stdout.write("after\n")
    assert capsys.readouterr().out == "before\nは\nafter\n"


def test_a_broken_block_sends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TypeError), atomic_text(Path("-")) as stream:
        stream.writelines(["half", None])  # type: ignore[list-item]
    assert capsys.readouterr().out == ""


def test_a_pipe(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write(pipe)
    reader.join(10)
    assert read == ["new\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_names_that_are_no_text_are_spelled_out(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\x95\xc5.json")
    write(path, json.dumps({"path": path.name}, ensure_ascii=False))
    assert json.loads(path.read_text(encoding="utf-8")) == {"path": path.name}


@pytest.mark.parametrize("name", ["-", "/dev/null", "/dev/full", "/dev/stdout"])
def test_what_is_no_file_passes_the_trial(name: str) -> None:
    try_file(Path(name), "--out", "file.csv")


def test_what_is_write_protected_fails_the_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda *args: False)  # root may write everything
    with pytest.raises(OutputError, match="write-protected"):
        try_file(path, "--out", "file.csv")
    with pytest.raises(OutputError, match="write-protected"):
        write(path)
    assert path.read_text() == "old"


@pytest.mark.parametrize("stem", ["", "a", "頁_1", "x" * 251])
def test_a_name_that_fits_stays(stem):
    assert fit_name(stem, ".png") == f"{stem}.png"


@pytest.mark.parametrize(
    ("stem", "path"),
    [
        ("a", "a.png"),
        ("vol1/a", "vol1/a.png"),
        ("vol1/scans/a.b", "vol1/scans/a.b.png"),
    ],
)
def test_folders_before_a_name_stay_folders(stem, path):
    assert fit_path(stem, ".png") == Path(path)


@pytest.mark.parametrize("stem", ["/a", "../a", "a/../b", "a//b", "./a", ".hidden/a", f"{'x' * 256}/a", "..", "a/.."])
def test_no_path_leads_out_or_cannot_be(stem, tmp_path):
    path = tmp_path / fit_path(stem, ".png")
    path.parent.mkdir(exist_ok=True)
    path.touch()
    assert path.resolve().is_relative_to(tmp_path)
    assert fit_path(stem, ".png") != fit_path(stem.replace("a", "b").replace("..", "."), ".png")


@pytest.mark.parametrize(("name", "what"), [("x" * 256, "a name of 256 bytes"), ("頁" * 86, "a name of 258 bytes")])
def test_a_name_that_no_file_can_have_is_refused_before_any_work(tmp_path, name, what):
    for path in (tmp_path / name, tmp_path / name / "b"):
        for trial in (lambda path: try_file(path, "--out", "x"), lambda path: try_folder(path, "--out")):
            with pytest.raises(OutputError, match=rf"--out: the path is too long \({what}\): choose a shorter one"):
                trial(path)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_is_too_long_as_a_whole(tmp_path):
    with pytest.raises(OutputError, match=r"--out: the path is too long \([4-9]\d{3} bytes\)"):
        try_folder(tmp_path.joinpath(*["x" * 200] * 25), "--out")


@pytest.mark.parametrize("sign", ["x", "頁"])
def test_a_name_that_is_too_long_is_cut_and_stays_distinct(tmp_path, sign):
    names = {fit_name(f"{sign * 252}_{index}", ".png") for index in range(3)}
    assert len(names) == 3
    for name in names:
        (tmp_path / name).touch()
        assert name.startswith(sign * 50)
        assert name.endswith(".png")
