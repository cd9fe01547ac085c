"""What a run may be gone on with: the initial weights are a file's content, wherever it lies."""

from dataclasses import replace
from pathlib import Path

import pytest

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.checkpoints import FOLDER
from kuzushiji_submit.core.training.config import TrainingConfig
from kuzushiji_submit.core.training.run_folder import claim_folder


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """Claims the folder of a run that starts from a file, then resumes it with another."""
    monkeypatch.setattr("kuzushiji_submit.core.training.run_folder.checkpoint_to_resume", lambda _: Path("last.ckpt"))
    config = TrainingConfig()

    def claim(start: str, *, resume: bool = False) -> Path | None:
        found = claim_folder(tmp_path / "run", replace(config, initial_weights=start), {}, resume=resume)
        (tmp_path / "run" / FOLDER).mkdir(exist_ok=True)
        (tmp_path / "run" / FOLDER / "last.ckpt").touch()
        return found

    return claim


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def test_the_same_file_elsewhere(begun, tmp_path):
    assert begun(write(tmp_path / "a", b"weights")) is None
    assert begun(write(tmp_path / "b", b"weights"), resume=True) == Path("last.ckpt")


@pytest.mark.parametrize(("first", "second"), [(b"weights", b"others"), (b"weights", None), (None, b"weights")])
def test_another_file(begun, tmp_path, first, second):
    named = {"a": first, "b": second}
    starts = [write(tmp_path / name, content) if content else "" for name, content in named.items()]
    begun(starts[0])
    with pytest.raises(TrainingError, match="had other initial_weights"):
        begun(starts[1], resume=True)


def test_files_that_are_gone_are_not_taken_for_one(begun, tmp_path):
    begun(str(tmp_path / "none"))
    with pytest.raises(TrainingError, match="had other initial_weights"):
        begun(str(tmp_path / "neither"), resume=True)
