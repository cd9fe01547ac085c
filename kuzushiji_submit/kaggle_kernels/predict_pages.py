"""Reads the test pages in several processes, one a GPU, and writes submission and report."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.sample import read_sample_ids
from kuzushiji_submit.competition.submission import settings_path, write_settings, write_submission
from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.kaggle_kernels.commands import Command, Outcome, run_command
from kuzushiji_submit.kaggle_kernels.outputs import SUBMISSION
from kuzushiji_submit.kaggle_kernels.reading_arguments import reading_arguments
from kuzushiji_submit.kaggle_kernels.session import Session, Status
from kuzushiji_submit.reading.journal import finished_pages, journal_path

SHARDS = "shards"
_BATCH_PAGES = 4


@dataclass(frozen=True)
class Readers:
    """The files to read with.

    Attributes:
        recognizers: weights, one at least; the scores of several are averaged.
        detectors: weights whose maps are averaged; without any the ink detector finds the characters.
        prior: the text prior, or None.
        second_level: decides what is worth a row; None for the threshold alone.
        min_score: the threshold; None for that in the weights, or the second level's.
        dense: weights of dense readers that join the recognizers.
        column: the column model, or None.
    """

    recognizers: tuple[Path, ...]
    detectors: tuple[Path, ...] = ()
    prior: Path | None = None
    second_level: Path | None = None
    min_score: float | None = None
    dense: tuple[Path, ...] = ()
    column: Path | None = None

    def files(self) -> dict[str, tuple[Path, ...]]:
        """All files by what they are."""
        return {
            "recognizers": self.recognizers,
            "dense": self.dense,
            "detectors": self.detectors,
            "prior": (self.prior,) if self.prior else (),
            "column": (self.column,) if self.column else (),
            "second_level": (self.second_level,) if self.second_level else (),
        }

    def arguments(self) -> list[str]:
        """The options of `kuzushiji predict` for them."""
        return [
            *map(str, reading_arguments((*self.recognizers, *self.dense), self.detectors, self.prior, self.column)),
            *(("--second-level", str(self.second_level)) if self.second_level else ()),
            *(("--set", f"min_score={self.min_score!r}") if self.min_score is not None else ()),
        ]


def predict_pages(
    session: Session, data: DataFolder, readers: Readers, arguments: Sequence[str] = ()
) -> tuple[Status, str]:
    """Reads the test pages in the time that is left and writes submission.csv, characters.jsonl and report/.

    Shards that an earlier run read with the same files and arguments are taken over.

    Args:
        session: of the run.
        data: the competition's files.
        readers: what to read with.
        arguments: further ones of `kuzushiji predict`.

    Returns:
        how reading ended, and a line about it; joining and the report are steps of their own on record.
    """
    reader = _Reader(session, data, readers, arguments)
    session.note(prediction_key=reader.key)
    outcome = reader.read()
    if session.step("merge", reader.merge) != "failed" and session.settings.report_pages:
        session.step("report", reader.report)
    return outcome


class _Reader:
    def __init__(self, session: Session, data: DataFolder, readers: Readers, arguments: Sequence[str]) -> None:
        self.session, self.data, self.readers, self.further = session, data, readers, arguments
        self.folder = session.roots.working / SHARDS
        self.submission = session.roots.working / SUBMISSION
        self.characters = session.roots.working / "characters.jsonl"
        self.count = session.settings.shards
        self.key = _key(readers, [*arguments, str(self.count)])

    def read(self) -> tuple[Status, str]:
        """All shards at once; one that breaks is tried once more, and what it has read is kept in any case."""
        self._take_over()
        shards = [shard for shard in range(1, self.count + 1) if not self._is_complete(shard)]
        for shard in shards:
            # The journal holds all that an unfinished submission holds.
            self._csv(shard).unlink(missing_ok=True)
        journals = {shard: self._journal_bytes(shard) for shard in shards}
        outcomes = self._run(dict.fromkeys(shards, "--resume"))
        broken = [shard for shard in shards if not self._csv(shard).is_file()]
        if broken:
            self.session.say(f"shard {', '.join(map(str, broken))} broke off and is tried once more")
            # A journal to which nothing was added may be one of other settings, with which no run can go on.
            modes = {
                shard: "--restart" if self._journal_bytes(shard) == journals[shard] else "--resume" for shard in broken
            }
            outcomes |= self._run(modes)
        lost = [shard for shard in broken if not self._csv(shard).is_file()]
        for shard in lost:
            self._salvage(shard)
        partial = {shard: outcome.message for shard, outcome in outcomes.items() if outcome.code}
        message = "; ".join(f"shard {shard}: {line}" for shard, line in partial.items())
        if len(lost) == self.count:
            return "failed", message
        return ("partial" if partial else "done"), message

    def merge(self) -> tuple[Status, str]:
        """One submission of all shards, checked as Kaggle would."""
        shards = range(1, self.count + 1)
        sample = ("--sample", self.data.sample_csv)
        self._check(self._command("merge", ["merge", *map(self._csv, shards), *sample, "--out", self.submission]))
        with self.characters.open("wb") as whole:
            for shard in shards:
                if self._characters(shard).is_file():
                    whole.write(self._characters(shard).read_bytes())
        self._check(self._command("validate", ["validate", self.submission, *sample]))
        return "done", ""

    def report(self) -> tuple[Status, str]:
        """The first pages as HTML."""
        outcome = self._command(
            "report",
            [
                *("report", "--images", self.data.test_images, "--submission", self.submission),
                *("--characters", self.characters, "--max-pages", self.session.settings.report_pages),
                *(("--translation", self.data.translation_csv) if self.data.translation_csv.is_file() else ()),
                *("--out", self.session.roots.working / "report"),
            ],
        )
        # It is complete even where a page's image could not be read.
        return ("done" if outcome.code == 0 else "partial"), outcome.message if outcome.code else ""

    def _run(self, modes: Mapping[int, str]) -> dict[int, Outcome]:
        """Shards with the way in which each is begun."""
        seconds = self.session.remaining
        running = {
            shard: Command(
                f"predict {shard}/{self.count}",
                [*self._arguments(shard, seconds), mode, *self.further],
                self.session.log(f"predict-{shard}"),
                environment=self._device(shard),
            )
            for shard, mode in modes.items()
        }
        try:
            return {shard: command.wait(seconds + self.session.grace) for shard, command in running.items()}
        finally:
            for command in running.values():
                command.end()

    def _arguments(self, shard: int, seconds: float) -> list[object]:
        workers = max(1, (os.cpu_count() or 1) // self.count)
        return [
            *("predict", "--images", self.data.test_images, "--sample", self.data.sample_csv),
            *("--out", self._csv(shard), "--characters", self._characters(shard), "--shard", f"{shard}/{self.count}"),
            *("--time-budget", f"{seconds:.0f}s", "--workers", workers, "--batch-pages", _BATCH_PAGES),
            *self.readers.arguments(),
        ]

    def _device(self, shard: int) -> dict[str, str]:
        gpus = self.session.gpus
        return {"CUDA_VISIBLE_DEVICES": str((shard - 1) % gpus)} if gpus else {}

    def _take_over(self) -> None:
        earlier = self.session.earlier
        self.folder.mkdir(parents=True, exist_ok=True)
        if earlier is None or not (earlier[0] / SHARDS).is_dir():
            return
        if earlier[1].get("prediction_key") != self.key:
            self.session.say(f"{earlier[0]}: read with other weights or settings: beginning anew")
            shutil.rmtree(self.folder)
            self.folder.mkdir()
        elif earlier[0] / SHARDS != self.folder:
            shutil.copytree(earlier[0] / SHARDS, self.folder, dirs_exist_ok=True)
            self.session.say(f"going on from {earlier[0]}")

    def _is_complete(self, shard: int) -> bool:
        """Whether an earlier run read every page of it."""
        try:
            outcome = json.loads(settings_path(self._csv(shard)).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return self._csv(shard).is_file() and not outcome.get("unread") and not outcome.get("failures")

    def _salvage(self, shard: int) -> None:
        """What the journal of a shard holds becomes its submission, empty rows where it holds nothing."""
        csv = self._csv(shard)
        ids = read_sample_ids(self.data.sample_csv)[shard - 1 :: self.count]
        points = {}
        if journal_path(csv).is_file():
            points = {page.image_id: page.to_points() for page in finished_pages(journal_path(csv))}
        write_submission(csv, ids, points)
        write_settings(csv, {"unread": len(ids) - len(points)})

    def _journal_bytes(self, shard: int) -> int:
        path = journal_path(self._csv(shard))
        return path.stat().st_size if path.is_file() else 0

    def _csv(self, shard: int) -> Path:
        return self.folder / f"{shard}.csv"

    def _characters(self, shard: int) -> Path:
        return self.folder / f"{shard}.characters.jsonl"

    def _command(self, name: str, arguments: Sequence[object]) -> Outcome:
        return run_command(name, arguments, self.session.log(name), limit=self.session.remaining + self.session.grace)

    def _check(self, outcome: Outcome) -> None:
        if outcome.code:
            raise KernelError(outcome.message)


def _key(readers: Readers, arguments: Sequence[str]) -> str:
    """Stands for what a prediction depends on."""
    digest = hashlib.sha256(json.dumps([*arguments, repr(readers.min_score)]).encode())
    for name, paths in readers.files().items():
        digest.update(name.encode())
        for path in paths:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
