"""Where the competition's files lie inside a data folder."""

import os
from dataclasses import dataclass
from pathlib import Path

from kuzushiji_submit.competition.missing_folder import explain_no_folder
from kuzushiji_submit.core.errors import CompetitionFileError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")


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


def image_id_of(path: Path) -> str:
    r"""The id of a page image: the file's name without its suffix.

    Bytes that are no UTF-8, as in Shift-JIS names out of old archives, are spelled out ("\x83y_1"), so that the id
    can be written and read again.
    """
    return os.fsencode(path.stem).decode("utf-8", "backslashreplace")


def list_images(folder: Path) -> dict[str, Path]:
    """The page images of a folder by image_id (see `image_id_of`), in ascending order of id.

    Raises:
        CompetitionFileError: if there is no such folder, or two files share an id.
    """
    if not folder.is_dir():
        raise CompetitionFileError(f"{folder}: {explain_no_folder(folder)}")
    images: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in IMAGE_SUFFIXES or path.name.startswith("."):
            continue
        image_id = image_id_of(path)
        if image_id in images:
            raise CompetitionFileError(f"{path}: same id as {images[image_id].name}: remove one of the two files")
        images[image_id] = path
    return dict(sorted(images.items()))
