"""Pages read for the second level: everything that was detected, finished pages kept in a journal a reader."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kuzushiji_submit.calibration.second_level import Candidates, candidates_of
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.engine import Failure, attempt
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.progress import progress
from kuzushiji_submit.reading.journal import Journal, forget, journal_path
from kuzushiji_submit.reading.pipeline import Pipeline

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Task:
    """Pages that one reader is to read.

    Attributes:
        pages: images and complete truth.
        pipeline: reads them; its `min_score` is not used.
        made_by: all that the readings depend on beside the pages, as JSON values.
        measured: whether they count where the second level is measured; if not, they only teach it.
    """

    pages: Sequence[tuple[PageFile, PageTruth]]
    pipeline: Pipeline
    made_by: Mapping[str, Any]
    measured: bool = True


def read_candidates(out: Path, tasks: Iterable[Task], *, resume: bool) -> list[Candidates]:
    """The candidates of all pages; pages that cannot be read are left out with a warning.

    Args:
        out: the file that will be made of them; the journals lie beside it.
        tasks: one a reader; a reader is asked for when the one before it is done.
        resume: whether to go on with a run that is there.

    Raises:
        OutputError: if a journal cannot be written, or is there and not to be resumed, or of another run.
    """
    found: list[Candidates] = []
    for number, task in enumerate(tasks):
        charset = task.pipeline.recognizer.charset
        with Journal(_journal(out, number), dict(task.made_by), charset, resume=resume) as journal:
            found += (page if task.measured else replace(page, truths=0) for page in _read(task, journal))
    return found


def forget_candidates(out: Path, tasks: int) -> None:
    """Deletes the journals of so many tasks.

    Raises:
        OutputError: if one cannot be deleted.
    """
    for number in range(tasks):
        forget(_reading(out, number))


def _journal(out: Path, number: int) -> Path:
    return journal_path(_reading(out, number))


def _reading(out: Path, number: int) -> Path:
    return out.with_name(f"{out.stem}-{number + 1}{out.suffix}")


def _read(task: Task, journal: Journal) -> Iterator[Candidates]:
    reader = task.pipeline.with_min_score(0.0)
    for page in progress(task.pages, "read"):
        _, truth = page
        if truth.image_id not in journal:
            read = attempt(lambda page: next(reader.read([(page[1].image_id, read_page(page[0]))])), page)
            if isinstance(read, Failure):
                logger.warning("%s: left out", read.error)
                continue
            journal.add(read)
        yield candidates_of(journal[truth.image_id], truth)
