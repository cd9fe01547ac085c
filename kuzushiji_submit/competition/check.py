"""Goes through a whole data folder and lists every problem in one pass."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from kuzushiji_submit.competition.data_folder import DataFolder, find_images, left_out
from kuzushiji_submit.competition.page_images import PageImages
from kuzushiji_submit.competition.problems import Kind, Problem
from kuzushiji_submit.competition.sample import read_sample_ids
from kuzushiji_submit.competition.translation import read_translation
from kuzushiji_submit.competition.truth import PageTruth, charset_of, read_repaired_truth
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.engine import Failure, map_pages
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.page_folder import FolderContent
from kuzushiji_submit.core.page.read import page_size_hw

Value = TypeVar("Value")


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    Attributes:
        problems: everything wrong, in the order of the files.
        pages: rows of train.csv.
        characters: annotated characters.
        images: image files looked at.
        charset: the charset of train.csv.
    """

    problems: tuple[Problem, ...]
    pages: int
    characters: int
    images: int
    charset: Charset

    @property
    def errors(self) -> int:
        """How many problems need the user."""
        return sum(not problem.repaired for problem in self.problems)


def check_data(folder: DataFolder, *, workers: int = 2) -> CheckResult:
    """Checks every file and decodes every image of a data folder, with a progress bar.

    Args:
        folder: the data folder.
        workers: threads that decode images.

    Raises:
        CompetitionFileError: if the folder itself is not there.
    """
    if not folder.root.is_dir():
        raise CompetitionFileError(f"{folder.root}: no such folder: check the path")
    problems: list[Problem] = []
    truth: list[PageTruth] = _collect(problems, lambda: read_repaired_truth(folder.train_csv, problems), [])
    table: dict[str, str] = _collect(problems, lambda: read_translation(folder.translation_csv, problems), {})
    sample: list[str] = _collect(problems, lambda: read_sample_ids(folder.sample_csv), [])
    charset = charset_of(truth)
    if table:
        problems += _untranslated(charset, table, folder)
    images = _check_images(folder.train_images, {page.image_id: page for page in truth}, problems, workers)
    images += _check_images(folder.test_images, dict.fromkeys(sample), problems, workers)
    return CheckResult(tuple(problems), len(truth), sum(map(len, truth)), images, charset)


def _collect(problems: list[Problem], read: Callable[[], Value], otherwise: Value) -> Value:
    try:
        return read()
    except CompetitionFileError as error:
        path, _, message = str(error).partition(": ")
        kind = Kind.MISSING_FILE if "no such" in message else Kind.BAD_FILE
        problems.append(Problem(kind, path, message, repaired=False))
        return otherwise


def _untranslated(charset: Charset, table: Mapping[str, str], folder: DataFolder) -> Iterator[Problem]:
    for codepoint in charset.codepoints:
        if codepoint not in table:
            # The older edition of the table lacks six codepoints that the real train.csv uses.
            message = f"{codepoint} is used in train.csv and not in the table: shown as its own character"
            yield Problem(Kind.UNKNOWN_CODEPOINT, str(folder.translation_csv), message, repaired=True)


def _check_images(folder: Path, expected: Mapping[str, PageTruth | None], problems: list[Problem], workers: int) -> int:
    nothing: tuple[dict[str, PageFile], FolderContent] = ({}, FolderContent())
    images, content = _collect(problems, lambda: find_images(folder), nothing)
    problems += [Problem(Kind.NOT_AN_IMAGE, str(folder), line, repaired=True) for line in left_out(content)]
    if not images:
        if folder.is_dir() and expected:
            problems.append(
                Problem(Kind.MISSING_IMAGE, str(folder), f"no image for {len(expected)} pages", repaired=False)
            )
        return 0
    found = PageImages(expected, images, folder)
    problems += _missing(found, expected)
    pages = {found.file_id(image_id): expected[image_id] for image_id in found}
    sizes = map_pages(page_size_hw, list(images.values()), workers, "threads", progress=folder.name)
    for (image_id, file), size in zip(images.items(), sizes, strict=True):
        if isinstance(size, Failure):
            problems.append(Problem(Kind.UNREADABLE_IMAGE, str(file), size.reason, repaired=False))
        elif expected and image_id not in pages:
            problems.append(Problem(Kind.UNLISTED_IMAGE, str(file), "no row lists this image: not used", repaired=True))
        elif (page := pages.get(image_id)) is not None:
            problems += _check_boxes(page, size)
    return len(images)


def _missing(images: PageImages, expected: Iterable[str]) -> Iterator[Problem]:
    """A problem for every page without an image, and for every one whose image has its name in another form."""
    for image_id, form in images.otherwise().items():
        message = f"{image_id!r} is taken to be this image, from which it differs by {form.difference}"
        yield Problem(Kind.OTHER_ID_FORM, str(images[image_id]), message, repaired=True)
    for image_id in expected:
        if image_id not in images:
            message = f"{image_id}: {images.why_missing(image_id)}"
            yield Problem(Kind.MISSING_IMAGE, str(images.folder), message, repaired=False)


def _check_boxes(page: PageTruth, size_hw: tuple[int, int]) -> Iterable[Problem]:
    height, width = size_hw
    x0, y0, x1, y1 = page.boxes.T
    outside = page.outside(size_hw)
    over = ~outside & ((x0 < 0) | (y0 < 0) | (x1 > width) | (y1 > height))
    for kind, mask, what in (
        (Kind.OUTSIDE_PAGE, outside, "lies wholly outside the page: kept for scoring, never trained on"),
        (Kind.OUT_OF_PAGE, over, "sticks out of the page: cut at its edge for training"),
    ):
        for place in np.flatnonzero(mask):
            box = f"box {place + 1} ({page.codepoints[place]}) of a {width} x {height} page"
            yield Problem(kind, f"train.csv: {page.image_id}", f"{box} {what}", repaired=True)
