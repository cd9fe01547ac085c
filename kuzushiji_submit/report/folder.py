"""The report's folder: what may be overwritten, where its files lie, and names that every file system takes."""

import hashlib
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.core.files import atomic_text
from kuzushiji_submit.core.scratch import is_left_behind

MARKER = ".kuzushiji-report"
ASSETS = ("report.css", "index.js", "page.js", "tables.js")
PAGE_REPORT = ("assets", "crops", "pages", "scans", "thumbnails")
FIGURE_REPORT = ("assets", "crops", "pictures")
_EVERY_SUBFOLDER = tuple(sorted({*PAGE_REPORT, *FIGURE_REPORT}))
_LONGEST_NAME = 80
# Windows takes these for devices, whatever ending they have.
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})


@dataclass(frozen=True)
class ReportFolder:
    """A folder that belongs to a report."""

    root: Path

    @property
    def index(self) -> Path:
        """The report's first page."""
        return self.root / "index.html"

    def page(self, name: str) -> Path:
        """The HTML file of a page."""
        return self.root / "pages" / f"{name}.html"

    def scan(self, name: str) -> Path:
        """The page's image at display size."""
        return self.root / "scans" / f"{name}.jpg"

    def thumbnail(self, name: str) -> Path:
        """The page's image for the index."""
        return self.root / "thumbnails" / f"{name}.jpg"

    def crop(self, name: str) -> Path:
        """The image of a character."""
        return self.root / "crops" / f"{name}.jpg"

    def picture(self, name: str) -> Path:
        """A drawing."""
        return self.root / "pictures" / f"{name}.png"


def prepare_folder(root: Path, subfolders: Sequence[str] = PAGE_REPORT, command: str = "report") -> ReportFolder:
    """Makes the folder, or empties that of an earlier report, and puts marker and assets into it.

    Args:
        root: the folder.
        subfolders: what this kind of report has.
        command: the command that makes it, for the marker.

    Raises:
        OutputError: if the folder holds anything but a report, is a file, or cannot be written.
    """
    try:
        if root.is_dir():
            _clear(root)
        for name in subfolders:
            (root / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{root}: cannot be made a report folder ({error.strerror}): name another with --out"
        ) from None
    with atomic_text(root / MARKER) as stream:
        stream.write(f"This folder was made by `kuzushiji {command}`, which overwrites it without asking.\n")
    for name in ASSETS:
        with atomic_text(root / "assets" / name) as stream:
            stream.write(resources.files("kuzushiji_submit.report").joinpath("assets", name).read_text("utf-8"))
    return ReportFolder(root)


def _clear(root: Path) -> None:
    if (root / MARKER).is_file():
        (root / "index.html").unlink(missing_ok=True)
        for name in _EVERY_SUBFOLDER:
            if (root / name).is_dir():
                shutil.rmtree(root / name)
    elif any(not is_left_behind(path) for path in root.iterdir()):
        raise OutputError(f"{root}: holds files that are not a report's: name an empty or new folder with --out")


def safe_names(image_ids: Iterable[str]) -> dict[str, str]:
    """A file name without suffix for each id: the id itself where it is harmless, else a likeness with a hash.

    Names differ also where upper and lower case do not.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for image_id in image_ids:
        name = re.sub(r"[^A-Za-z0-9_-]", "_", image_id)[:_LONGEST_NAME]
        if not name or name != image_id or name.lower() in taken or name.lower() in _RESERVED:
            digest = hashlib.sha256(image_id.encode("utf-8", "surrogatepass")).hexdigest()[:10]
            name = f"{name or 'page'}-{digest}"
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        names[image_id] = name
    return names
