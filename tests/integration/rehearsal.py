"""A week on Kaggle in small: kernels pushed to a stand-in server, each run in the cut-off sandbox, and scored.

```
kuzushiji kernel push ─▶ stand-in server ─ code file, attached kernels ─▶ sandbox without a network ─▶ its output
        ▲                                                                                              │
        └──────────────────── attached to the next session by its name ◀──────────────────────────────┤
kuzushiji submit ─▶ stand-in server: F1 against exact truth ◀── kuzushiji kernel output ◀──────────────┘
```
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaggle_server import KaggleServer

from kuzushiji_submit.competition.scoring import Counts, score_pages, total
from kuzushiji_submit.competition.submission import read_submission
from kuzushiji_submit.competition.truth import read_truth
from tests.integration.kaggle_session import Kaggle

OWNER = "tester"
# What a session leaves that is fetched over the wire; the rest is mounted by the next session.
FETCHED = ("submission.csv", "kuzushiji_run.json")


@dataclass(frozen=True)
class Outcome:
    """What a session came to.

    Attributes:
        name: of the session.
        counts: of its submission, against exact truth; None where it left none.
        steps: how each of its steps ended.
        seconds: how long it ran.
        killed: whether it was killed and gone on with.
        log: what it printed.
    """

    name: str
    counts: Counts | None
    steps: dict[str, str]
    seconds: float
    killed: bool
    log: str


class Rehearsal:
    """Pushes, runs, fetches, submits; remembers what each kernel left."""

    def __init__(
        self, data: Path, folder: Path, sandbox: tuple[tuple[str, ...], Path], server: KaggleServer, limit: float
    ) -> None:
        """Begins with nothing pushed.

        Args:
            data: the competition, with truth.csv beside its files.
            folder: gets a folder a session.
            sandbox: what stands before a command to take its network away, and the Python of Kaggle's image.
            server: stands in for Kaggle.
            limit: seconds after which a session counts as hung.
        """
        self.data, self.folder, self.server, self.limit = data, folder, server, limit
        self.prefix, self.python = sandbox
        self.outputs: dict[str, Path] = {}
        self.outcomes: list[Outcome] = []
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KAGGLE_")},
            **server.environment(folder),
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        }

    def session(self, name: str, kernel: str, *push: object, kill: Callable[[Path], bool] | None = None) -> Outcome:
        """Pushes a kernel, runs it as Kaggle would, submits what it leaves.

        Args:
            name: of the session.
            kernel: "train" or "predict".
            push: further arguments of `kuzushiji kernel push`.
            kill: says from the working folder when to kill it; then it is pushed again with its own output attached.

        Raises:
            RuntimeError: if a command or a step failed.
        """
        start = time.monotonic()
        pushed, code, sources = self._push(kernel, push)
        text, working = self._run(code, sources, kill)
        killed = kill is not None
        if killed:
            # `--from-kernel` takes the short name; on Kaggle this is the way a stopped run goes on.
            self.outputs[pushed] = working
            _, code, sources = self._push(kernel, [*push, "--from-kernel", pushed])
            more, working = self._run(code, sources, None)
            text += more
        self.outputs[pushed] = working
        steps = self.record(pushed)["steps"]
        failed = {step: facts["message"] for step, facts in steps.items() if facts["status"] == "failed"}
        if failed:
            raise RuntimeError(f"{name}: {failed}")
        counts = self._submit(name, pushed, working)
        statuses = {step: facts["status"] for step, facts in steps.items()}
        outcome = Outcome(name, counts, statuses, time.monotonic() - start, killed, text)
        self.outcomes.append(outcome)
        return outcome

    def record(self, kernel: str) -> dict[str, Any]:
        """The record of a kernel's last run."""
        record: dict[str, Any] = json.loads((self.outputs[kernel] / "kuzushiji_run.json").read_text())
        return record

    def table(self) -> str:
        """F1 against exact truth after each session."""
        width = max(map(len, ["session", *(outcome.name for outcome in self.outcomes)]))
        lines = [f"{'session':<{width}}      F1  precision  recall  minutes  "]
        for outcome in self.outcomes:
            counts = outcome.counts or Counts()
            lines.append(
                f"{outcome.name:<{width}}  {counts.f1:.4f}     {counts.precision:.4f}  {counts.recall:.4f}  "
                f"{outcome.seconds / 60:>7.1f}  {'killed and gone on with' if outcome.killed else ''}"
            )
        return "\n".join(line.rstrip() for line in lines) + "\n"

    def _push(self, kernel: str, further: Sequence[object]) -> tuple[str, str, list[str]]:
        """The name of the pushed kernel, its code, and the kernels attached to it, as they came over the wire."""
        self._kuzushiji("kernel", "push", kernel, "--owner", OWNER, *further)
        body = self.server.kernels[-1]
        return str(body["slug"]), str(body["text"]), list(body.get("kernelDataSources", []))

    def _run(self, code: str, sources: Sequence[str], kill: Callable[[Path], bool] | None) -> tuple[str, Path]:
        """What a session printed, and its working folder."""
        number = len(list(self.folder.glob("session*")))
        session = Kaggle(self.folder / f"session{number}", self.prefix, self.python)
        _mount_competition(self.data, session.inputs / "competitions" / "kuzushiji-recognition")
        for source in sources:
            shutil.copytree(self.outputs[source], session.inputs / "notebooks" / source)
        process = session.start_code(code)
        if kill is None:
            text, _ = process.communicate(timeout=self.limit)
            if process.returncode:
                raise RuntimeError(f"the session ended with {process.returncode}: {text[-6000:]}")
            return text, session.working
        end = time.monotonic() + self.limit
        while process.poll() is None and not kill(session.working) and time.monotonic() < end:
            time.sleep(0.05)
        if process.poll() is not None:
            raise RuntimeError("the session was over before it could be killed")
        session.kill(process)
        return "", session.working

    def _submit(self, name: str, kernel: str, working: Path) -> Counts | None:
        """Fetches the output as a user would and submits it; the server answers with the score."""
        if not (working / "submission.csv").is_file():
            return None
        self.server.output = {file: (working / file).read_bytes() for file in FETCHED}
        out = self.folder / "fetched" / name
        self._kuzushiji("kernel", "output", kernel, "--out", out)
        submission = out / "submission.csv"
        counts = total(score_pages(read_truth(self.data / "truth.csv"), read_submission(submission)).values())
        score = f"{counts.f1:.5f}"
        self.server.scoring = [{"status": "COMPLETE", "publicScore": score, "privateScore": score}]
        sample = ("--sample", self.data / "sample_submission.csv")
        # Two sessions may read the pages alike, and what was submitted once is not submitted again unasked.
        said = self._kuzushiji("submit", submission, "-m", name, "--wait", "--again", *sample)
        if f"public {score}" not in said:
            raise RuntimeError(f"submit does not say the score {score}: {said}")
        return counts

    def _kuzushiji(self, *arguments: object) -> str:
        command = [sys.executable, "-m", "kuzushiji_submit", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=self._environment, timeout=self.limit
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[2:])}: {done.stderr[-2000:]}")
        return done.stdout


