"""Where the competition's files lie inside a data folder."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kuzushiji_submit.competition.missing_folder import explain_no_folder
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.core.page.image_formats import describe_other, read_head
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.page_folder import FolderContent, look_through
from kuzushiji_submit.core.page.spreads import split_spread

logger = logging.getLogger(__name__)

SHOWN = 5
"""How many of the files that are no images are named; the others are counted."""


@dataclass(frozen=True)
class DataFolder:
    """A folder in the competition's own layout."""

    root: Path

    @property
    def train_csv(self) -> Path:
        """Truth of the train pages."""
        return self.root / "train.csv"

    @property
    def translation_csv(self) -> Path:
        """Character of each codepoint."""
        return self.root / "unicode_translation.csv"

    @property
    def sample_csv(self) -> Path:
        """Rows a submission must have."""
        return self.root / "sample_submission.csv"

    @property
    def train_images(self) -> Path:
        """Folder of the train pages."""
        return self.root / "train_images"

    @property
    def test_images(self) -> Path:
        """Folder of the pages to read."""
        return self.root / "test_images"


def list_images(folder: Path, *, split_spreads: bool = False) -> dict[str, PageFile]:
    """The page images that a path leads to, by image_id, in ascending order of id.

    Args:
        folder: a folder of images, with the folders in it; one image or PDF file; or a text file that lists paths.
        split_spreads: whether the scan of an open book is two pages.

    An image_id is the file's name without its suffix, behind the folders it lies in (see `PageFile`); the pages of a
    file that holds several are NAME_p0001, NAME_p0002, ..., those of a spread NAME_1r and NAME_2l. Files are told by
    their content; those that are no images are named in a warning.

    Raises:
        CompetitionFileError: if there is no such folder or file, the file is no image, or two pages share an id.
    """
    images, content = find_images(folder, split_spreads=split_spreads)
    for line in left_out(content):
        logger.warning("%s: %s", folder, line)
    return images


def find_images(folder: Path, *, split_spreads: bool = False) -> tuple[dict[str, PageFile], FolderContent]:
    """As `list_images`, with what else is there instead of a warning about it."""
    if not folder.exists():
        raise CompetitionFileError(f"{folder}: {explain_no_folder(folder)}")
    try:
        content = look_through(folder)
    except OSError as error:
        raise CompetitionFileError(f"{folder}: cannot be read ({error.strerror or error}): check the path") from None
    if not folder.is_dir() and not content.pages:
        raise CompetitionFileError(f"{folder}: {explain_no_folder(folder)}")
    images: dict[str, PageFile] = {}
    for whole in content.pages:
        for page in split_spread(whole) if split_spreads else (whole,):
            if page.image_id in images:
                other = images[page.image_id]
                raise CompetitionFileError(
                    f"{page.path}: same id as {_beside(other, page)}: rename one of the two files"
                )
            images[page.image_id] = page
    return dict(sorted(images.items())), content


def _beside(other: PageFile, page: PageFile) -> str:
    return other.path.name if other.path.parent == page.path.parent else str(other.path)


def left_out(content: FolderContent) -> list[str]:
    """What a user should know of a folder's files that are not read, a line each kind, without the folder's name."""
    kinds = (
        (content.others, "file is no image and is left out", "files are no images and are left out"),
        (content.lacking, "file of the list is not there", "files of the list are not there"),
        (content.folders, "folder in it cannot be looked into", "folders in it cannot be looked into"),
        (content.own, "folder in it was written by this program", "folders in it were written by this program"),
    )
    return [
        f"{len(paths)} {one if len(paths) == 1 else several}: {_named(paths)}" for paths, one, several in kinds if paths
    ]


def _named(paths: Sequence[Path]) -> str:
    names = [_hinted(path) for path in paths[:SHOWN]]
    return ", ".join(names) + (f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else "")


def _hinted(path: Path) -> str:
    hint = describe_other(read_head(path)) if path.is_file() else ""
    return f"{path.name} ({hint})" if hint else path.name
