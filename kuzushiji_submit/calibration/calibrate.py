"""Calibrates a recognizer on pages whose truth is known: its temperature, then the score characters are kept from."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from kuzushiji_submit.calibration.threshold import best_threshold, judge
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.page_images import read_annotated_pages
from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.engine import Failure, map_pages
from kuzushiji_submit.core.errors import CompetitionFileError, PageReadError
from kuzushiji_submit.core.files import atomic_text, sha256_of
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.prepared import PreparedPage
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.reading.page_reading import PageReading, PageStep, take_steps
from kuzushiji_submit.reading.pipeline import DetectedPage, Pipeline
from kuzushiji_submit.reading.second_opinion import SecondOpinion
from recognition.calibration import Calibration, calibration_error, fit_temperature, log_loss
from recognition.crops import crop_page
from recognition.join_opinions import join_opinions
from recognition.opinions import Opinions
from recognition.scoring_recognizer import ScoringRecognizer

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Page = tuple[PageFile, PageTruth]

# Logits of more characters than these take too much memory, and say no more.
MAXIMUM_CHARACTERS = 4_000


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
        f1_by_weight: the best F1 by the weight of the text around a character; empty where none was to be chosen.
    """

    fit: TemperatureFit
    calibration: Calibration
    counts: Counts
    counts_before: Counts
    pages: int
    f1_by_weight: Mapping[float, float] = field(default_factory=dict)


def truth_of(data: DataFolder, books: Callable[[str], bool] = lambda _: True) -> list[tuple[PageFile, PageTruth]]:
    """The annotated pages of a data folder that have an image.

    Args:
        data: the folder.
        books: chooses pages by image_id.

    Raises:
        CompetitionFileError: if none is left.
    """
    truth, images = read_annotated_pages(data)
    pages = [(images[page.image_id], page) for page in truth if page.image_id in images]
    pages = [(path, page) for path, page in pages if books(page.image_id)]
    if not any(len(page) for _, page in pages):
        raise CompetitionFileError(
            f"{data.train_csv}: no annotated page with an image to calibrate on: name another folder, or other books"
        )
    return pages


