"""Calibrates a recognizer on pages whose truth is known: its temperature, then the score characters are kept from."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from kuzushiji_submit.calibration.threshold import best_threshold, judge
from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.errors import CompetitionFileError, PageReadError
from kuzushiji_submit.core.memory import lacks_memory
from kuzushiji_submit.core.page.files import PageFile
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.reading.pipeline import Pipeline
from recognition.calibration import Calibration, calibration_error, fit_temperature, log_loss
from recognition.crops import crop_page
from recognition.recognizer import Recognizer

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# Logits of more characters than these take too much memory, and say no more.
MOST_CHARACTERS = 4_000


@dataclass(frozen=True)
class TemperatureFit:
    """What a temperature changes, on true boxes.

    Attributes:
        temperature: the best one.
        characters: boxes it was fitted on.
        loss_before: log loss at temperature 1.
        loss_after: log loss at the best temperature.
        error_before: expected calibration error at temperature 1.
        error_after: the same at the best temperature.
    """

    temperature: float
    characters: int
    loss_before: float
    loss_after: float
    error_before: float
    error_after: float


@dataclass(frozen=True)
class CalibrationResult:
    """What calibration found.

    Attributes:
        fit: the temperature.
        calibration: what goes into the weights file.
        counts: the score at the chosen `min_score`.
        counts_before: the score at the `min_score` that was in the file, with the new temperature.
        pages: pages that were read.
    """

    fit: TemperatureFit
    calibration: Calibration
    counts: Counts
    counts_before: Counts
    pages: int


def truth_of(data: DataFolder, books: Callable[[str], bool] = lambda _: True) -> list[tuple[PageFile, PageTruth]]:
    """The annotated pages of a data folder that have an image.

    Args:
        data: the folder.
        books: chooses pages by image_id.

    Raises:
        CompetitionFileError: if none is left.
    """
    images = list_images(data.train_images)
    pages = [(images[page.image_id], page) for page in read_repaired_truth(data.train_csv) if page.image_id in images]
    pages = [(path, page) for path, page in pages if books(page.image_id)]
    if not any(len(page) for _, page in pages):
        raise CompetitionFileError(
            f"{data.train_csv}: no annotated page with an image to calibrate on: name another folder, or other books"
        )
    return pages


def calibrate(
    pages: Sequence[tuple[PageFile, PageTruth]], recognizer: Recognizer, pipeline: Pipeline
) -> CalibrationResult:
    """Fits temperature and `min_score`; pages that cannot be read are left out with a warning.

    Args:
        pages: images and truth, of books that neither recognizer nor detector was trained on, else both come out too
            sure of themselves. The truth must be complete.
        recognizer: is calibrated.
        pipeline: reads the pages with this recognizer; its `min_score` is not used.
    """
    before = recognizer.metadata.calibration
    fit = _fit(pages, recognizer, pipeline)
    recognizer.calibrate(replace(before, temperature=fit.temperature))
    reader = pipeline.with_min_score(0.0)
    read = list(_read(pages, "read", lambda page, truth: (next(reader.read([(truth.image_id, page)])), truth)))
    scores, hits, truths = judge(read)
    best = best_threshold(scores, hits, truths)
    kept = scores >= before.min_score
    tp = int(hits[kept].sum())
    return CalibrationResult(
        fit,
        Calibration(fit.temperature, best.min_score),
        best.counts,
        Counts(tp, int(kept.sum()) - tp, truths - tp),
        len(read),
    )


def _fit(pages: Sequence[tuple[PageFile, PageTruth]], recognizer: Recognizer, pipeline: Pipeline) -> TemperatureFit:
    every = max(1, sum(len(truth) for _, truth in pages) // MOST_CHARACTERS)

    def fit(page: NDArray[np.uint8], truth: PageTruth) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        ids = np.array(recognizer.charset.class_ids(truth.codepoints), np.int64)
        known = np.flatnonzero((ids >= 0) & ~truth.without_area)[::every]
        crops = crop_page(pipeline.prepare(page), truth.boxes, recognizer.crop_config, recognizer.ink)
        return recognizer.logits(crops.select(known)), ids[known]

    logits, class_ids = zip(*_read(pages, "fit temperature", fit), strict=True)
    return _compare(recognizer, np.concatenate(logits), np.concatenate(class_ids))


def _compare(recognizer: Recognizer, logits: NDArray[np.float32], class_ids: NDArray[np.int64]) -> TemperatureFit:
    temperature = fit_temperature(logits, class_ids)
    characters = len(recognizer.charset)
    right = logits[:, :characters].argmax(axis=1) == class_ids
    errors = []
    for one in (1.0, temperature):
        exact = logits.astype(np.float64) / one
        exact = np.exp(exact - exact.max(axis=1, keepdims=True))
        scores = exact[:, :characters].max(axis=1) / exact.sum(axis=1)
        errors.append(calibration_error(scores, right))
    return TemperatureFit(
        temperature,
        len(logits),
        log_loss(logits, class_ids, 1.0),
        log_loss(logits, class_ids, temperature),
        errors[0],
        errors[1],
    )


def _read(
    pages: Sequence[tuple[PageFile, PageTruth]], what: str, use: Callable[[NDArray[np.uint8], PageTruth], Result]
) -> Iterator[Result]:
    """What becomes of each page; those that cannot be read, or do not fit the memory, are left out."""
    for file, truth in tqdm(pages, what, unit="page"):
        try:
            result = use(read_page(file), truth)
        except Exception as error:
            if not isinstance(error, PageReadError) and not lacks_memory(error):
                raise
            logger.warning("%s: left out", error)
            continue
        yield result
