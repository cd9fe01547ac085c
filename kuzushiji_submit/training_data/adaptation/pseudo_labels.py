"""Readings that are sure enough to be trained on: soft, weighted labels and their crops.

```
    PageReading ── scores >= least_score ──▶ crops of these boxes
        │ top-k readings after the text prior, and their scores
        └──▶ shares: each reading's part of the scores, times the joint score of box and best reading
```
"""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.core.engine import Failure, attempt
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.progress import progress
from kuzushiji_submit.core.signals import raise_if_stopped
from kuzushiji_submit.reading.page_reading import PageReading
from recognition.crops import crop_page
from recognition.scoring_recognizer import ScoringRecognizer
from recognition.training.crop_store import CropStore
from recognition.training.crop_store_writer import CropStoreWriter, PageCrops
from recognition.training.soft_labels import SoftLabels

logger = logging.getLogger(__name__)


def sure_readings(reading: PageReading, least_score: float) -> PageReading:
    """The characters of a page that become labels."""
    has_area = (reading.boxes[:, 2:] > reading.boxes[:, :2]).all(axis=1)
    return reading.select(has_area & (reading.scores >= least_score))


def soft_labels(reading: PageReading) -> SoftLabels:
    """What the N characters of a page may be, with the weight that box and reading deserve."""
    parts = reading.top_scores / np.maximum(reading.top_scores.sum(axis=1, keepdims=True), 1e-9)
    return SoftLabels(reading.top_ids, (parts * reading.scores[:, None]).astype(np.float32))


def cut_labels(
    images: Mapping[str, PageFile],
    readings: Mapping[str, PageReading],
    store: Path,
    recognizer: ScoringRecognizer,
    least_score: float,
) -> tuple[CropStore, SoftLabels]:
    """Cuts the sure readings of all pages into a crop store, resumably, with a progress bar.

    Args:
        images: the image file of each page.
        readings: all that was found on each page.
        store: folder of the crop store, new or unfinished.
        recognizer: says how crops are cut, and from which ink.
        least_score: see `AdaptConfig`.

    Returns:
        the store, and the soft labels of its crops.

    Raises:
        CropStoreError: if the folder holds a store of other settings.
    """
    source = f"readings from a score of {least_score:g} on"
    with CropStoreWriter(store, recognizer.charset, recognizer.crop_config, recognizer.ink, source=source) as writer:
        todo = [image_id for image_id in readings if image_id in images and image_id not in writer.pages]
        for image_id in progress(todo, "cut crops" if todo else None):
            raise_if_stopped()
            sure = sure_readings(readings[image_id], least_score)
            crops = attempt(lambda page: _cut(*page, recognizer), (images[image_id], sure))
            if isinstance(crops, Failure):  # it could be read a while ago
                logger.warning("%s: left out", crops.error)
                continue
            writer.add_page(image_id, book_of(image_id), crops, sure.upright().size_hw)
    opened = CropStore(store)
    labels = [soft_labels(sure_readings(readings[image_id], least_score)) for image_id in opened.page_ids]
    return opened, SoftLabels.concatenate(
        [SoftLabels(np.zeros((0, 1), np.int64), np.zeros((0, 1), np.float32)), *labels]
    )


def _cut(image: PageFile, in_file: PageReading, recognizer: ScoringRecognizer) -> PageCrops:
    if not len(in_file):
        return PageCrops.empty(recognizer.crop_config.size)
    reading = in_file.upright()
    page = prepare_page(in_file.view.upright(read_page(image)), recognizer.ink)
    places: NDArray[np.int64] = np.zeros(len(reading), np.int64)
    places[reading.order] = np.arange(len(reading))
    crops = crop_page(page, reading.boxes, recognizer.crop_config, recognizer.ink)
    return PageCrops(crops, reading.class_ids, reading.boxes, places)
