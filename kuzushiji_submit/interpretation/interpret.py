"""Reads annotated pages with a recognizer and writes the report, in memory that does not grow with classes."""

import csv
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.charset_filter import count_codepoints
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.page_images import read_annotated_pages
from kuzushiji_submit.competition.translation import read_translation
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.engine import attempt
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError, PageReadError
from kuzushiji_submit.core.files import atomic_bytes, atomic_text
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.progress import progress
from kuzushiji_submit.core.training.book_split import books_of_description
from kuzushiji_submit.interpretation.drawing import Findings, draw_cases
from kuzushiji_submit.interpretation.matrix import draw_matrix
from kuzushiji_submit.interpretation.page_crops import CutSettings, PageCrops, cut_pages
from kuzushiji_submit.interpretation.render import ReportContent, render
from kuzushiji_submit.report.folder import FIGURE_REPORT, ReportFolder, prepare_folder
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.markup import plural
from recognition.interpretation.interpretation import Interpretation, Keep
from recognition.recognizer import Recognizer

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class InterpretSettings:
    """What the report shows.

    Attributes:
        losses: crops with the highest loss.
        suspects: crops suspected to be labeled wrongly.
        hits: crops that were read right and surely.
        confusions: pairs of classes.
        examples: crops of each pair.
        heatmaps: how many crops of each kind get heatmaps.
        matrix: the confusion matrix is drawn for at most so many classes.
    """

    losses: int = 60
    suspects: int = 60
    hits: int = 12
    confusions: int = 60
    examples: int = 6
    heatmaps: int = 12
    matrix: int = 40


@dataclass(frozen=True)
class InterpretSummary:
    """What was made.

    Attributes:
        index: the file to open.
        pages: how many pages were read.
        crops: how many characters.
        figures: top1, top5, macro and loss.
        unreadable: why pages could not be read, by image_id.
    """

    index: Path
    pages: int
    crops: int
    figures: Mapping[str, float]
    unreadable: Mapping[str, str]


def interpret(
    data: DataFolder,
    recognizer: Recognizer,
    out: Path,
    settings: InterpretSettings | None = None,
    *,
    books: Sequence[str] | None = None,
    workers: int = 1,
) -> InterpretSummary:
    """Writes index.html, classes.csv, confusions.csv and suspects.csv.

    Args:
        data: annotated pages.
        recognizer: what is looked into.
        out: a new or empty folder, or an earlier report's, which is overwritten.
        settings: what is shown.
        books: the books to read; an empty list for all; None for those that the weights say were held out.
        workers: threads that cut pages ahead.

    Raises:
        CompetitionFileError: if the data cannot be read or holds nothing to look at.
        ConfigError: if a book is not in the data.
        OutputError: if `out` holds something else or cannot be written.
    """
    settings = settings or InterpretSettings()
    truth, images = read_annotated_pages(data)
    chosen, notes = choose_books(truth, recognizer.metadata.provenance.split, books)
    pages = [page for page in truth if len(page) and page.image_id in images and book_of(page.image_id) in chosen]
    if not pages:
        raise CompetitionFileError(f"{data.train_csv}: no annotated page of these books has an image: name other books")
    folder = prepare_folder(out, FIGURE_REPORT, "interpret")
    cut = CutSettings(recognizer.charset, recognizer.crop_config, recognizer.ink)
    findings = _read_all([(page, images[page.image_id]) for page in pages], recognizer, cut, settings, workers)
    if not findings.interpretation.crops:
        raise CompetitionFileError(f"{data.train_csv}: no character of these pages is in the weights' charset")
    if findings.unknown:
        notes.append(f"{plural(findings.unknown, 'character')} left out that the weights do not know.")
    drawn = draw_cases(findings, recognizer, cut, folder, settings.heatmaps, settings.confusions)
    counts = count_codepoints(truth)
    content = ReportContent(
        title=f"Interpretation of {recognizer.metadata.model_name}",
        findings=findings,
        charset=recognizer.charset,
        counts=np.array([counts[codepoint] for codepoint in recognizer.charset.codepoints], np.int64),
        books=tuple(sorted(chosen)),
        notes=tuple(notes),
        drawn=drawn,
        confusions=findings.interpretation.confusions(settings.confusions),
        matrix=_write_matrix(findings.interpretation, recognizer, folder, settings.matrix),
        glyphs=Glyphs(read_translation(data.translation_csv, []) if data.translation_csv.is_file() else {}),
    )
    with atomic_text(folder.index) as stream:
        stream.write(render(content))
    _write_tables(folder, content)
    found = findings.interpretation
    return InterpretSummary(folder.index, len(pages), found.crops, found.figures(), findings.unreadable)


