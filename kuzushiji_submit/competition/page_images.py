"""The image file of each page: one place where ids of tables and names of files meet."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.id_forms import OtherForm, match_ids
from kuzushiji_submit.competition.problems import Problem
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.spreads import with_halves

logger = logging.getLogger(__name__)

_SHOWN = 3


class PageImages(Mapping[str, PageFile]):
    """The images of a folder by the ids of a table; an id that has none is not among the keys."""

    def __init__(self, image_ids: Iterable[str], files: Mapping[str, PageFile], folder: Path) -> None:
        """Finds the image of each page.

        Args:
            image_ids: the pages wanted, as a table writes them.
            files: the folder's images, by the ids that the files' names give.
            folder: the folder, for messages.
        """
        self.folder = folder
        image_ids = list(image_ids)
        self._files = with_halves(files, image_ids)
        self._matches = match_ids(image_ids, self._files)

    def __getitem__(self, image_id: str) -> PageFile:
        return self._files[self._matches.found[image_id]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._matches.found)

    def __len__(self) -> int:
        return len(self._matches.found)

    def file_id(self, image_id: str) -> str:
        """The id of a page as its file's name gives it; the id itself where there is no image."""
        return self._matches.found.get(image_id, image_id)

    def otherwise(self) -> dict[str, OtherForm]:
        """The file's id, and the difference, of pages whose id the table writes otherwise."""
        return self._matches.otherwise()

    def why_missing(self, image_id: str) -> str:
        """Why a page that was asked for has no image, and what to do."""
        near = self._matches.ambiguous.get(image_id)
        if near:
            return (
                f"no image of exactly this name in {self.folder}, but of {' and '.join(near[:_SHOWN])}, which differ "
                f"in form: write the id as the file's name without its ending, such as {near[0]}"
            )
        example = next(iter(self._files), None)
        like = f" (ids are written as the names of its files without ending, such as {example})" if example else ""
        return f"no image in {self.folder}: fetch it{like}"


def match_images(image_ids: Iterable[str], folder: Path) -> PageImages:
    """Finds the images of pages in a folder, and says in the log which ids are written otherwise than their files.

    Args:
        image_ids: the pages wanted.
        folder: what `list_images` takes.

    Raises:
        CompetitionFileError: if the images cannot be listed.
    """
    return name_other_forms(PageImages(image_ids, list_images(folder), folder))


def name_other_forms(images: PageImages) -> PageImages:
    """Says in the log which ids are written otherwise than their files, and how; gives the images back."""
    otherwise = images.otherwise()
    if otherwise:
        first = [f"{image_id!r} is {form.name!r} ({form.difference})" for image_id, form in otherwise.items()][:_SHOWN]
        rest = f" and {len(otherwise) - _SHOWN} more" if len(otherwise) > _SHOWN else ""
        count = "1 id is" if len(otherwise) == 1 else f"{len(otherwise)} ids are"
        logger.warning(
            "%s: %s written otherwise than the file: %s; ids are the files' names without ending",
            images.folder,
            count,
            ", ".join(first) + rest,
        )
    return images


def read_annotated_pages(
    data: DataFolder, problems: list[Problem] | None = None
) -> tuple[list[PageTruth], dict[str, PageFile]]:
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
    named = [replace(page, image_id=images.file_id(page.image_id)) for page in truth]
    return named, {images.file_id(image_id): file for image_id, file in images.items()}
