"""Labeled pages that an adapted reader must not read worse than before."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.hidden_books import refuse_hidden_books
from kuzushiji_submit.competition.page_images import read_annotated_pages
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.progress import progress


@dataclass(frozen=True)
class GuardPages:
    """The pages of a guard.

    Attributes:
        truth: every character of each page.
        images: their image files, by image_id.
    """

    truth: tuple[PageTruth, ...]
    images: Mapping[str, PageFile]

    def pages(self) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """The pages of (image_id, uint8 (H, W, 3) RGB), with a progress bar.

        Raises:
            PageReadError: if one cannot be read: a guard that judges by other pages the second time is none.
        """
        for page in progress(self.truth, "guard"):
            yield page.image_id, read_page(self.images[page.image_id])


def read_guard(data: DataFolder, trained_on: Set[str], adapted_to: Set[str]) -> GuardPages:
    """The annotated pages of a data folder that have an image.

    Args:
        data: the folder; its truth must be complete.
        trained_on: books of the labeled crops.
        adapted_to: pages that are adapted to.

    Raises:
        CompetitionFileError: if there is no such page, or one is of what is trained on.
        HiddenBookError: if one may be in the competition's hidden test set.
    """
    annotated, images = read_annotated_pages(data)
    truth = tuple(page for page in annotated if page.image_id in images and len(page))
    if not truth:
        raise CompetitionFileError(f"{data.train_csv}: no annotated page with an image to guard with: name another")
    refuse_hidden_books((page.image_id for page in truth), str(data.train_csv))
    known = sorted(
        {page.image_id for page in truth if book_of(page.image_id) in trained_on or page.image_id in adapted_to}
    )
    if known:
        raise CompetitionFileError(
            f"{data.train_csv}: {len(known)} pages of the guard are trained on or adapted to ({', '.join(known[:3])}), "
            "and would say that all is well: name pages of other books"
        )
    return GuardPages(truth, images)
