"""A folder of pages in, a submission out: the run around the pipeline."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from kuzushiji_submit.competition.data_folder import find_images, left_out
from kuzushiji_submit.competition.missing_folder import explain_no_images
from kuzushiji_submit.competition.page_images import PageImages, name_other_forms
from kuzushiji_submit.competition.submission import PagePoints, settings_path, write_rows, write_settings
from kuzushiji_submit.core.errors import OutputError, PageReadError
from kuzushiji_submit.core.files import try_file, try_folder
from kuzushiji_submit.core.memory import limit_caches
from kuzushiji_submit.core.output_targets import STDOUT, is_file, leads_to_stdout
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.scratch import scratch_folder
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.reading.characters import write_characters
from kuzushiji_submit.reading.debug_sheets import DebugSheets
from kuzushiji_submit.reading.fill_journal import ReadsPages, fill_journal
from kuzushiji_submit.reading.journal import Journal, journal_path
from kuzushiji_submit.reading.page_reader import PageReader
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.pipeline import Pipeline
from kuzushiji_submit.reading.shards import ShardedReader, ShardReader

logger = logging.getLogger(__name__)

Engine = Literal["local", "processes", "ray"]
"""Where pages are read: in this process, in several on this machine, or as Ray's tasks on as many as it has."""

Exporter = Callable[[Iterator[tuple[int, PageReading]], Mapping[str, PageFile]], object]
"""Takes the number of each page, from 1, and what was read on it, one by one; and the pages' image files."""


@dataclass(frozen=True)
class PredictJob:
    """What to read and where to write it.

    Attributes:
        images: the pages: what `list_images` takes.
        out: the submission to write.
        sample_ids: rows of the submission in order; None for every image of the folder, in order of id.
        shard: (i, n) to read only every n-th page, from the i-th (counted from 1) on; where the pages of a book help
            each other every n-th window of them.
        characters: file for the JSON lines of every character, or None.
        debug: folder for one contact sheet of the detector's stages a page, or None.
        resume: True to go on with an unfinished run.
        batch_pages: pages recognized together, and so at most lost by a kill.
        engine: where pages are read.
        workers: threads that read pages and find characters ahead of the recognizer; of the other engines, shards that
            are read at once; None for one thread, and one shard on each processor.
        shard_pages: pages in a shard of the other engines, and so read anew if a worker is killed.
        time_budget: the run stops after the batch of pages in which it is used up, or None for no limit.
        export: writes the pages that were read in other formats once the submission is written, or None.
        split_spreads: whether the scan of an open book is two pages; not with `sample_ids`, which say what is a page.
    """

    images: Path
    out: Path
    sample_ids: Sequence[str] | None = None
    shard: tuple[int, int] = (1, 1)
    characters: Path | None = None
    debug: Path | None = None
    resume: bool = False
    batch_pages: int = 1
    engine: Engine = "local"
    workers: int | None = None
    shard_pages: int = 8
    time_budget: TimeBudget | None = None
    export: Exporter | None = None
    split_spreads: bool = False


@dataclass(frozen=True)
class PredictResult:
    """What a run wrote.

    Attributes:
        pages: rows of the submission.
        characters: points in it.
        failures: message by image_id of the pages that could not be read; their rows are empty.
        unread: pages that the time did not suffice for; their rows are empty.
    """

    pages: int
    characters: int
    failures: dict[str, str]
    unread: int = 0


def predict(
    job: PredictJob, pipeline: Pipeline, made_by: Mapping[str, Any], load: Callable[[], Pipeline] | None = None
) -> PredictResult:
    """Reads every page of a job and writes submission, settings and, if asked for, characters.

    Pages that cannot be read, or that the time does not suffice for, get an empty row; the journal is then kept, so
    that a resumed run tries only those again. Only the pages in work are in memory: finished ones lie in the journal.

    Args:
        job: what to read and where to write it.
        pipeline: reads the pages.
        made_by: all that the readings depend on beside the pages, as JSON values; it goes into the settings file, and
            an unfinished run of other values is not gone on with.
        load: makes the same pipeline in another process; for engines other than "local".

    Raises:
        KuzushijiError: if the images cannot be listed or a file cannot be written; pages already read are kept in the
            journal beside the submission.
    """
    try_targets(job)
    limit_caches()
    files, content = find_images(job.images, split_spreads=job.split_spreads)
    left = left_out(content)
    for line in left:
        logger.warning("%s: %s", job.images, line)
    ids = list(job.sample_ids) if job.sample_ids is not None else list(files)
    if not ids:
        raise PageReadError(f"{job.images}: {explain_no_images(job.images)}")
    index, count = job.shard
    images = name_other_forms(PageImages(ids, files, job.images))
    windows = pipeline.windows(ids)[index - 1 :: count]
    mine = {image_id for window in windows for image_id in window}
    ids = [image_id for image_id in ids if image_id in mine]
    reader = _reader(job, pipeline, images, load)
    settings = {**made_by, "shard": list(job.shard)}
    with (
        _place_of_journal(job) as place,
        Journal(place, settings, pipeline.recognizer.charset, resume=job.resume) as journal,
    ):
        todo = [image_id for image_id in ids if image_id not in journal]
        if len(todo) < len(ids):
            logger.info("resumed: %d of %d pages were read before", len(ids) - len(todo), len(ids))
        failures = fill_journal(reader, windows, journal, "predict")
        result = _write(job, ids, images, journal, settings, failures, left)
        if not failures and not result.unread:
            journal.remove()
    return result