def spread(pages: Sequence[Page], count: int) -> list[Page]:
    """At most so many of the pages that have characters: of each book the same share, evenly over it, one at least."""
    books: dict[str, list[Page]] = {}
    for page in pages:
        if len(page[1]):
            books.setdefault(book_of(page[1].image_id), []).append(page)
    share = min(1.0, count / max(1, sum(map(len, books.values()))))
    chosen = []
    for own in books.values():
        kept = max(1, int(len(own) * share))
        chosen += [own[place * len(own) // kept] for place in range(kept)]
    return chosen


def calibrate(
    pages: Sequence[tuple[PageFile, PageTruth]],
    recognizer: ScoringRecognizer,
    pipeline: Pipeline,
    contexts: Mapping[float, Sequence[PageStep]] | None = None,
    *,
    detector_asks: bool = False,
) -> CalibrationResult:
    """Fits temperature, context weight and `min_score`; pages that cannot be read are left out with a warning.

    ```
    page ─ prepare ─┬─ crops of the truth ─ logits ──────────────▶ temperature ─┐
                    └─ detect ─▶ DetectedPage, kept ──────────── recognize ◀────┘ ─▶ min_score
    ```

    Args:
        pages: images and truth, of books that neither recognizer nor detector was trained on, else both come out too
            sure of themselves. The truth must be complete.
        recognizer: is calibrated.
        pipeline: reads the pages with this recognizer; its `min_score` is not used.
        contexts: steps that weigh the text around a character, by their weight, of which the best is to be chosen, of
            several the smallest weight; none where the pipeline already has the one there is, if any.
        detector_asks: whether the detector asks the recognizer. Then the boxes depend on the temperature, and the pages
            are detected once more; prepared pages of a whole folder would not fit in memory.

    Raises:
        PageReadError: if no page can be read.
        CompetitionFileError: if no page that can be read holds a character that the recognizer knows.
    """
    before = recognizer.calibration
    samples = _Samples(
        recognizer, pipeline.second_opinion, every=max(1, sum(len(truth) for _, truth in pages) // MAXIMUM_CHARACTERS)
    )

    def detect(page: PreparedPage, truth: PageTruth) -> tuple[DetectedPage, PageTruth]:
        return pipeline.detect(truth.image_id, page), truth

    def sample(page: PreparedPage, truth: PageTruth) -> tuple[DetectedPage, PageTruth] | None:
        samples.add(page, truth)
        return None if detector_asks else detect(page, truth)

    sampled = list(_each(pages, pipeline, "fit temperature" if detector_asks else "read", sample))
    if not any(map(len, samples.class_ids)):
        raise CompetitionFileError(
            f"none of the {len(pages)} pages can be read and holds a character that the recognizer knows: fetch the "
            "images, or name other books"
        )
    fit = _compare(recognizer, np.concatenate(samples.logits), np.concatenate(samples.class_ids))
    recognizer.calibrate(replace(before, temperature=fit.temperature))
    # Boxes of a detector that asks depend on the temperature.
    found = list(_each(pages, pipeline, "read", detect)) if detector_asks else [page for page in sampled if page]
    reader = pipeline.with_min_score(0.0)
    read = _read_together(reader, found)
    tried = {
        weight: judge((take_steps(page, steps), truth) for page, truth in read)
        for weight, steps in sorted((contexts or {}).items())
    }
    f1_by_weight = {weight: best_threshold(*judged).counts.f1 for weight, judged in tried.items()}
    weight = max(f1_by_weight, key=f1_by_weight.__getitem__) if tried else before.context_weight
    scores, hits, truths = tried[weight] if tried and weight is not None else judge(read)
    best = best_threshold(scores, hits, truths)
    kept = scores >= before.min_score
    tp = int(hits[kept].sum())
    return CalibrationResult(
        fit,
        Calibration(fit.temperature, best.min_score, weight),
        best.counts,
        Counts(tp, int(kept.sum()) - tp, truths - tp),
        len(read),
        f1_by_weight,
    )


def write_calibration(path: Path, calibration: Calibration, weights: Sequence[Path]) -> None:
    """Writes a calibration as settings that `predict --config` takes, for what no single weights file can hold.

    Args:
        path: the TOML file.
        calibration: temperature, `min_score` and, where it was chosen, the weight of the text.
        weights: the recognizers it was fitted for, which a comment names with their hashes.

    Raises:
        OutputError: if the file cannot be written.
    """
    with atomic_text(path) as stream:
        stream.write("# Fitted for the mean of these weights; useless for others.\n")
        stream.writelines(f"#   {file.name} sha256:{sha256_of(file)}\n" for file in weights)
        stream.write(f"temperature = {calibration.temperature!r}\nmin_score = {calibration.min_score!r}\n")
        if calibration.context_weight is not None:
            stream.write(f"\n[context]\nweight = {calibration.context_weight!r}\n")


class _Samples:
    """What the recognizer says of true boxes."""

    def __init__(self, recognizer: ScoringRecognizer, opinion: SecondOpinion | None, every: int) -> None:
        self.recognizer, self.opinion = recognizer, opinion
        self.every = every
        self.logits: list[NDArray[np.float32]] = []
        self.class_ids: list[NDArray[np.int64]] = []

    def add(self, page: PreparedPage, truth: PageTruth) -> None:
        """Asks about every n-th character of a page."""
        ids = np.array(self.recognizer.charset.class_ids(truth.codepoints), np.int64)
        known = np.flatnonzero((ids >= 0) & ~truth.without_area)[:: self.every]
        if not len(known):
            return
        crops = crop_page(page, truth.boxes, self.recognizer.crop_config, self.recognizer.ink)
        logits = self.recognizer.logits(crops.select(known))
        if self.opinion is not None:
            said = Opinions(self.opinion.of_page(page, truth.boxes)[known], self.opinion.share)
            logits = join_opinions(torch.from_numpy(logits), said).numpy()
        self.logits.append(logits)
        self.class_ids.append(ids[known])


def _compare(
    recognizer: ScoringRecognizer, logits: NDArray[np.float32], class_ids: NDArray[np.int64]
) -> TemperatureFit:
    temperature = fit_temperature(logits, class_ids)
    characters = len(recognizer.charset)
    right = logits[:, :characters].argmax(axis=1) == class_ids
    errors = []
    for tried in (1.0, temperature):
        exact = logits.astype(np.float64) / tried
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


def _each(
    pages: Sequence[tuple[PageFile, PageTruth]],
    pipeline: Pipeline,
    what: str,
    work: Callable[[PreparedPage, PageTruth], Result],
) -> Iterator[Result]:
    def prepare_and_work(page: tuple[PageFile, PageTruth]) -> Result:
        file, truth = page
        return work(pipeline.prepare(read_page(file)), truth)

    yield from _kept(map_pages(prepare_and_work, pages, kind="serial", progress=what))


def _read_together(
    reader: Pipeline, found: Sequence[tuple[DetectedPage, PageTruth]]
) -> list[tuple[PageReading, PageTruth]]:
    """Detected pages read as `predict` reads them: a window of one book's pages at a time."""
    pages = {page.image_id: (page, truth) for page, truth in found}

    def read(window: Sequence[str]) -> list[tuple[PageReading, PageTruth]]:
        detected, truths = zip(*(pages[image_id] for image_id in window), strict=True)
        return list(zip(reader.recognize(detected), truths, strict=True))

    return [pair for pairs in _kept(map_pages(read, reader.windows(list(pages)), kind="serial")) for pair in pairs]


def _kept(results: Iterable[Result | Failure[Any]]) -> Iterator[Result]:
    """The results without the failures, which are warned of.

    Raises:
        PageReadError: if there are failures only.
    """
    first: Exception | None = None
    kept = 0
    for made in results:
        if isinstance(made, Failure):
            logger.warning("%s: left out", made.error)
            first = first or made.error
        else:
            kept += 1
            yield made
    if first is not None and not kept:
        raise PageReadError(f"no page could be read, the first for this: {first}")
