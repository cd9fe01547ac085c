"""Where paths lead that are to be written."""

import os
from pathlib import Path

import pytest

from kuzushiji_submit.core.output_targets import STDOUT, find_target, is_file, leads_to_stdout


def test_files_there_or_not(tmp_path):
    there, new = tmp_path / "there", tmp_path / "new"
    there.write_text("content")
    assert find_target(there).file == there
    assert find_target(there).before.st_size == 7
    assert (find_target(new).file, find_target(new).before) == (new, None)
    assert is_file(there)
    assert is_file(new)


def test_links_are_followed_also_to_what_is_not_there_yet(tmp_path):
    for name in ("there", "new"):
        (tmp_path / f"link to {name}").symlink_to("second" if name == "there" else name)
    (tmp_path / "second").symlink_to("there")
    (tmp_path / "there").write_text("content")
    assert find_target(tmp_path / "link to there").file == tmp_path / "there"
    assert find_target(tmp_path / "link to new").file == tmp_path / "new"


@pytest.mark.parametrize("name", ["/dev/null", "/dev/full"])
def test_devices_are_no_files(name):
    target = find_target(Path(name))
    assert (target.file, target.descriptor) == (None, None)
    assert not is_file(Path(name))
    target.check()


def test_open_streams(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("/dev/stdout")
    for path in (STDOUT, Path("/dev/stdout"), Path("/dev/fd/1"), Path("/proc/self/fd/1"), link):
        assert find_target(path).descriptor == 1
        assert leads_to_stdout(path)
        assert not is_file(path)
    assert find_target(Path("/dev/stderr")).descriptor == 2
    assert not leads_to_stdout(Path("/dev/stderr"))
    assert not leads_to_stdout(None)
    assert not leads_to_stdout(tmp_path / "-")


def test_what_cannot_be_a_target(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="Too many levels"):
        find_target(tmp_path / "a")
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        find_target(tmp_path)


def test_a_stream_that_is_closed_or_read_only_is_no_target():
    reading = os.open(os.devnull, os.O_RDONLY)
    try:
        with pytest.raises(OSError, match="for reading only"):
            find_target(Path(f"/dev/fd/{reading}")).check()
    finally:
        os.close(reading)
    with pytest.raises(OSError, match="Bad file descriptor"):
        find_target(Path(f"/dev/fd/{reading}")).check()
