"""Where the competition's files lie inside a data folder."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kuzushiji_submit.competition.missing_folder import explain_no_folder
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.core.page.image_formats import describe_other, read_head
from kuzushiji_submit.core.page.page_files import FolderContent, PageFile, look_through

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


def list_images(folder: Path) -> dict[str, PageFile]:
    """The page images of a folder, or of one image file, by image_id, in ascending order of id.

    An image_id is the file's name without its suffix (see `PageFile`); the pages of a TIFF file that holds several are
    NAME_p0001, NAME_p0002, ... Files are told by their content; those that are no images are named in a warning.

    Raises:
        CompetitionFileError: if there is no such folder or file, the file is no image, or two pages share an id.
    """
    images, content = find_images(folder)
    for line in left_out(content):
        logger.warning("%s: %s", folder, line)
    return images


def find_images(folder: Path) -> tuple[dict[str, PageFile], FolderContent]:
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
    for page in content.pages:
        if page.image_id in images:
            other_name = images[page.image_id].path.name
            raise CompetitionFileError(f"{page.path}: same id as {other_name}: remove one of the two files")
        images[page.image_id] = page
    return dict(sorted(images.items())), content


def left_out(content: FolderContent) -> list[str]:
    """What a user should know of a folder's files that are not read, a line each kind, without the folder's name."""
    lines = []
    if content.others:
        count = len(content.others)
        files = "1 file is no image and is" if count == 1 else f"{count} files are no images and are"
        lines.append(f"{files} left out: {_named(content.others)}")
    if content.folders:
        count = len(content.folders)
        folders = "1 folder in it is" if count == 1 else f"{count} folders in it are"
        lines.append(f"{folders} not looked into: {_named(content.folders)}")
    return lines


def _named(paths: Sequence[Path]) -> str:
    names = [_hinted(path) for path in paths[:SHOWN]]
    return ", ".join(names) + (f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else "")


def _hinted(path: Path) -> str:
    hint = describe_other(read_head(path)) if path.is_file() else ""
    return f"{path.name} ({hint})" if hint else path.name
