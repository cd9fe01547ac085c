"""train.csv: what is written where on each page."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.csv_table import Row, read_rows
from kuzushiji_submit.competition.labels import TRUTH_NUMBERS, format_number, is_nan, parse_groups
from kuzushiji_submit.competition.problems import Kind, Problem
from kuzushiji_submit.competition.separators import separator_faults
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CompetitionFileError, LabelsError
from kuzushiji_submit.core.files import atomic_text

COLUMNS = ("image_id", "labels")


@dataclass(frozen=True, eq=False)
class PageTruth:
    """The annotated characters of one page, in file order (the metric depends on it).

    Attributes:
        image_id: the page's id, without extension.
        codepoints: N codepoints such as "U+306F".
        boxes: float32 (N, 4), xyxy in page pixels; not clipped to the page.

    Raises:
        ValueError: if the lengths do not agree.
    """

    image_id: str
    codepoints: tuple[str, ...]
    boxes: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.boxes.shape != (len(self.codepoints), 4):
            raise ValueError(f"boxes must have shape ({len(self.codepoints)}, 4), got {self.boxes.shape}")

    def __len__(self) -> int:
        return len(self.codepoints)

    @property
    def without_area(self) -> NDArray[np.bool_]:
        """Which boxes no point can lie in, shape (N,)."""
        x0, y0, x1, y1 = self.boxes.T
        return np.asarray((x1 <= x0) | (y1 <= y0), np.bool_)

    def outside(self, size_hw: tuple[int, int]) -> NDArray[np.bool_]:
        """Which boxes lie wholly outside a page of this height and width, shape (N,)."""
        x0, y0, x1, y1 = self.boxes.T
        return np.asarray((x1 <= 0) | (y1 <= 0) | (x0 >= size_hw[1]) | (y0 >= size_hw[0]), np.bool_)


def read_truth(path: Path) -> list[PageTruth]:
    """Reads a file in train.csv's format that must be without fault.

    Boxes without area are kept, because the metric counts them (as misses).

    Raises:
        LabelsError: on a bad group, or anything but one blank between tokens; names file, line, image_id and token.
        CompetitionFileError: if the file cannot be read, or an image_id is missing or occurs twice.
    """
    return _read_truth(path, None)


def read_repaired_truth(path: Path, problems: list[Problem] | None = None) -> list[PageTruth]:
    """Reads what is sound in a file in train.csv's format: a bad group and a repeated row are left out.

    Other separators than the metric's one blank are read as one.

    Args:
        path: the CSV file.
        problems: what was left out, and boxes without area (which are kept), are added to this list.

    Raises:
        CompetitionFileError: if the file cannot be read.
    """
    return _read_truth(path, [] if problems is None else problems)


def _read_truth(path: Path, problems: list[Problem] | None) -> list[PageTruth]:
    pages: list[PageTruth] = []
    seen: dict[str, int] = {}
    for row in read_rows(path, COLUMNS):
        image_id = row.cells[0]
        if not image_id.strip() or image_id in seen:
            known = f"image_id {image_id!r} occurs again (first on line {seen.get(image_id)})"
            what = known if image_id.strip() else "no image_id"
            _note(
                problems,
                Kind.DUPLICATE_ID,
                f"{path}: line {row.line}",
                f"{what}: this row is left out",
                CompetitionFileError,
            )
            continue
        seen[image_id] = row.line
        pages.append(_parse_page(path, row, image_id, problems))
    return pages


def _parse_page(path: Path, row: Row, image_id: str, problems: list[Problem] | None) -> PageTruth:
    groups = parse_groups(row.cells[1], TRUTH_NUMBERS, codepoints_only=True)
    where = f"{path}: line {row.line}: {image_id}"
    for bad in groups.bad:
        message = f"token {bad.token}: {bad.reason} in {bad.text!r}: this group is left out"
        _note(problems, Kind.BAD_GROUP, where, message, LabelsError)
    if row.cells[1].strip(" "):
        for fault in separator_faults(row.cells[1]):
            _note(problems, Kind.ODD_SEPARATOR, where, f"{fault}: read as a blank", LabelsError)
    boxes = groups.numbers.astype(np.float32)
    boxes[:, 2:] += boxes[:, :2]
    page = PageTruth(image_id, groups.names, boxes)
    if problems is not None and is_nan(row.cells[1]):
        problems.append(
            Problem(
                Kind.NAN_LABELS, where, "the text 'nan' for labels: read as a page without characters", repaired=True
            )
        )
    if problems is not None:
        for place in np.flatnonzero(page.without_area):
            message = f"box {place + 1} ({groups.names[place]}) has no area: kept for scoring, never trained on"
            problems.append(Problem(Kind.NO_AREA, where, message, repaired=True))
    return page


def _note(
    problems: list[Problem] | None, kind: Kind, where: str, message: str, error: type[CompetitionFileError]
) -> None:
    if problems is None:
        fault = message.rsplit(":", 1)[0]
        raise error(f"{where}: {fault}: correct the row, or let `kuzushiji check` list every fault of the file")
    problems.append(Problem(kind, where, message, repaired=True))


def write_truth(path: Path, pages: Iterable[PageTruth]) -> None:
    """Writes pages in train.csv's format, atomically.

    Raises:
        OutputError: if the file cannot be written.
    """
    with atomic_text(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((page.image_id, format_truth_labels(page)) for page in pages)


def format_truth_labels(page: PageTruth) -> str:
    """The labels cell of a page: "U+XXXX X Y W H" repeated."""
    xywh = page.boxes.astype(np.float64)
    xywh[:, 2:] -= xywh[:, :2]
    return " ".join(
        " ".join((codepoint, *map(format_number, numbers)))
        for codepoint, numbers in zip(page.codepoints, xywh.tolist(), strict=True)
    )


def charset_of(pages: Sequence[PageTruth]) -> Charset:
    """The charset of a data folder: every codepoint its truth uses, in ascending code order (4,212 in the real one)."""
    return Charset.from_labels(codepoint for page in pages for codepoint in page.codepoints)
