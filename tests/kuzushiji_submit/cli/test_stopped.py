"""Training, finding a learning rate and calibrating, told to stop by a signal."""

import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from kuzushiji_submit.cli import calibrate, main
from kuzushiji_submit.core.training.checkpoints import load_checkpoint
from kuzushiji_submit.core.training.history import EpochHistory
from kuzushiji_submit.core.training.module import StageModule

SIGNALS = [(signal.SIGINT, "interrupted", 130), (signal.SIGTERM, "terminated", 143)]
DETECTOR = (
    *("network.widths=[4, 4, 6, 6, 8]", "network.depths=[1, 1, 1, 1]", "network.pyramid=4"),
    *("tiles_per_epoch=4", "tile_size=64"),
)
RECOGNIZER = (*("model=kuzu_char_rec", "model.stage_widths=[4, 8]", "model.convs_per_stage=1", "crop.size=32"),)
COMMON = ("split.folds=2", "epochs=3", "batch_size=2", "runtime.accelerator=cpu", "runtime.progress=false")


def arguments(command: str, what: str, data: Path, out: Path) -> list[str]:
    settings = [*COMMON, *(DETECTOR if what == "detector" else RECOGNIZER)]
    return [
        command,
        what,
        "--data",
        str(data),
        "--out",
        str(out),
        *(part for one in settings for part in ("--set", one)),
    ]


@pytest.mark.parametrize(("signum", "word", "code"), SIGNALS)
@pytest.mark.parametrize("what", ["detector", "recognizer"])
def test_a_training_says_so_keeps_its_checkpoint_and_goes_on(
    data, tmp_path, capsys, monkeypatch, what, signum, word, code
):
    original, out = EpochHistory.on_train_batch_end, tmp_path / "run"

    def stop(self, trainer, *args):
        original(self, trainer, *args)
        if trainer.current_epoch == 1:
            os.kill(os.getpid(), signum)
            time.sleep(10)

    with monkeypatch.context() as patch:
        patch.setattr(EpochHistory, "on_train_batch_end", stop)
        assert main(arguments("train", what, data, out)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1] == f"kuzushiji: {word}: run again with --resume"
    assert not (out / f"{what}.safetensors").exists()
    assert load_checkpoint(out / "checkpoints" / "last.ckpt")["epoch"] == 0
    assert main([*arguments("train", what, data, out), "--resume"]) == 0
    assert (out / f"{what}.safetensors").is_file()


@pytest.mark.parametrize(("signum", "word", "code"), SIGNALS)
def test_a_checkpoint_that_is_being_written_is_not_torn(data, tmp_path, capsys, monkeypatch, signum, word, code):
    """Told to stop in the middle of the second epoch's last.ckpt, the first one's stays."""
    out = tmp_path / "run"

    def stop(descriptor: int) -> None:
        checkpoints = out / "checkpoints"
        if (checkpoints / "epoch-001.ckpt").exists() and list(checkpoints.glob(".last.ckpt.*.tmp")):
            os.truncate(descriptor, os.fstat(descriptor).st_size // 2)
            os.kill(os.getpid(), signum)
            time.sleep(10)

    monkeypatch.setattr(os, "fsync", stop)
    assert main(arguments("train", "detector", data, out)) == code
    assert word in capsys.readouterr().err
    assert load_checkpoint(out / "checkpoints" / "last.ckpt")["epoch"] == 0
    assert all(path.suffix == ".ckpt" for path in (out / "checkpoints").iterdir())


@pytest.mark.parametrize(("signum", "word", "code"), SIGNALS)
@pytest.mark.parametrize("what", ["detector", "recognizer"])
def test_finding_a_learning_rate_says_so(data, tmp_path, capsys, monkeypatch, what, signum, word, code):
    def stop(self, loss, batch_idx):
        os.kill(os.getpid(), signum)
        time.sleep(10)

    monkeypatch.setattr(StageModule, "check_loss", stop)
    monkeypatch.chdir(tmp_path)
    assert main(arguments("lr-find", what, data, tmp_path / "lr")) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1] == f"kuzushiji: {word}: run again"
    assert not (tmp_path / "lr" / "lr_find.csv").exists()


@pytest.mark.parametrize(("signum", "word", "code"), SIGNALS)
def test_calibrating_says_so(tmp_path, capsys, monkeypatch, signum, word, code):
    def stop(args):
        os.kill(os.getpid(), signum)
        time.sleep(10)

    monkeypatch.setattr(calibrate, "run", stop)
    assert main(["calibrate", "--data", "data", "--out", str(tmp_path / "weights")]) == code
    assert capsys.readouterr().err == f"kuzushiji: {word}: run again\n"


@pytest.mark.parametrize(("signum", "word", "code"), SIGNALS)
def test_any_command_says_so_and_leaves_nothing_temporary(tmp_path, capsys, monkeypatch, signum, word, code):
    """Told to stop in the middle of writing a file."""
    from kuzushiji_submit.competition import submission

    def stop(page):
        os.kill(os.getpid(), signum)
        time.sleep(10)

    part, out = tmp_path / "part.csv", tmp_path / "out" / "out.csv"
    part.write_text("image_id,labels\nb_1,U+306F 1 2\n")
    monkeypatch.setattr(submission, "_format_points", stop)
    assert main(["merge", str(part), "--sample", str(part), "--out", str(out)]) == code
    assert capsys.readouterr().err == f"kuzushiji: {word}: run again\n"
    assert list(out.parent.iterdir()) == []


def test_a_command_clears_what_a_killed_one_left(tmp_path, capsys, monkeypatch):
    left = tmp_path / "temporary" / "kuzushiji-kaggle-1234"
    left.mkdir(parents=True)
    (left / "lock").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(left.parent))
    assert main(["check", str(tmp_path / "none")]) == 1
    assert list(left.parent.iterdir()) == []
