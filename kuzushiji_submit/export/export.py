"""From a submission and its characters file, or from the readings of a run, to files for libraries; page by page."""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kuzushiji_submit import __version__
from kuzushiji_submit.competition.page_images import PageImages, match_images
from kuzushiji_submit.competition.submission import PagePoints, read_submission, settings_path
from kuzushiji_submit.core.engine import Failure, map_pages
from kuzushiji_submit.core.errors import (
    CharsetError,
    CompetitionFileError,
    PageReadError,
    SubmissionError,
)
from kuzushiji_submit.core.page.header import header_size_hw
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.read import page_size_hw
from kuzushiji_submit.export.export_folder import Earlier, ExportFolder
from kuzushiji_submit.export.formats import FORMATS
from kuzushiji_submit.export.text_columns import ExportedPage, lay_out, lay_out_reading
from kuzushiji_submit.reading.character_index import CharacterIndex, nearest_characters
from kuzushiji_submit.reading.characters import Character
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.view import PLAIN, View

logger = logging.getLogger(__name__)

# What a page may lack; anything else that goes wrong ends the export.
_PAGE_ERRORS = (CharsetError, CompetitionFileError, PageReadError, SubmissionError)


@dataclass(frozen=True)
class ExportJob:
    """What to export and where to.

    Attributes:
        submission: the CSV whose rows are the pages.
        characters: the characters file of the same run, for boxes, scores and alternatives.
        images: folder of the page images, for their names and sizes.
        out: folder to write to.
        formats: names of FORMATS.
        earlier: what happens to the files of an earlier export.
        workers: pages at once.
    """

    submission: Path
    characters: Path
    images: Path
    out: Path
    formats: Sequence[str] = ("page",)
    earlier: Earlier = Earlier.REFUSE
    workers: int = 1


@dataclass(frozen=True)
class ExportResult:
    """What an export wrote.

    Attributes:
        pages: pages that are there now.
        characters: characters on those that were written this time.
        resumed: pages that were there before.
        failures: message by image_id of the pages that could not be exported.
    """

    pages: int
    characters: int
    resumed: int
    failures: Mapping[str, str]


def export_submission(job: ExportJob) -> ExportResult:
    """Writes a file a page and format; a page that cannot be exported is noted and stops no other.

    Raises:
        CompetitionFileError, SubmissionError: if a file or the folder of images cannot be read.
        OutputError: if the folder holds something else, or cannot be written; what was written before is whole.
    """
    folder = ExportFolder(job.out, [FORMATS[name] for name in job.formats])
    folder.check(job.earlier)
    pages = list(enumerate(read_submission(job.submission), start=1))
    images = match_images((points.image_id for _, points in pages), job.images)
    index = CharacterIndex.scan(job.characters)
    views = _views_of(job.submission)
    folder.prepare(_made_of(job), job.earlier)
    todo = [(number, points) for number, points in pages if not folder.holds(points.image_id)]
    if len(todo) < len(pages):
        logger.info("resumed: %d of %d pages were exported before", len(pages) - len(todo), len(pages))
    created = time_of(job.submission)

    def export(item: tuple[int, PagePoints]) -> int:
        number, points = item
        found = _characters_of(points, index)
        view = views.get(points.image_id, PLAIN)
        page = lay_out(points.image_id, *_name_and_size(points.image_id, images), number, found, view)
        return write_page(folder, page, created)

    failures: dict[str, str] = {}
    characters = 0
    for done in map_pages(export, todo, job.workers, "threads", catch=_PAGE_ERRORS, progress="export"):
        if isinstance(done, Failure):
            failures[done.item[1].image_id] = str(done.error)
        else:
            characters += done
    return ExportResult(len(pages) - len(failures), characters, len(pages) - len(todo), failures)


def export_readings(
    folder: ExportFolder,
    readings: Iterable[tuple[int, PageReading]],
    images: Mapping[str, PageFile],
    submission: Path,
) -> int:
    """Writes the pages of a run, in place of those of an earlier one.

    Args:
        folder: where to.
        readings: the number of each page, from 1, and what was read on it; taken one by one.
        images: the image files by image_id; one that is gone since is named by its id.
        submission: the run's submission, which is written already.

    Returns:
        how many pages were written.

    Raises:
        OutputError: if the folder holds something else, or cannot be written.
    """
    folder.prepare({**_maker(), "submission": _fingerprint(submission)}, Earlier.REPLACE)
    created = time_of(submission)
    pages = 0
    for number, reading in readings:
        name = images[reading.image_id].path.name if reading.image_id in images else reading.image_id
        write_page(folder, lay_out_reading(reading, name, number), created)
        pages += 1
    return pages


def write_page(folder: ExportFolder, page: ExportedPage, created: datetime) -> int:
    """Writes a page in every format of a folder and gives how many characters it has."""
    folder.write(page.image_id, [kind.render(page, created) for kind in folder.formats])
    return len(page.glyphs)


def time_of(submission: Path) -> datetime:
    """When a submission was written: the same files come of it whenever it is exported.

    Raises:
        CompetitionFileError: if there is no such file.
    """
    try:
        return datetime.fromtimestamp(int(submission.stat().st_mtime), UTC)
    except OSError as error:
        raise CompetitionFileError(f"{submission}: cannot be read ({error.strerror}): check the path") from None


def _characters_of(points: PagePoints, index: CharacterIndex) -> list[Character]:
    found = nearest_characters(points.labels, points.points, index.read(points.image_id))
    lost = [place for place, character in enumerate(found) if character is None]
    if lost:
        x, y = points.points[lost[0]]
        raise SubmissionError(
            f"{index.path}: lacks {len(lost)} of {len(points)} characters of {points.image_id}, first "
            f"{points.labels[lost[0]]} at {x:g} {y:g}: give the characters file of the run that wrote the submission"
        )
    return [character for character in found if character is not None]


def _name_and_size(image_id: str, images: PageImages) -> tuple[str, tuple[int, int]]:
    file = images.get(image_id)
    if file is None:
        raise PageReadError(f"{image_id}: {images.why_missing(image_id)}")
    return file.path.name, header_size_hw(file) or page_size_hw(file)


def _views_of(submission: Path) -> dict[str, View]:
    """How pages lie in their files, of those that the settings beside a submission name: others lie upright."""
    try:
        views = json.loads(settings_path(submission).read_text(encoding="utf-8"))["views"]
        return {image_id: View(**view) for image_id, view in dict(views).items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _made_of(job: ExportJob) -> dict[str, Any]:
    return {
        **_maker(),
        "submission": _fingerprint(job.submission),
        "characters": _fingerprint(job.characters),
    }


def _maker() -> dict[str, str]:
    return {"made_by": f"kuzushiji_submit {__version__}"}


def _fingerprint(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as stream:
            return {"file": path.name, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
    except OSError as error:
        raise CompetitionFileError(f"{path}: cannot be read ({error.strerror}): check the path") from None
