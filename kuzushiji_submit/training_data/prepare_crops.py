"""Training crops cut from the annotated pages of a data folder."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.problems import Problem, count_by_kind
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.boxes import centers_inside, overlaps
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CompetitionFileError, PageReadError
from kuzushiji_submit.core.page.ink import InkConfig, ink_map
from kuzushiji_submit.core.page.read import read_page
from recognition.crops import CropConfig, Crops, crop_boxes
from recognition.training.crop_store import NO_CHARACTER
from recognition.training.crop_store_writer import CropStoreWriter

logger = logging.getLogger(__name__)

PageDetector = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""A page uint8 (H, W, 3) RGB in, boxes float32 (N, 4) xyxy out. It is sent to other processes, so it must pickle."""

# A detected box that shares less than this with every character is a false alarm (intersection over union).
LEAST_OVERLAP = 0.2


@dataclass(frozen=True)
class CropJob:
    """One page to cut: picklable, because pages are cut in several processes."""

    path: Path
    truth: PageTruth
    class_ids: NDArray[np.int64]
    ink: InkConfig
    crop: CropConfig
    detector: PageDetector | None = None


@dataclass(frozen=True, eq=False)
class CutPage:
    """What cutting a page gave.

    Attributes:
        image_id: the page.
        crops: its N crops, those of false alarms last.
        class_ids: int64 (N,), NO_CHARACTER for false alarms.
        dropped: how many boxes were left out, by reason.
        error: why the page could not be read, or None.
    """

    image_id: str
    crops: Crops
    class_ids: NDArray[np.int64]
    dropped: Counter[str]
    error: str | None = None


def prepare_crops(
    data: DataFolder,
    store: Path,
    charset: Charset,
    crop: CropConfig,
    ink: InkConfig,
    *,
    detector: PageDetector | None = None,
    workers: int = 1,
) -> Counter[str]:
    """Cuts every annotated box of a data folder into a crop store, resumably, with a progress bar.

    Left out and counted: boxes without area, boxes outside the page, characters the charset lacks, pages without image.

    Args:
        data: the data folder.
        store: folder of the crop store, new or unfinished.
        charset: gives the class ids.
        crop: how crops are cut.
        ink: settings of the ink map they are cut from.
        detector: finds boxes on every page; those that hit no character are cut too, as what is not a character. Only
            for folders whose truth is complete. Its `repr` is kept, to know crops of other settings.
        workers: processes.

    Returns:
        how often each thing was left out.

    Raises:
        CompetitionFileError: if train.csv cannot be read or no page of it has an image.
        CropStoreError: if the store belongs to other settings.
    """
    problems: list[Problem] = []
    truth = read_repaired_truth(data.train_csv, problems)
    left_out: Counter[str] = Counter(count_by_kind(problems))
    images = list_images(data.train_images)
    if not any(page.image_id in images for page in truth):
        raise CompetitionFileError(f"{data.train_images}: no image of any page in {data.train_csv.name}: fetch them")
    negatives = "" if detector is None else f"false alarms of {detector!r}"
    with CropStoreWriter(store, charset, crop, negatives=negatives, source=str(data.root)) as writer:
        jobs = []
        for page in truth:
            if page.image_id not in images:
                left_out["pages without image"] += 1
            elif not writer.has_page(page.image_id):
                class_ids = np.array(charset.class_ids(page.codepoints), np.int64)
                jobs.append(CropJob(images[page.image_id], page, class_ids, ink, crop, detector))
        for cut in tqdm(_cut_all(jobs, workers), "cut crops", len(jobs), unit="page"):
            left_out.update(cut.dropped)
            if cut.error is not None:
                left_out["unreadable pages"] += 1
                logger.warning("%s", cut.error)
            else:
                writer.add_page(cut.image_id, book_of(cut.image_id), cut.crops, cut.class_ids)
    for what, count in left_out.items():
        logger.info("left out or noted: %d %s", count, what)
    return left_out


def _cut_all(jobs: Sequence[CropJob], workers: int) -> Iterator[CutPage]:
    if workers <= 1:
        yield from map(cut_page, jobs)
        return
    # Forking a process in which torch has threads can hang it.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(cut_page, jobs, chunksize=4)


def cut_page(job: CropJob) -> CutPage:
    """Cuts the boxes of one page."""
    nothing = Crops.empty(job.crop.size), np.zeros(0, np.int64)
    try:
        page = read_page(job.path)
    except PageReadError as error:
        return CutPage(job.truth.image_id, *nothing, Counter(), str(error))
    without_area = job.truth.without_area
    outside = ~without_area & job.truth.outside((page.shape[0], page.shape[1]))
    unknown = ~without_area & ~outside & (job.class_ids < 0)
    dropped = Counter(
        {
            name: int(mask.sum())
            for name, mask in (
                ("boxes without area", without_area),
                ("boxes outside the page", outside),
                ("characters the charset lacks", unknown),
            )
            if mask.any()
        }
    )
    kept = ~(without_area | outside | unknown)
    negatives = _false_alarms(job, page)
    if not kept.any() and not len(negatives):
        return CutPage(job.truth.image_id, *nothing, dropped)
    boxes = np.concatenate([job.truth.boxes[kept], negatives])
    class_ids = np.concatenate([job.class_ids[kept], np.full(len(negatives), NO_CHARACTER)])
    return CutPage(job.truth.image_id, crop_boxes(ink_map(page, job.ink), boxes, job.crop), class_ids, dropped)


def _false_alarms(job: CropJob, page: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Detected boxes that neither hit nor overlap a character of the page, float32 (N, 4) xyxy."""
    if job.detector is None:
        return np.zeros((0, 4), np.float32)
    found = job.detector(page)
    hits = centers_inside(found, job.truth.boxes) | (overlaps(found, job.truth.boxes) >= LEAST_OVERLAP)
    return found[~hits.any(axis=1)]
