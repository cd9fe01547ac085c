"""One process at a time writes to a place."""

import multiprocessing
import os
import signal

import pytest

from kuzushiji_submit.core import claims
from kuzushiji_submit.core.claims import sole_writer
from kuzushiji_submit.core.errors import OutputError

TAKEN = "another process is writing there: wait for its end, or name another place"


@pytest.mark.skipif(not claims.HAS_LOCKS, reason="there are no such locks")
def test_a_second_one_is_refused_and_the_next_one_is_not(tmp_path):
    folder = tmp_path / "new" / "run"
    with sole_writer(folder, "--out"):
        (folder / "file").touch()
        with pytest.raises(OutputError, match=TAKEN), sole_writer(folder, "--out", patience=0):
            pass
    with sole_writer(folder, "--out", patience=0):
        assert [path.name for path in folder.iterdir()] == ["file"]


def hold(folder, pipe):
    with sole_writer(folder, "--out"):
        pipe.send("held")
        signal.pause()


@pytest.mark.skipif(not claims.HAS_LOCKS, reason="there are no such locks")
def test_what_a_killed_process_had_is_free(tmp_path):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=hold, args=(tmp_path, theirs))
    process.start()
    assert ours.recv() == "held"
    with pytest.raises(OutputError, match=TAKEN), sole_writer(tmp_path, "--out", patience=0):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with sole_writer(tmp_path, "--out", patience=0):
        pass


def test_where_there_are_no_locks_everybody_passes(tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(38, "Function not implemented")

    if claims.HAS_LOCKS:
        monkeypatch.setattr(claims.fcntl, "flock", refuse)
    with sole_writer(tmp_path, "--out"), sole_writer(tmp_path, "--out", patience=0):
        pass


def test_processes_beside_the_first_of_a_training_pass(tmp_path, monkeypatch):
    with sole_writer(tmp_path, "--out"):
        monkeypatch.setenv("LOCAL_RANK", "1")
        with sole_writer(tmp_path, "--out", patience=0):
            pass


def test_a_place_that_is_no_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a file, not a folder"), sole_writer(tmp_path / "file", "--out"):
        pass
