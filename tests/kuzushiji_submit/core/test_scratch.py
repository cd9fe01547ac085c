"""Temporary folders go with their process, or at the next start."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kuzushiji_submit.core.scratch import folder_beside, scratch_folder, sweep, sweep_beside


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch) -> Path:
    """A temporary directory of the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def start_and_kill(code: str) -> None:
    """Runs code in a process that is killed while its folder is open."""
    script = f"import os, signal\nfrom pathlib import Path\nfrom kuzushiji_submit.core.scratch import *\n{code}"
    script += "\n    (folder / 'half').write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9


def test_it_is_empty_and_goes_with_its_block(temporary):
    with scratch_folder("words") as folder:
        assert list(folder.iterdir()) == []
        assert folder.is_relative_to(temporary)
        (folder / "file").write_text("content")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_it_goes_with_an_error(temporary, error):
    def fail() -> None:
        with scratch_folder("words") as folder:
            (folder / "file").write_text("content")
            raise error

    with pytest.raises(error):
        fail()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_goes_at_the_next_start(temporary, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(temporary))
    start_and_kill("with scratch_folder('words') as folder:")
    (left,) = temporary.iterdir()
    assert (left / "content" / "half").read_text() == "half"
    sweep()
    assert list(temporary.iterdir()) == []


def test_what_is_in_use_or_not_ours_stays(temporary):
    foreign = temporary / "kuzushiji-notes"
    foreign.mkdir()
    with scratch_folder("words") as folder, scratch_folder("words") as other:
        sweep()
        assert folder.is_dir()
        assert other.is_dir()
    sweep()
    assert list(temporary.iterdir()) == [foreign]


def test_a_lock_of_a_folder_that_was_made_anew_is_not_taken(temporary, monkeypatch):
    """Between the opening of a lock and its taking, another process may have cleared the folder and made it anew."""
    from kuzushiji_submit.core import scratch

    start = scratch._lock
    monkeypatch.setenv("TMPDIR", str(temporary))
    start_and_kill("with scratch_folder('words') as folder:")
    (left,) = temporary.iterdir()

    def lock_late(descriptor: int) -> bool:
        (left / "lock").unlink()
        (left / "lock").touch()
        return start(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(scratch, "_lock", lock_late)
        sweep()
    assert left.is_dir()


def test_beside_a_file_the_next_writer_clears_what_a_killed_one_left(tmp_path):
    path = tmp_path / "files" / "out.csv"
    path.parent.mkdir()
    start_and_kill(f"with folder_beside(Path({str(path)!r})) as folder:")
    assert [left.name for left in path.parent.iterdir()] == [".out.csv.0.tmp"]
    with folder_beside(path) as folder, folder_beside(path) as other:
        assert (folder.parent.name, other.parent.name) == (".out.csv.0.tmp", ".out.csv.1.tmp")
        assert list(folder.iterdir()) == []
    assert list(path.parent.iterdir()) == []
    start_and_kill(f"with folder_beside(Path({str(path)!r})) as folder:")
    sweep_beside(path.parent)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("name", ["は" * 80, "a" * 255, os.fsdecode(b"\x95\xc5" * 127)])
def test_a_long_name_has_room_for_an_ending(tmp_path, name):
    with folder_beside(tmp_path / name) as folder:
        (folder / name).write_text("content")


def test_one_that_was_killed_before_it_had_a_lock_is_cleared_at_once(tmp_path):
    path = tmp_path / "files" / "out.csv"
    (path.parent / ".out.csv.0.tmp" / "content").mkdir(parents=True)
    with folder_beside(path) as folder:
        assert folder.parent.name == ".out.csv.0.tmp"
    (path.parent / ".out.csv.3.tmp").mkdir()
    (path.parent / ".mine.0.tmp").mkdir()
    (path.parent / ".mine.0.tmp" / "notes").touch()  # somebody's own
    sweep_beside(path.parent)
    assert [left.name for left in path.parent.iterdir()] == [".mine.0.tmp"]


def test_one_that_was_taken_for_abandoned_while_it_was_made_gives_way(tmp_path, monkeypatch):
    """Another process finds the folder without its lock, takes the lock first, and clears it."""
    from kuzushiji_submit.core import scratch

    take, lost = scratch._take, []

    def take_late(folder: Path) -> int | None:
        if not lost:
            lost.append(folder)
            sweep_beside(folder.parent)
            assert not folder.exists()
        return take(folder)

    monkeypatch.setattr(scratch, "_take", take_late)
    with folder_beside(tmp_path / "out.csv") as folder:
        assert folder.is_dir()
        assert folder.parent.name == ".out.csv.1.tmp"
    assert len(lost) == 1
    assert list(tmp_path.glob(".*")) == []