def rehearse_week(week: Rehearsal, settings: Sequence[str], *, compare: bool = False) -> list[Outcome]:
    """All sessions in order: fold 0, fold 1 (killed in its training and gone on with), ensemble, pseudo-labels, final.

    Args:
        week: where.
        settings: what `--set` gets in every session of the training kernel.
        compare: whether the networks of both folds read once more without the dense readers, each fold calibrated anew.
    """
    sets = [word for setting in settings for word in ("--set", setting)]
    first, second, adapted = "train-fold-0", "train-fold-1", "train-adapted"

    def in_training(working: Path) -> bool:
        return (working / "runs" / "recognizer" / "checkpoints" / "last.ckpt").is_file()

    week.session("fold 0", "train", "--fold", 0, *sets)
    week.session("fold 1", "train", "--fold", 1, *sets, kill=in_training)
    both = ("--from-kernel", first, "--from-kernel", second)
    predict = ("--set", "shards=1", "--set", "report_pages=0")
    week.session("ensemble", "predict", *both, *predict)
    if compare:
        _read_without_dense(week, sets, predict)
    steps = 'steps=["prior", "adapt", "calibrate", "held_out", "second_level", "threshold", "predict"]'
    week.session("pseudo-labels", "train", "--fold", 0, "--suffix", "adapted", *both, *sets, "--set", steps)
    week.session("final", "predict", "--suffix", "final", "--from-kernel", adapted, "--from-kernel", second, *predict)
    return week.outcomes


def _read_without_dense(week: Rehearsal, sets: Sequence[str], predict: Sequence[str]) -> None:
    """The readers of crops of both folds by themselves, calibrated and judged by themselves, then together."""
    alone = ("--set", "use_dense=false")
    steps = 'steps=["prior", "calibrate", "held_out", "second_level", "threshold", "predict"]'
    attached: list[str] = []
    for fold in (0, 1):
        name = f"crops-{fold}"
        trained = ("--fold", fold, "--suffix", name, "--from-kernel", f"train-fold-{fold}")
        week.session(f"fold {fold} without dense", "train", *trained, *sets, *alone, "--set", steps)
        # Its recognizer is calibrated, and stands for that of the fold; the detectors are those of the folds.
        attached += ["--from-kernel", f"train-{name}"]
    week.session("ensemble without dense", "predict", "--suffix", "crops", *attached, *predict, *alone)


def join_competitions(train: Path, test: Path, out: Path) -> None:
    """The train pages of one synthetic competition and the test pages of another, which other fonts wrote.

    Args:
        train: gives train.csv, train_images and the translation.
        test: gives test_images, sample_submission.csv and truth.csv.
        out: the folder to make.
    """
    out.mkdir(parents=True)
    for source, name, target in (
        (train, "train_images", "train_images"),
        (train, "train.csv", "train.csv"),
        (train, "unicode_translation.csv", "unicode_translation.csv"),
        (test, "test_images", "test_images"),
        (test, "sample_submission.csv", "sample_submission.csv"),
        (test, "test_truth.csv", "truth.csv"),
    ):
        (out / target).symlink_to((source / name).resolve())


def _mount_competition(data: Path, place: Path) -> None:
    place.mkdir(parents=True)
    for name in ("train.csv", "sample_submission.csv", "unicode_translation.csv", "train_images", "test_images"):
        (place / name).symlink_to((data / name).resolve())
