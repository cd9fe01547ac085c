"""Every annotated character as an image file of its own, in the seed's layout, with a manifest.

Training does not need these files (it reads crop stores); they are for looking at and for other programs.
"""

import csv
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kuzushiji_submit.competition.csv_table import read_rows
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.page_images import read_annotated_pages
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.engine import Failure, map_pages
from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.core.files import atomic_text, fit_name
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.read import read_page

logger = logging.getLogger(__name__)

MANIFEST = "manifest.csv"
COLUMNS = ("image_id", "index", "codepoint", "x0", "y0", "x1", "y1", "file")
Row = tuple[str, ...]


@dataclass(frozen=True)
class _Job:
    """One page to cut: picklable, because pages are cut in several processes."""

    file: PageFile
    truth: PageTruth
    out: Path
    suffix: str


@dataclass(frozen=True)
class CropFiles:
    """What an export gave.

    Attributes:
        files: how many files there are now, those of earlier runs included.
        pages: of how many pages.
        kept: how many of these pages an earlier run had cut.
        left_out: how many boxes or pages have no file, by reason.
    """

    files: int
    pages: int
    kept: int
    left_out: Counter[str]


def export_crops(data: DataFolder, out: Path, suffix: str = "png", *, workers: int = 1) -> CropFiles:
    """Writes out/U+XXXX/IMAGE_ID_INDEX.SUFFIX in gray for every box, and out/manifest.csv.

    The index counts the boxes of a page from 0, as in the seed. Boxes are cut at the page's border; the manifest has an
    empty file name where nothing is left. A run that was stopped goes on where it was.

    Args:
        data: the data folder.
        out: a folder, new or of an earlier run.
        suffix: "png" loses nothing; "jpg" is what the seed wrote.
        workers: processes.

    Raises:
        CompetitionFileError: if train.csv or the manifest cannot be read.
        OutputError: if a file cannot be written, or the folder holds files of the other format.
    """
    truth, images = read_annotated_pages(data)
    truth = [page for page in truth if len(page)]
    left_out = Counter({"pages without image": sum(page.image_id not in images for page in truth)})
    rows = _finished_rows(out / MANIFEST, {page.image_id: len(page) for page in truth}, suffix)
    kept = {row[0] for row in rows}
    jobs = [
        _Job(images[page.image_id], page, out, suffix)
        for page in truth
        if page.image_id in images and page.image_id not in kept
    ]
    _write_manifest(out / MANIFEST, rows)
    with (out / MANIFEST).open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        for made in map_pages(_cut, jobs, workers, "processes", progress="crop files"):
            if isinstance(made, Failure):
                logger.warning("%s: %s", made.item.truth.image_id, made.error)
                left_out["unreadable pages"] += 1
            else:
                writer.writerows(made)
                stream.flush()
                rows += made
    left_out["boxes without area or outside the page"] = sum(not row[-1] for row in rows)
    pages = len({row[0] for row in rows})
    return CropFiles(sum(bool(row[-1]) for row in rows), pages, len(kept), +left_out)


def _cut(job: _Job) -> list[Row]:
    """Writes the files of a page; gives its rows of the manifest."""
    gray = np.asarray(cv2.cvtColor(read_page(job.file), cv2.COLOR_RGB2GRAY), np.uint8)
    rows: list[Row] = []
    for index, (codepoint, box) in enumerate(zip(job.truth.codepoints, job.truth.boxes, strict=True)):
        crop = cut_box(gray, box)
        name = f"{codepoint}/{fit_name(f'{job.truth.image_id}_{index}', f'.{job.suffix}')}" if crop.size else ""
        if name:
            _save(crop, job.out / name)
        rows.append((job.truth.image_id, str(index), codepoint, *(f"{value:g}" for value in box), name))
    return rows


def cut_box(page: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The part of a page in a box, as it is: page uint8 (H, W, ...), box xyxy; without pixels if nothing is left."""
    height, width = page.shape[:2]
    x0, x1 = (int(np.clip(value, 0, width)) for value in (np.floor(box[0]), np.ceil(box[2])))
    y0, y1 = (int(np.clip(value, 0, height)) for value in (np.floor(box[1]), np.ceil(box[3])))
    return page[y0:y1, x0:x1]


def _save(crop: NDArray[np.uint8], path: Path) -> None:
    # Not moved into place: the manifest lists a page once all its files are whole, and others are written again.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(crop)).save(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error}): free space") from error


def _finished_rows(manifest: Path, counts: dict[str, int], suffix: str) -> list[Row]:
    """The rows of an earlier run whose pages are complete.

    Raises:
        OutputError: if that run wrote another format.
    """
    if not manifest.is_file():
        return []
    text = manifest.read_text(encoding="utf-8")
    if not text.endswith("\n"):  # a kill cut the last line short
        with atomic_text(manifest) as stream:
            stream.write(text[: text.rfind("\n") + 1] or ",".join(COLUMNS) + "\n")
    rows = [row.cells for row in read_rows(manifest, COLUMNS)]
    if any(row[-1] and not row[-1].endswith(f".{suffix}") for row in rows):
        raise OutputError(f"{manifest.parent}: holds crops of another format than {suffix}: name another folder")
    found = Counter(row[0] for row in rows)
    return [row for row in rows if found[row[0]] == counts.get(row[0])]


def _write_manifest(path: Path, rows: Sequence[Row]) -> None:
    with atomic_text(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
