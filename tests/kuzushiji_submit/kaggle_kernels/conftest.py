"""Sessions with folders of their own, and commands that only pretend."""

import csv
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.training.book_split import describe_books
from kuzushiji_submit.core.weights_record import Provenance, WeightsRecord
from kuzushiji_submit.kaggle_kernels.commands import Outcome
from kuzushiji_submit.kaggle_kernels.roots import Roots

CHARACTERS = ("U+3042", "U+3044")

Act = Callable[[list[str]], int]


@pytest.fixture
def roots(tmp_path, monkeypatch) -> Roots:
    """Kaggle's three folders, inputs with a competition of four test pages and a recognizer's weights."""
    roots = Roots(tmp_path / "input", tmp_path / "working", tmp_path / "scratch")
    for name, folder in (("INPUT", roots.inputs), ("WORKING", roots.working), ("SCRATCH", roots.scratch)):
        folder.mkdir()
        monkeypatch.setenv(f"KUZUSHIJI_{name}_ROOT", str(folder))
    competition = roots.inputs / "competitions" / "kuzushiji-recognition"
    for images in ("train_images", "test_images"):
        (competition / images).mkdir(parents=True)
        (competition / images / "p1.jpg").touch()
    with (competition / "sample_submission.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("image_id", "labels"), *((f"p{page}", "x") for page in range(1, 5))])
    with (competition / "train.csv").open("w", newline="") as stream:
        rows = ((f"10000000{book}_1", "U+3042 1 1 9 9") for book in range(4))
        csv.writer(stream).writerows([("image_id", "labels"), *rows])
    (roots.inputs / "weights").mkdir()
    (roots.inputs / "weights" / "recognizer.safetensors").write_bytes(b"weights")
    return roots


class Commands:
    """Takes the place of real commands.

    Attributes:
        calls: arguments of every command, in order.
        environments: the variables beside those of the process, of every command.
        limits: seconds each was given.
        acts: what a command of a name does; gives its exit code.
    """

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.environments: list[Mapping[str, str]] = []
        self.limits: list[float] = []
        self.acts: dict[str, Act] = {}

    def of(self, *words: str) -> list[list[str]]:
        """Arguments of the commands that begin with these words."""
        return [call for call in self.calls if call[: len(words)] == list(words)]

    def start(self, name: str, arguments: Sequence[object], log: Path, *, environment=None) -> "_Pretended":
        call = [str(one) for one in arguments]
        self.calls.append(call)
        self.environments.append(environment or {})
        act = self.acts.get(" ".join(call[:2]), self.acts.get(call[0], lambda _: 0))
        return _Pretended(act(call), self.limits)

    def run(self, name: str, arguments: Sequence[object], log: Path, *, limit: float, environment=None) -> Outcome:
        return self.start(name, arguments, log, environment=environment).wait(limit)


class _Pretended:
    def __init__(self, code: int, limits: list[float]) -> None:
        self.code, self.limits = code, limits

    def wait(self, limit: float) -> Outcome:
        self.limits.append(limit)
        return Outcome(self.code, 1.0, f"ended with {self.code}")

    def end(self) -> None:
        """Nothing runs."""


@pytest.fixture
def pretended(roots, monkeypatch) -> Commands:
    """Commands that write nothing and succeed, unless told otherwise."""
    commands = Commands()
    package = "kuzushiji_submit.kaggle_kernels"
    monkeypatch.setattr(f"{package}.predict_pages.Command", commands.start)
    monkeypatch.setattr(f"{package}.predict_pages.run_command", commands.run)
    monkeypatch.setattr(f"{package}.kernel_run.run_command", commands.run)
    monkeypatch.setattr(f"{package}.session.count_gpus", lambda: 0)
    return commands


def option(call: Sequence[str], name: str) -> str:
    """The word after an option."""
    return call[call.index(name) + 1]


def save_weights(
    path: Path, held_out: Sequence[str], content: bytes = b"", characters: Sequence[str] = (), **shape: object
) -> Path:
    """A safetensors file without a network, whose record says which books were held out.

    Args:
        path: the file.
        held_out: books.
        content: the numbers.
        characters: codepoints that it says.
        shape: of a detector's pyramid, which makes it one.
    """
    record = WeightsRecord(
        "detector" if shape else "recognizer",
        "heatmap_fpn" if shape else "none",
        settings=shape,
        charset=Charset(tuple(characters)) if characters else None,
        provenance=Provenance(split=describe_books(held_out)),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"x": np.frombuffer(content, np.uint8)}, path, {"kuzushiji": record.to_text()})
    return path


def write_shard(call: list[str]) -> int:
    """Writes a shard's submission as `predict` would, a character on each of its pages."""
    shard, count = map(int, option(call, "--shard").split("/"))
    out = Path(option(call, "--out"))
    with out.open("w", newline="") as stream:
        rows = [(f"p{page}", f"U+3042 {page} {page}") for page in range(1, 5)][shard - 1 :: count]
        csv.writer(stream).writerows([("image_id", "labels"), *rows])
    out.with_suffix(".settings.json").write_text('{"unread": 0, "failures": {}}')
    Path(option(call, "--characters")).write_text(f"{shard}\n")
    return 0


def trains(code: int = 0, characters=CHARACTERS, **shape):
    """What a training leaves: a checkpoint and weights named after the model, different for every call."""

    def act(call: list[str]) -> int:
        run = Path(option(call, "--out"))
        (run / "checkpoints").mkdir(parents=True, exist_ok=True)
        (run / "checkpoints" / "last.ckpt").touch()
        split = next((word for word in call if word.startswith("split.validation_books=")), "=[]")
        books = json.loads(split.split("=", 1)[1])
        save_weights(run / f"{call[1]}.safetensors", books, " ".join(call).encode(), characters, **shape)
        return code

    return act


def calibrates(call: list[str]) -> int:
    """The command that writes a threshold where it is given readings, and weights where it is given those."""
    out = Path(option(call, "--out"))
    if "--readings" in call:
        out.write_text("min_score = 0.4\n")
    else:
        shutil.copyfile(option(call, "--recognizer-weights"), out)
        with out.open("ab") as stream:
            stream.write(b"calibrated")
    return 0


def reads(call: list[str]) -> int:
    """The command that leaves readings and their table."""
    Path(option(call, "--out")).write_text("readings")
    Path(option(call, "--out")).with_suffix(".csv").write_text("book,F1\n")
    return 0


def attach(roots, name: str) -> Path:
    """What a session left becomes an input of the next."""
    attached = roots.inputs / "notebooks" / "someone" / name
    attached.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(roots.working, attached)
    roots.working.mkdir()
    return attached


def weights_after(call: list[str], name: str = "--recognizer-weights") -> list[str]:
    """The words between an option and the next one."""
    place = call.index(name) + 1
    end = next((index for index in range(place, len(call)) if call[index].startswith("--")), len(call))
    return call[place:end]


@pytest.fixture
def record(roots):
    return lambda: json.loads((roots.working / "kuzushiji_run.json").read_text())
