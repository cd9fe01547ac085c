"""Makes the report: scores every page first, then draws one page at a time."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.page_images import PageImages, match_images
from kuzushiji_submit.competition.submission import PagePoints, read_submission
from kuzushiji_submit.competition.translation import read_translation
from kuzushiji_submit.competition.truth import PageTruth, read_truth
from kuzushiji_submit.core.engine import Failure, attempt
from kuzushiji_submit.core.errors import PageReadError, SubmissionError
from kuzushiji_submit.core.files import atomic_text
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.progress import progress
from kuzushiji_submit.reading.character_index import CharacterIndex
from kuzushiji_submit.report.confusions import Confusion, Example, examples_by_page, find_confusions
from kuzushiji_submit.report.folder import ReportFolder, prepare_folder, safe_names
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.images import write_crop, write_scan
from kuzushiji_submit.report.join_characters import join_characters
from kuzushiji_submit.report.judge import judge_page, score_page
from kuzushiji_submit.report.mark_layout import size_of
from kuzushiji_submit.report.markup import plural
from kuzushiji_submit.report.model import Mark, PageOutcome, PagePlan, PageScore, Picture
from kuzushiji_submit.report.render_index import IndexContent, render_index, total_score
from kuzushiji_submit.report.render_page import render_page

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportSummary:
    """What was made.

    Attributes:
        index: the file to open.
        pages: how many pages the report has.
        characters: how many readings these pages hold.
        score: the sum over the pages that have truth, None without any.
        scores: those of the pages that have truth, by image_id.
        confusions: the commonest, at most `confusions.MAXIMUM`.
        unreadable: why page images could not be read, by image_id; their pages are there without a scan.
    """

    index: Path
    pages: int
    characters: int
    score: PageScore | None
    scores: Mapping[str, PageScore]
    confusions: Sequence[Confusion]
    unreadable: Mapping[str, str]


@dataclass(frozen=True)
class _Sources:
    """Where pages take their pictures and characters from."""

    images: PageImages
    characters: CharacterIndex | None
    glyphs: Glyphs


def build_report(
    *,
    images: Path,
    submission: Path,
    out: Path,
    truth: Path | None = None,
    characters: Path | None = None,
    translation: Path | None = None,
    max_pages: int | None = None,
    show_progress: bool = True,
) -> ReportSummary:
    """Writes a folder of HTML files that open offline.

    Args:
        images: folder of the page images.
        submission: the CSV whose rows are the pages shown.
        out: a new or empty folder, or an earlier report's, which is overwritten.
        truth: a file in train.csv's format; pages it lacks are shown unscored.
        characters: the JSON lines of the same prediction, for boxes, scores and alternatives.
        translation: unicode_translation.csv, for the characters to show.
        max_pages: the number of the submission's first pages to show, None for all.
        show_progress: False for no progress bar.

    Returns:
        the summary; a page image that cannot be read is noted there and stops nothing.

    Raises:
        CompetitionFileError: if a file or the folder of images cannot be read.
        SubmissionError: if the submission has no page, or none in common with the truth.
        OutputError: if `out` holds something else or cannot be written.
    """
    pages = _plan(read_submission(submission), read_truth(truth) if truth else None, max_pages)
    sources = _Sources(
        match_images((page.image_id for page in pages), images),
        CharacterIndex.scan(characters) if characters else None,
        Glyphs(read_translation(translation)) if translation else Glyphs(),
    )
    confusions, kinds = find_confusions(pages)
    wanted = examples_by_page(confusions)
    folder = prepare_folder(out)
    outcomes: dict[str, PageOutcome] = {}
    crops: set[str] = set()
    for place, page in enumerate(progress(pages, "report" if show_progress else None)):
        neighbors = (pages[place - 1] if place else None, pages[place + 1] if place + 1 < len(pages) else None)
        outcome, made = _draw(page, neighbors, sources, wanted.get(page.name, []), folder)
        outcomes[page.image_id] = outcome
        crops.update(made)
    content = IndexContent(
        submission.name, truth.name if truth else None, pages, outcomes, confusions, kinds, frozenset(crops)
    )
    with atomic_text(folder.index) as stream:
        stream.write(render_index(content, sources.glyphs))
    return ReportSummary(
        folder.index,
        len(pages),
        sum(len(page.points) for page in pages),
        total_score(pages),
        {page.image_id: page.score for page in pages if page.score is not None},
        confusions,
        {image_id: outcome.unreadable for image_id, outcome in outcomes.items() if outcome.unreadable},
    )


def _plan(points: Sequence[PagePoints], truth: Sequence[PageTruth] | None, limit: int | None) -> list[PagePlan]:
    if not points:
        raise SubmissionError("the submission has no row, so there is no page to show: predict its pages first")
    truths = {page.image_id: page for page in truth or ()}
    if truth is not None and not any(page.image_id in truths for page in points):
        raise SubmissionError("truth and submission have no page in common: name files of the same pages")
    shown = points[:limit]
    names = safe_names(page.image_id for page in shown)
    return [_plan_page(page, truths.get(page.image_id), names[page.image_id]) for page in shown]


def _plan_page(points: PagePoints, truth: PageTruth | None, name: str) -> PagePlan:
    return PagePlan(
        image_id=points.image_id,
        book_id=book_of(points.image_id),
        name=name,
        points=points,
        truth=truth,
        score=None if truth is None else score_page(truth, points),
        marks=judge_page(points, truth),
    )


def _draw(
    page: PagePlan,
    neighbors: tuple[PagePlan | None, PagePlan | None],
    sources: _Sources,
    examples: Sequence[Example],
    folder: ReportFolder,
) -> tuple[PageOutcome, list[str]]:
    """Writes a page's files; returns what happened, and the names of its crops."""
    marks, notes = _join_characters(page, sources.characters)
    unreadable: str | None = None
    crops: list[str] = []
    drawn = attempt(partial(_draw_scan, sources.images, examples, folder), page)
    if isinstance(drawn, Failure):
        unreadable = str(drawn.error)
        notes = [unreadable, *notes]
        picture = Picture(size_of(marks), readable=False)
        LOGGER.warning("%s", unreadable)
    else:
        picture, crops = drawn
    html = render_page(page, marks, picture, glyphs=sources.glyphs, notes=notes, neighbors=neighbors)
    with atomic_text(folder.page(page.name)) as stream:
        stream.write(html)
    return PageOutcome(tuple(notes), unreadable), crops


def _join_characters(page: PagePlan, characters: CharacterIndex | None) -> tuple[Sequence[Mark], list[str]]:
    if characters is None:
        return page.marks, []
    marks = join_characters(page.marks, characters.read(page.image_id))
    lost = sum(mark.read is not None and mark.character is None for mark in marks)
    if not lost:
        return marks, []
    return marks, [
        f"{plural(lost, 'reading')} of {len(page.points)} not found in the characters file: shown as crosses."
    ]


def _draw_scan(
    images: PageImages, examples: Sequence[Example], folder: ReportFolder, page: PagePlan
) -> tuple[Picture, list[str]]:
    if page.image_id not in images:
        raise PageReadError(f"{page.image_id}: {images.why_missing(page.image_id)}")
    pixels = read_page(images[page.image_id])
    write_scan(pixels, folder.scan(page.name), folder.thumbnail(page.name))
    crops = [
        example.crop_name for example in examples if write_crop(pixels, example.box, folder.crop(example.crop_name))
    ]
    height, width = pixels.shape[:2]
    return Picture((height, width), readable=True), crops
