"""Training pages of the score map, prepared from the annotated pages of a data folder."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detection.training.page_store import EXACT, ROUGH, PageStore
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.id_forms import match_ids
from kuzushiji_submit.competition.page_images import read_annotated_pages
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.engine import Failure, map_pages
from kuzushiji_submit.core.errors import CompetitionFileError, DetectionError
from kuzushiji_submit.core.page.fingerprint import PageFingerprint, truth_digest
from kuzushiji_submit.core.page.ink import DEFAULT_INK, InkConfig
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.training_data.stored_pages import describe_changes

logger = logging.getLogger(__name__)

ROUGH_CSV = "train_rough.csv"
"""Beside train.csv, where there is one: characters of its pages whose boxes are only roughly right, same format."""


@dataclass(frozen=True, eq=False)
class PageJob:
    """One page to prepare: picklable, because pages are prepared in several processes."""

    file: PageFile
    store: Path
    image_id: str
    boxes: NDArray[np.float32]
    kinds: NDArray[np.uint8]
    codepoints: tuple[str, ...]
    ink: InkConfig

    @property
    def digest(self) -> str:
        """Digits of what is annotated on the page."""
        return truth_digest(self.codepoints, self.boxes, self.kinds)


def prepare_pages(data: DataFolder, store: Path, ink: InkConfig = DEFAULT_INK, *, workers: int = 1) -> PageStore:
    """Levels and scales every annotated page of a data folder, resumably, with a progress bar.

    Pages that cannot be read and pages without an image are named and left out.

    Args:
        data: the data folder; `train_rough.csv` in it adds roughly placed characters.
        store: folder of the prepared pages, new or unfinished.
        ink: how pages become ink; it is kept with the pages.
        workers: processes.

    Raises:
        CompetitionFileError: if train.csv cannot be read or no page of it has an image.
        DetectionError: if the folder holds pages of another ink or of an earlier version, or pages in it or their truth
            have changed.
        OutputError: if the folder cannot be written.
    """
    pages = PageStore(store)
    pages.begin(ink)
    jobs, without_image = _jobs(data, store, ink)
    _check_unchanged(pages, jobs, without_image)
    jobs = [job for job in jobs if job.image_id not in pages]
    for failed in map_pages(store_page, jobs, workers, progress="prepare pages" if jobs else None):
        if isinstance(failed, Failure):
            logger.warning("%s: left out", failed.error)
    return pages


def _check_unchanged(pages: PageStore, jobs: Sequence[PageJob], without_image: Sequence[str]) -> None:
    changes = describe_changes(
        {page_id: pages.open(page_id).fingerprint for page_id in pages.page_ids()},
        {**dict.fromkeys(without_image, ""), **{job.image_id: job.digest for job in jobs}},
        {job.image_id: job.file for job in jobs},
    )
    if changes:
        raise DetectionError(
            f"{pages.folder}: pages have changed since they were prepared: {changes}: remove the folder and prepare "
            "them again, or name another"
        )


def _jobs(data: DataFolder, store: Path, ink: InkConfig) -> tuple[list[PageJob], list[str]]:
    """A job for every annotated page with an image, and the ids of those without."""
    truth, images = read_annotated_pages(data)
    rough_csv = data.root / ROUGH_CSV
    rough_truth = read_repaired_truth(rough_csv) if rough_csv.is_file() else []
    same = match_ids((page.image_id for page in rough_truth), (page.image_id for page in truth)).found
    rough = {same[page.image_id]: page for page in rough_truth if page.image_id in same}
    present = [page for page in truth if page.image_id in images]
    if not present:
        raise CompetitionFileError(f"{data.train_images}: no image of any page in {data.train_csv.name}: fetch them")
    without_image = [page.image_id for page in truth if page.image_id not in images]
    if without_image:
        logger.warning("%s: %d pages without image are left out", data.train_csv, len(without_image))
    nothing = PageTruth("", (), np.zeros((0, 4), np.float32))
    jobs = [_job(images[page.image_id], store, ink, page, rough.get(page.image_id, nothing)) for page in present]
    return jobs, without_image


def _job(file: PageFile, store: Path, ink: InkConfig, exact: PageTruth, rough: PageTruth) -> PageJob:
    kinds = np.repeat(np.array([EXACT, ROUGH], np.uint8), [len(exact), len(rough)])
    boxes, codepoints = np.concatenate([exact.boxes, rough.boxes]), exact.codepoints + rough.codepoints
    return PageJob(file, store, exact.image_id, boxes, kinds, codepoints, ink)


def store_page(job: PageJob) -> None:
    """Prepares one page and writes it.

    Raises:
        PageReadError: if it cannot be read.
    """
    fingerprint = PageFingerprint.of(job.file.path, job.digest)
    page = prepare_page(read_page(job.file), job.ink)
    store, book = PageStore(job.store), book_of(job.image_id)
    store.add(job.image_id, book, page, job.boxes, job.kinds, fingerprint, job.codepoints)
