"""A folder of pages in, a submission out: the run around the pipeline."""

import hashlib
import logging
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from detection.errors import DetectionError
from kuzushiji_submit import __version__
from kuzushiji_submit.characters import PageCharacters, write_characters
from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.config import to_dict
from kuzushiji_submit.debug_sheets import write_debug_sheet
from kuzushiji_submit.errors import KuzushijiError, OutputError, PageReadError
from kuzushiji_submit.journal import Journal, journal_path
from kuzushiji_submit.pages import read_page
from kuzushiji_submit.pipeline import DetectedPage, Pipeline
from kuzushiji_submit.submission import write_settings, write_submission
from kuzushiji_submit.time_budget import TimeBudget

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PredictJob:
    """What to read and where to write it.

    Attributes:
        images: folder of page images.
        out: the submission to write.
        sample_ids: rows of the submission in order; None for every image of the folder, in order of id.
        shard: (i, n) to read only every n-th page, from the i-th (counted from 1) on.
        characters: file for the JSON lines of every character, or None.
        debug: folder for one contact sheet of the detector's stages a page, or None.
        resume: True to go on with an unfinished run.
        batch_pages: pages recognized together, and so at most lost by a kill.
        workers: threads that read pages and find characters ahead of the recognizer.
        time_budget: the run stops after the batch of pages in which it is used up, or None for no limit.
    """

    images: Path
    out: Path
    sample_ids: Sequence[str] | None = None
    shard: tuple[int, int] = (1, 1)
    characters: Path | None = None
    debug: Path | None = None
    resume: bool = False
    batch_pages: int = 1
    workers: int = 1
    time_budget: TimeBudget | None = None


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


@dataclass(frozen=True)
class _Failure:
    image_id: str
    message: str


def predict(
    job: PredictJob,
    pipeline: Pipeline,
    weights: Path,
    detector_weights: Path | None = None,
    prior: Path | None = None,
) -> PredictResult:
    """Reads every page of a job and writes submission, settings and, if asked for, characters.

    Pages that cannot be read, or that the time does not suffice for, get an empty row; the journal is then kept, so
    that a resumed run tries only those again.

    Args:
        job: what to read and where to write it.
        pipeline: reads the pages.
        weights: the recognizer's weights file, whose fingerprint goes into the settings.
        detector_weights: the same of the detector, where it has one.
        prior: the same of the text prior, where one is used.

    Raises:
        KuzushijiError: if the images cannot be listed or a file cannot be written; pages already read are kept in the
            journal beside the submission.
    """
    images = list_images(job.images)
    ids = list(job.sample_ids) if job.sample_ids is not None else list(images)
    if not ids:
        raise PageReadError(f"{job.images}: holds no page image (.jpg, .jpeg, .png): name the folder of the pages")
    index, count = job.shard
    ids = ids[index - 1 :: count]
    settings = _settings(job, pipeline, weights, detector_weights, prior)
    failures: dict[str, str] = {}
    with Journal(journal_path(job.out), settings, resume=job.resume) as journal:
        todo = [image_id for image_id in ids if image_id not in journal.pages]
        if len(todo) < len(ids):
            logger.info("resumed: %d of %d pages were read before", len(ids) - len(todo), len(ids))
        with tqdm(total=len(ids), initial=len(ids) - len(todo), unit="page", desc="predict") as bar:
            for done in _read(todo, images, job, pipeline):
                if isinstance(done, _Failure):
                    failures[done.image_id] = done.message
                    tqdm.write(f"{done.image_id}: {done.message}", file=sys.stderr)
                else:
                    journal.add(done)
                bar.update()
        result = _write(job, ids, journal.pages, settings, failures)
        if not failures and not result.unread:
            journal.remove()
    return result


def _settings(
    job: PredictJob, pipeline: Pipeline, weights: Path, detector_weights: Path | None, prior: Path | None
) -> dict[str, Any]:
    return {
        "version": __version__,
        "pipeline": to_dict(pipeline.config),
        "recognizer_weights": _fingerprint(weights),
        "detector_weights": _fingerprint(detector_weights) if detector_weights else None,
        "text_prior": _fingerprint(prior) if prior else None,
        "shard": list(job.shard),
    }


def _fingerprint(weights: Path) -> dict[str, str]:
    return {"file": weights.name, "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}


def _read(
    todo: Sequence[str], images: dict[str, Path], job: PredictJob, pipeline: Pipeline
) -> Iterator[PageCharacters | _Failure]:
    """Reads pages in order: detection runs ahead in threads, recognition takes `batch_pages` pages at once."""
    waiting: list[DetectedPage] = []
    for found in _detect_ahead(todo, images, job, pipeline):
        if isinstance(found, _Failure):
            yield found
            continue
        waiting.append(found)
        if len(waiting) >= job.batch_pages:
            yield from pipeline.recognize(waiting)
            waiting = []
            if job.time_budget is not None and job.time_budget.used_up:
                return
    yield from pipeline.recognize(waiting)


def _detect_ahead(
    todo: Sequence[str], images: dict[str, Path], job: PredictJob, pipeline: Pipeline
) -> Iterator[DetectedPage | _Failure]:
    queue: deque[Future[DetectedPage | _Failure]] = deque()
    with ThreadPoolExecutor(job.workers) as pool:
        try:
            for image_id in todo:
                queue.append(pool.submit(_detect, image_id, images.get(image_id), job, pipeline))
                # One page more than there are threads keeps them busy and bounds the memory.
                if len(queue) > job.workers:
                    yield queue.popleft().result()
            while queue:
                yield queue.popleft().result()
        finally:
            for future in queue:
                future.cancel()


def _detect(image_id: str, path: Path | None, job: PredictJob, pipeline: Pipeline) -> DetectedPage | _Failure:
    if path is None:
        return _Failure(image_id, f"no image in {job.images}: fetch it")
    try:
        stages = pipeline.explain(read_page(path))
        if job.debug is not None:
            write_debug_sheet(job.debug, image_id, stages)
        return pipeline.cut(image_id, stages)
    except OutputError:
        raise
    except (KuzushijiError, DetectionError) as error:
        return _Failure(image_id, str(error))
    except Exception as error:
        # One page that nobody foresaw must not cost the thousands after it; the traceback is in the debug log.
        logger.debug("%s", image_id, exc_info=True)
        return _Failure(image_id, f"{path}: cannot be read ({type(error).__name__}: {error}): report this page")


def _write(
    job: PredictJob,
    ids: Sequence[str],
    pages: dict[str, PageCharacters],
    settings: dict[str, Any],
    failures: dict[str, str],
) -> PredictResult:
    points = {image_id: pages[image_id].to_points() for image_id in ids if image_id in pages}
    write_submission(job.out, ids, points)
    if job.characters is not None:
        write_characters(job.characters, (pages[image_id] for image_id in ids if image_id in pages))
    unread = sum(image_id not in pages and image_id not in failures for image_id in ids)
    outcome = {"images": str(job.images), "pages": len(ids), "failures": failures, "unread": unread}
    write_settings(job.out, {**settings, **outcome})
    return PredictResult(len(ids), sum(map(len, points.values())), failures, unread)
