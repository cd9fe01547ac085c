"""Checkpoints on disks that are full, and after damage."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from kuzushiji_submit.core.errors import OutputError, TrainingError
from kuzushiji_submit.core.training.checkpoints import (
    WholeCheckpoints,
    checkpoint_to_resume,
    first_whole,
    load_checkpoint,
)


def checkpoint(epoch: int, size: int = 10) -> dict:
    return {"epoch": epoch, "loops": {}, "state_dict": {"model.weight": torch.full((size,), float(epoch))}}


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": cut,
    "random": lambda path: path.write_bytes(bytes((n * 37 + 11) % 256 for n in range(3000))),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "text": lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n"),
    "weights": lambda path: torch.save({"model.weight": torch.zeros(3)}, path),
    "list": lambda path: torch.save([1, 2], path),
    "code": lambda path: torch.save({"epoch": print, "loops": OSError(), "state_dict": {}}, path),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Checkpoints of three epochs, each newer than the one before."""
    writer = WholeCheckpoints()
    for epoch in range(3):
        writer.save_checkpoint(checkpoint(epoch), tmp_path / f"epoch-{epoch:03d}.ckpt")
        os.utime(tmp_path / f"epoch-{epoch:03d}.ckpt", (epoch, epoch))
    writer.save_checkpoint(checkpoint(2), tmp_path / "last.ckpt")
    return tmp_path


def test_what_is_written_is_read_and_nothing_else_lies_there(folder: Path) -> None:
    assert load_checkpoint(folder / "last.ckpt")["epoch"] == 2
    state = WholeCheckpoints().load_checkpoint(folder / "last.ckpt")["state_dict"]
    assert torch.equal(state["model.weight"], torch.full((10,), 2.0))
    assert {path.suffix for path in folder.iterdir()} == {".ckpt"}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_checkpoint_is_named_and_nobody_is_told_to_load_it_unprotected(
    folder: Path, damage: Callable[[Path], object]
) -> None:
    damage(folder / "last.ckpt")
    with pytest.raises(TrainingError, match=r"last\.ckpt: (damaged|no checkpoint)") as raised:
        load_checkpoint(folder / "last.ckpt")
    assert "weights_only" not in str(raised.value)
    assert first_whole([folder / "last.ckpt", folder / "epoch-001.ckpt"]) == folder / "epoch-001.ckpt"


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "last.ckpt")
    assert first_whole([]) is None


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_the_newest_whole_checkpoint_takes_the_place_of_a_damaged_one(
    folder: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], object]
) -> None:
    damage(folder / "last.ckpt")
    damage(folder / "epoch-002.ckpt")
    assert checkpoint_to_resume(folder) == folder / "last.ckpt"
    assert load_checkpoint(folder / "last.ckpt")["epoch"] == 1
    assert "damaged: going on from the newest whole checkpoint, epoch-001.ckpt" in caplog.text
    assert "weights_only" not in caplog.text


def test_a_lost_last_checkpoint_is_replaced_too(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "last.ckpt").unlink()
    assert load_checkpoint(checkpoint_to_resume(folder))["epoch"] == 2
    assert "missing: going on from" in caplog.text


def test_a_whole_one_is_taken_as_it_is(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = (folder / "last.ckpt").read_bytes()
    assert checkpoint_to_resume(folder) == folder / "last.ckpt"
    assert (folder / "last.ckpt").read_bytes() == before
    assert caplog.text == ""


def test_without_a_whole_one_there_is_nothing_to_go_on_from(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        cut(path)
    with pytest.raises(TrainingError, match=r"every checkpoint is damaged \(epoch-000.ckpt, .*start another run"):
        checkpoint_to_resume(folder)
    assert checkpoint_to_resume(tmp_path / "none") is None


def test_a_full_disk_is_named_and_leaves_the_checkpoint_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (folder / "last.ckpt").read_bytes()

    def fill(descriptor: int) -> None:
        os.truncate(descriptor, os.fstat(descriptor).st_size // 3)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(OutputError, match=r"last\.ckpt: no space left on the disk for 4\.\d MB .* with --resume"):
        WholeCheckpoints().save_checkpoint(checkpoint(3, 1_000_000), folder / "last.ckpt")
    assert (folder / "last.ckpt").read_bytes() == before
    assert len(list(folder.iterdir())) == 4


SCRIPT = """
import sys, torch
from pathlib import Path
from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.core.training.checkpoints import WholeCheckpoints, load_checkpoint
folder = Path(sys.argv[1])
try:
    for epoch in range(9):
        made = {"epoch": epoch, "loops": {}, "state_dict": {"model.weight": torch.zeros(100_000)}}
        WholeCheckpoints().save_checkpoint(made, folder / f"epoch-{epoch}.ckpt")
except OutputError as error:
    print(error)
print([load_checkpoint(path)["epoch"] for path in sorted(folder.glob("*.ckpt"))], len(list(folder.iterdir())))
"""


def test_a_disk_that_is_really_full(tmp_path: Path, small_disk: Callable[..., list[str]]) -> None:
    command = small_disk(tmp_path, "1m", [sys.executable, "-c", SCRIPT, str(tmp_path)])
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, done.stderr
    error, left = done.stdout.splitlines()
    assert f"{tmp_path}/epoch-2.ckpt: no space left on the disk for 0.4 MB" in error
    assert left == "[0, 1] 2"
