"""The image file of each page: one place where ids of tables and names of files meet."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.id_forms import IdMatches, OtherForm, match_ids
from kuzushiji_submit.competition.problems import Problem
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth

logger = logging.getLogger(__name__)

_SHOWN = 3


@dataclass(frozen=True)
class PageImages:
    """The images of a folder, by the ids of a table.

    Attributes:
        folder: the folder.
        files: its images by the ids that the files' names give.
        matches: which of these ids each of the table's means.
    """

    folder: Path
    files: Mapping[str, Path]
    matches: IdMatches

    def __contains__(self, image_id: object) -> bool:
        return image_id in self.matches.found

    def path(self, image_id: str) -> Path | None:
        """The image of a page, None if there is none."""
        file_id = self.file_id(image_id)
        return None if file_id is None else self.files[file_id]

    def file_id(self, image_id: str) -> str | None:
        """The id of a page as its file's name gives it, None if there is no image."""
        return self.matches.found.get(image_id)

    def why_missing(self, image_id: str) -> str:
        """Why a page that was asked for has no image, and what to do."""
        near = self.matches.ambiguous.get(image_id)
        if near:
            names = " and ".join(self.files[name].name for name in near[:_SHOWN])
            return (
                f"no image of exactly this name in {self.folder}, but {names}, which differ in form: write the id as "
                f"the file's name without its ending, such as {near[0]}"
            )
        example = next(iter(self.files), None)
        like = f" (ids are written as the names of its files without ending, such as {example})" if example else ""
        return f"no image in {self.folder}: fetch it{like}"


def match_images(image_ids: Iterable[str], folder: Path) -> PageImages:
    """Finds the images of pages in a folder, and says in the log which ids are written otherwise than their files.

    Args:
        image_ids: the pages wanted.
        folder: a folder of page images.

    Raises:
        CompetitionFileError: if the images cannot be listed.
    """
    images = PageImages(folder, files := list_images(folder), match_ids(image_ids, files))
    otherwise = images.matches.otherwise()
    if otherwise:
        logger.warning("%s: %s", folder, describe_other_forms(otherwise, images.files))
    return images


def describe_other_forms(otherwise: Mapping[str, OtherForm], files: Mapping[str, Path]) -> str:
    """Which ids differ from their files' names, and how, in one line.

    Args:
        otherwise: the file's id and the difference, by id; at least one.
        files: the images by their files' ids.
    """
    first = [
        f"{image_id!r} is {files[form.name].name} ({form.difference})"
        for image_id, form in list(otherwise.items())[:_SHOWN]
    ]
    rest = f" and {len(otherwise) - _SHOWN} more" if len(otherwise) > _SHOWN else ""
    count = "1 id is" if len(otherwise) == 1 else f"{len(otherwise)} ids are"
    return f"{count} written otherwise than the file: {', '.join(first)}{rest}; ids are names without ending"


def read_annotated_pages(
    data: DataFolder, problems: list[Problem] | None = None
) -> tuple[list[PageTruth], dict[str, Path]]:
    """The truth of a data folder, and the images of its pages by the same ids.

    Where a row writes an id otherwise than the file, the page gets the file's: books are told by it, and files named.

    Args:
        data: the data folder.
        problems: as in `read_repaired_truth`.

    Raises:
        CompetitionFileError: if train.csv cannot be read or the images cannot be listed.
    """
    truth = read_repaired_truth(data.train_csv, problems)
    images = match_images((page.image_id for page in truth), data.train_images)
    named = [replace(page, image_id=images.file_id(page.image_id) or page.image_id) for page in truth]
    return named, {page.image_id: images.files[page.image_id] for page in named if page.image_id in images.files}