def choose_books(
    truth: Sequence[PageTruth], split: str, books: Sequence[str] | None
) -> tuple[frozenset[str], list[str]]:
    """The books to read, and what the report must say about the choice.

    Args:
        truth: all pages.
        split: what the weights say of their split.
        books: as in `interpret`.

    Raises:
        ConfigError: if a book that was asked for is not in the data.
    """
    present = frozenset(book_of(page.image_id) for page in truth)
    if books:
        unknown = sorted(set(books) - present)
        if unknown:
            raise ConfigError(f"book {unknown[0]} is not in the data: the books are {', '.join(sorted(present))}")
        return frozenset(books), []
    held_out = frozenset(books_of_description(split)) & present
    if books is None and held_out:
        return held_out, []
    said = f"The weights say of their split: {split}." if split else "The weights say nothing of their split."
    return present, [f"All books are read. {said} Crops that were trained on make every figure look better."]


def _read_all(
    pages: Sequence[tuple[PageTruth, PageFile]],
    recognizer: Recognizer,
    cut: CutSettings,
    settings: InterpretSettings,
    workers: int,
) -> Findings:
    keep = Keep(settings.losses, settings.suspects, settings.examples, settings.hits)
    findings = Findings(Interpretation(len(recognizer.charset), keep), pages)
    for page in progress(cut_pages(pages, cut, workers=workers), "interpret", total=len(pages)):
        scored = attempt(partial(_score, recognizer), page)
        if isinstance(scored, list):
            start = findings.starts[-1]
            for part, scores in scored:
                findings.interpretation.update(scores, page.class_ids[part], np.arange(start, start + len(page))[part])
            findings.starts.append(start + len(page))
            findings.unknown += page.unknown
        else:
            logger.warning("%s", scored.error)
            findings.unreadable[page.truth.image_id] = str(scored.error)
            findings.starts.append(findings.starts[-1])
    return findings


def _score(recognizer: Recognizer, page: PageCrops) -> list[tuple[slice, NDArray[np.float32]]]:
    """The scores of a page's crops, batch by batch.

    Raises:
        PageReadError: if the page could not be read.
    """
    if page.error is not None:
        raise PageReadError(page.error)
    firsts = range(0, len(page), recognizer.batch_size)
    parts = [slice(first, first + recognizer.batch_size) for first in firsts]
    return [(part, recognizer.scores(page.crops.select(part))) for part in parts]


def _write_matrix(found: Interpretation, recognizer: Recognizer, folder: ReportFolder, most: int) -> bool:
    """Draws the matrix of all classes that occur, if they are few enough."""
    classes = np.flatnonzero((found.seen > 0) | (found.read > 0))
    if len(classes) > most:
        return False
    labels = [recognizer.charset.codepoints[class_id] for class_id in classes]
    atomic_bytes(folder.picture("matrix"), draw_matrix(found.matrix(classes.tolist()), labels))
    return True


def _write_tables(folder: ReportFolder, content: ReportContent) -> None:
    """The whole tables for other programs: every class, every listed confusion, every suspect."""
    found, codepoints = content.findings.interpretation, content.charset.codepoints
    with atomic_text(folder.root / "classes.csv") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("codepoint", "annotated", "crops", "right", "right_in_top5", "read", "mean_loss"))
        for class_id in np.flatnonzero(found.seen):
            seen = found.seen[class_id]
            figures = (content.counts[class_id], seen, found.right[class_id], found.right_in_top[class_id])
            loss = f"{found.loss_sum[class_id] / seen:.4f}"
            writer.writerow((codepoints[class_id], *figures, found.read[class_id], loss))
    with atomic_text(folder.root / "confusions.csv") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("truth", "read", "count"))
        writer.writerows((codepoints[one.truth], codepoints[one.read], one.count) for one in content.confusions)
    with atomic_text(folder.root / "suspects.csv") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("image_id", "index", "label", "read", "label_score", "read_score"))
        for case in found.suspects():
            drawn = content.drawn.get(case.place)
            if drawn is None:
                continue
            scores = (f"{case.truth_score:.6f}", f"{case.read_score:.4f}")
            writer.writerow((drawn.image_id, drawn.index, codepoints[case.truth], codepoints[case.read], *scores))