def _reader(job: PredictJob, pipeline: Pipeline, images: PageImages, load: Callable[[], Pipeline] | None) -> ReadsPages:
    """What reads the pages of a job."""
    if job.engine == "local":
        sheets = DebugSheets(pipeline.detector, job.debug) if job.debug is not None else None
        return PageReader(pipeline, images, sheets, job.batch_pages, job.workers or 1, job.time_budget)
    if load is None:
        raise ValueError(f"the engine {job.engine} needs a function that loads the pipeline in its processes")
    reader = ShardReader(load, job.debug, job.batch_pages)
    return ShardedReader(
        reader, images, job.engine, job.shard_pages, job.workers, job.time_budget, windows=pipeline.windows
    )


def try_targets(job: PredictJob) -> None:
    """Finds out whether everything that a job writes can be written, before the first page is read.

    Raises:
        OutputError: if one cannot, or two are the same file.
    """
    files = {"--out": job.out}
    if is_file(job.out):
        files |= {
            "the settings beside --out": settings_path(job.out),
            "the journal beside --out": journal_path(job.out),
        }
    elif job.resume:
        raise OutputError(
            f"--out {job.out}: leaves no unfinished run to go on with: name a file, or leave --resume out"
        )
    if job.characters is not None:
        files["--characters"] = job.characters
    seen: dict[Path, str] = {}
    for option, path in files.items():
        try_file(path, option, "characters.jsonl" if option == "--characters" else "submission.csv")
        if not is_file(path) and not leads_to_stdout(path):
            continue  # two outputs may go to /dev/null
        other = seen.setdefault(STDOUT if leads_to_stdout(path) else path.resolve(), option)
        if other != option:
            raise OutputError(f"{option} {files[option]}: is also {other}: name another file")
    if job.debug is not None:
        try_folder(job.debug, "--debug")


@contextmanager
def _place_of_journal(job: PredictJob) -> Iterator[Path]:
    """Beside the submission, or where nothing can lie beside it (a pipe, a device), in a folder for this run alone."""
    if is_file(job.out):
        yield journal_path(job.out)
        return
    with scratch_folder("journal") as folder:
        yield folder / "journal.jsonl"


def _write(
    job: PredictJob,
    ids: Sequence[str],
    images: PageImages,
    journal: Journal,
    settings: Mapping[str, Any],
    failures: dict[str, str],
    left: Sequence[str],
) -> PredictResult:
    """Writes what the journal holds, a page at a time."""
    characters = 0
    notes: dict[str, list[str]] = {}
    views: dict[str, dict[str, Any]] = {}

    def rows() -> Iterator[tuple[str, PagePoints | None]]:
        nonlocal characters
        for image_id in ids:
            reading = journal.get(image_id)
            points = None if reading is None else reading.to_points()
            if reading is not None and reading.notes:
                notes[image_id] = list(reading.notes)
            if reading is not None and not reading.view.is_plain:
                views[image_id] = asdict(reading.view)
            characters += len(points or ())
            yield image_id, points

    write_rows(job.out, rows())
    if job.characters is not None:
        write_characters(job.characters, (journal[image_id] for image_id in ids if image_id in journal))
    if job.export is not None:
        readings = ((number, journal[image_id]) for number, image_id in enumerate(ids, 1) if image_id in journal)
        job.export(readings, images)
    unread = sum(image_id not in journal and image_id not in failures for image_id in ids)
    outcome = {"images": str(job.images), "pages": len(ids), "failures": failures, "unread": unread}
    if is_file(job.out):
        write_settings(job.out, {**settings, **outcome, "left_out": list(left), "notes": notes, "views": views})
    return PredictResult(len(ids), characters, failures, unread)
