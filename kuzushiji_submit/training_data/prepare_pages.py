"""Training pages of the score map, prepared from the annotated pages of a data folder."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from detection.training.page_store import EXACT, ROUGH, PageStore
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.errors import CompetitionFileError, PageReadError
from kuzushiji_submit.core.page.read import read_page

logger = logging.getLogger(__name__)

ROUGH_CSV = "train_rough.csv"
"""Beside train.csv, where there is one: characters of its pages whose boxes are only roughly right, same format."""


@dataclass(frozen=True, eq=False)
class PageJob:
    """One page to prepare: picklable, because pages are prepared in several processes."""

    path: Path
    store: Path
    image_id: str
    boxes: NDArray[np.float32]
    kinds: NDArray[np.uint8]


def prepare_pages(data: DataFolder, store: Path, *, workers: int = 1) -> PageStore:
    """Levels and scales every annotated page of a data folder, resumably, with a progress bar.

    Pages that cannot be read and pages without an image are named and left out.

    Args:
        data: the data folder; `train_rough.csv` in it adds roughly placed characters.
        store: folder of the prepared pages, new or unfinished.
        workers: processes.

    Raises:
        CompetitionFileError: if train.csv cannot be read or no page of it has an image.
        OutputError: if the folder cannot be written.
    """
    pages = PageStore(store)
    jobs = [job for job in _jobs(data, store) if job.image_id not in pages]
    for failed in tqdm(_prepare_all(jobs, workers), "prepare pages", len(jobs), unit="page", disable=not jobs):
        if failed is not None:
            logger.warning("%s: left out", failed)
    return pages


def _jobs(data: DataFolder, store: Path) -> list[PageJob]:
    truth = read_repaired_truth(data.train_csv)
    rough_csv = data.root / ROUGH_CSV
    rough = {page.image_id: page for page in read_repaired_truth(rough_csv)} if rough_csv.is_file() else {}
    images = list_images(data.train_images)
    present = [page for page in truth if page.image_id in images]
    if not present:
        raise CompetitionFileError(f"{data.train_images}: no image of any page in {data.train_csv.name}: fetch them")
    if len(present) < len(truth):
        logger.warning("%s: %d pages without image are left out", data.train_csv, len(truth) - len(present))
    nothing = PageTruth("", (), np.zeros((0, 4), np.float32))
    return [_job(images[page.image_id], store, page, rough.get(page.image_id, nothing)) for page in present]


def _job(path: Path, store: Path, exact: PageTruth, rough: PageTruth) -> PageJob:
    kinds = np.repeat(np.array([EXACT, ROUGH], np.uint8), [len(exact), len(rough)])
    return PageJob(path, store, exact.image_id, np.concatenate([exact.boxes, rough.boxes]), kinds)


def _prepare_all(jobs: Sequence[PageJob], workers: int) -> Iterator[str | None]:
    if workers <= 1 or len(jobs) < 2:
        yield from map(prepare_page, jobs)
        return
    # Forking a process in which torch has threads can hang it.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(prepare_page, jobs, chunksize=4)


def prepare_page(job: PageJob) -> str | None:
    """Prepares one page; the reason if it cannot be read, else None."""
    try:
        page = read_page(job.path)
    except PageReadError as error:
        return str(error)
    PageStore(job.store).add(job.image_id, book_of(job.image_id), page, job.boxes, job.kinds)
    return None
