"""Training crops cut from the annotated pages of a data folder."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.page_images import read_annotated_pages
from kuzushiji_submit.competition.problems import Problem, count_by_kind
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.boxes import centers_inside, overlaps
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.engine import Failure, map_pages
from kuzushiji_submit.core.errors import CompetitionFileError, CropStoreError
from kuzushiji_submit.core.page.fingerprint import PageFingerprint, truth_digest
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.prepared import PreparedPage, prepare_page
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.reading.order import read_order
from kuzushiji_submit.training_data.stored_pages import describe_changes
from recognition.crops import CropConfig, crop_boxes
from recognition.training.crop_store import NO_CHARACTER, NO_PLACE
from recognition.training.crop_store_writer import CropStoreWriter, PageCrops

logger = logging.getLogger(__name__)

PageDetector = Callable[[PreparedPage], NDArray[np.float32]]
"""A page in, boxes float32 (N, 4) xyxy out. It is sent to other processes, so it must pickle."""

# A detected box that shares less than this with every character is a false alarm (intersection over union).
MINIMUM_OVERLAP = 0.2


@dataclass(frozen=True)
class CropJob:
    """One page to cut: picklable, because pages are cut in several processes."""

    file: PageFile
    truth: PageTruth
    class_ids: NDArray[np.int64]
    ink: InkConfig
    crop: CropConfig
    detector: PageDetector | None = None


@dataclass(frozen=True, eq=False)
class CutPage:
    """What cutting a page gave.

    Attributes:
        crops: its N crops, those of false alarms last.
        size_hw: the page's height and width in pixels.
        fingerprint: of its image and its truth.
        dropped: how many boxes were left out, by reason.
    """

    crops: PageCrops
    size_hw: tuple[int, int]
    fingerprint: PageFingerprint
    dropped: Counter[str]


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
        ink: the ink they are cut from.
        detector: finds boxes on every page; those that hit no character are cut too, as what is not a character. Only
            for folders whose truth is complete. Its `repr` is kept, to know crops of other settings.
        workers: processes.

    Returns:
        how often each thing was left out.

    Raises:
        CompetitionFileError: if train.csv cannot be read or no page of it has an image.
        CropStoreError: if the store belongs to other settings, or pages in it or their truth have changed.
    """
    problems: list[Problem] = []
    truth, images = read_annotated_pages(data, problems)
    left_out: Counter[str] = Counter(count_by_kind(problems))
    if not images:
        raise CompetitionFileError(f"{data.train_images}: no image of any page in {data.train_csv.name}: fetch them")
    negatives = "" if detector is None else f"false alarms of {detector!r}"
    writer = CropStoreWriter(store, charset, crop, ink, negatives=negatives, source=str(data.root))
    _check_unchanged(writer, truth, images)
    jobs = []
    for page in truth:
        if page.image_id in images and page.image_id not in writer.pages:
            class_ids = np.array(charset.class_ids(page.codepoints), np.int64)
            jobs.append(CropJob(images[page.image_id], page, class_ids, ink, crop, detector))
    left_out["pages without image"] += sum(page.image_id not in images for page in truth)
    with writer:
        progress = "cut crops" if jobs else None
        for job, cut in zip(jobs, map_pages(cut_page, jobs, workers, progress=progress), strict=True):
            if isinstance(cut, Failure):
                left_out["unreadable pages"] += 1
                logger.warning("%s: %s", job.truth.image_id, cut.error)
                continue
            left_out.update(cut.dropped)
            image_id = job.truth.image_id
            writer.add_page(image_id, book_of(image_id), cut.crops, cut.size_hw, cut.fingerprint)
    for what, count in (+left_out).items():
        logger.info("left out or noted: %d %s", count, what)
    return +left_out


def _check_unchanged(writer: CropStoreWriter, truth: Sequence[PageTruth], images: Mapping[str, PageFile]) -> None:
    changes = describe_changes(
        {page_id: page.fingerprint for page_id, page in writer.pages.items()},
        {page.image_id: _digest(page) for page in truth},
        images,
    )
    if changes:
        raise CropStoreError(
            f"{writer.folder}: pages have changed since their crops were cut: {changes}: remove the folder and cut "
            "again, or name another"
        )


def _digest(page: PageTruth) -> str:
    return truth_digest(page.codepoints, page.boxes)


def cut_page(job: CropJob) -> CutPage:
    """Cuts the boxes of one page.

    Raises:
        PageReadError: if the page cannot be read.
    """
    fingerprint = PageFingerprint.of(job.file.path, _digest(job.truth))
    pixels = read_page(job.file)
    size_hw = (pixels.shape[0], pixels.shape[1])
    without_area = job.truth.without_area
    outside = ~without_area & job.truth.outside(size_hw)
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
    if not kept.any() and job.detector is None:
        return CutPage(PageCrops.empty(job.crop.size), size_hw, fingerprint, dropped)
    page = prepare_page(pixels, job.ink)
    negatives = _false_alarms(job, page)
    boxes = np.concatenate([job.truth.boxes[kept], negatives])
    # Characters that the charset lacks are still read: without them, neighbors in the order would be none on the page.
    placed = ~(without_area | outside)
    places = np.full(len(kept), NO_PLACE, np.int64)
    places[np.flatnonzero(placed)[read_order(job.truth.boxes[placed]).order]] = np.arange(placed.sum())
    crops = PageCrops(
        crops=crop_boxes(page.ink, boxes, job.crop),
        class_ids=np.concatenate([job.class_ids[kept], np.full(len(negatives), NO_CHARACTER)]),
        boxes=boxes,
        order=np.concatenate([places[kept], np.full(len(negatives), NO_PLACE)]),
    )
    return CutPage(crops, size_hw, fingerprint, dropped)


def _false_alarms(job: CropJob, page: PreparedPage) -> NDArray[np.float32]:
    """Detected boxes that neither hit nor overlap a character of the page, float32 (N, 4) xyxy."""
    if job.detector is None:
        return np.zeros((0, 4), np.float32)
    found = job.detector(page)
    hits = centers_inside(found, job.truth.boxes) | (overlaps(found, job.truth.boxes) >= MINIMUM_OVERLAP)
    return found[~hits.any(axis=1)]
