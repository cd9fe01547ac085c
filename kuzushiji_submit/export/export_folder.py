"""Where exported pages lie: a folder a format, a file a page, each whole or not there.

```
OUT/page/.kuzushiji-export.json     what the files were made of
OUT/page/book_001.xml               named as the page's image
OUT/page/vol1/book_002.xml          in the folders that the image lies in
OUT/text/.kuzushiji-export.json
OUT/text/book_001.txt
```
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.core.files import atomic_bytes, atomic_text, fit_path, try_folder
from kuzushiji_submit.core.scratch import is_left_behind, sweep_beside
from kuzushiji_submit.export.formats import Format

MARKER = ".kuzushiji-export.json"


class Earlier(StrEnum):
    """What happens to the files of an earlier export."""

    REFUSE = "refuse"
    RESUME = "resume"
    REPLACE = "replace"


@dataclass(frozen=True)
class ExportFolder:
    """A folder that pages are exported to.

    Attributes:
        root: holds a folder for each format.
        formats: what is written.
        replace_option: what the command's option to replace an earlier export is called, for messages.
    """

    root: Path
    formats: Sequence[Format]
    replace_option: str = "--overwrite"

    def file(self, kind: Format, image_id: str) -> Path:
        """Where a page's file of a format lies."""
        return self.root / kind.name / fit_path(image_id, kind.suffix)

    def check(self, earlier: Earlier) -> None:
        """Finds out whether pages can be written here, before long work; nothing that is there changes.

        Raises:
            OutputError: if a folder holds anything but an export, or holds one and that is to be refused, or cannot be
                written.
        """
        for kind in self.formats:
            folder = self.root / kind.name
            try_folder(folder, "the folder for exported pages")
            present = any(path.name != MARKER and not is_left_behind(path) for path in folder.iterdir())
            if present and not (folder / MARKER).is_file():
                raise OutputError(f"{folder}: holds files that no export made: name an empty or new folder")
            if present and earlier is Earlier.REFUSE:
                raise OutputError(
                    f"{folder}: holds exported pages: add --resume to go on with them, {self.replace_option} to "
                    "replace them, or name another folder"
                )

    def prepare(self, made_of: Mapping[str, Any], earlier: Earlier) -> None:
        """Makes the folders ready: removes an earlier export that is to be replaced, and what a kill left half-written.

        Args:
            made_of: all that the files depend on, as JSON values.
            earlier: what to do with an earlier export.

        Raises:
            OutputError: as `check`, or if an earlier export that is to be gone on with was made of something else.
        """
        self.check(earlier)
        for kind in self.formats:
            folder = self.root / kind.name
            if earlier is Earlier.RESUME:
                _require_same(folder / MARKER, made_of, self.replace_option)
            _sweep(folder)
            if earlier is Earlier.REPLACE:
                _remove(folder)
            with atomic_text(folder / MARKER) as stream:
                json.dump(made_of, stream, ensure_ascii=False, indent=2)
                stream.write("\n")

    def holds(self, image_id: str) -> bool:
        """Whether a page is there in every format."""
        return all(self.file(kind, image_id).is_file() for kind in self.formats)

    def write(self, image_id: str, contents: Sequence[bytes]) -> None:
        """Writes a page's files, each atomically, in the order of the formats.

        Raises:
            OutputError: if one cannot be written.
        """
        for kind, content in zip(self.formats, contents, strict=True):
            atomic_bytes(self.file(kind, image_id), content)


def _require_same(marker: Path, made_of: Mapping[str, Any], option: str) -> None:
    if not marker.is_file():
        return
    try:
        before = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(f"{marker}: cannot be read ({error}): add {option} instead of --resume") from None
    if before != made_of:
        raise OutputError(
            f"{marker.parent}: its pages were made of another submission or characters file, or by another version: "
            f"give the same, or {option} instead of --resume"
        )


def _sweep(folder: Path) -> None:
    """Removes what a killed export had half-written."""
    for place in (folder, *(path for path in folder.rglob("*") if path.is_dir() and not is_left_behind(path))):
        sweep_beside(place)


def _remove(folder: Path) -> None:
    """Removes files, none of them the marker of an export, which protects the rest until then; and empty folders."""
    try:
        for path in folder.rglob("*"):
            if path.is_file() and path.name != MARKER:
                path.unlink()
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
                path.rmdir()
    except OSError as error:
        raise OutputError(f"{folder}: cannot be emptied ({error.strerror or error}): name another folder") from error
