"""The submission: one row a page, one point a character."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.csv_table import Row, read_table, select_columns
from kuzushiji_submit.competition.id_forms import match_ids
from kuzushiji_submit.competition.labels import POINT_NUMBERS, Groups, format_number, is_nan, parse_groups
from kuzushiji_submit.competition.separators import separator_faults
from kuzushiji_submit.competition.submission_columns import COLUMNS, column_faults
from kuzushiji_submit.core.errors import SubmissionError
from kuzushiji_submit.core.files import atomic_text

MAX_POINTS = 1200  # predictions a page may hold, by the competition's rules
SAMPLE_CELL = "U+003F 1 1 U+FF2F 2 2"  # what every row of the sample file holds


@dataclass(frozen=True, eq=False)
class PagePoints:
    """The predictions of one page, in submission order (the metric depends on it).

    Attributes:
        image_id: the page's id, without extension.
        labels: N texts, compared with the truth's codepoints letter by letter.
        points: float64 (N, 2), x and y in page pixels.

    Raises:
        ValueError: if the lengths do not agree.
    """

    image_id: str
    labels: tuple[str, ...]
    points: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.points.shape != (len(self.labels), 2):
            raise ValueError(f"points must have shape ({len(self.labels)}, 2), got {self.points.shape}")

    def __len__(self) -> int:
        return len(self.labels)


def keep_best(points: PagePoints, scores: NDArray[np.float32], limit: int = MAX_POINTS) -> PagePoints:
    """The best-scored `limit` points of a page, in their old order; of equal scores the earlier is kept."""
    if len(points) <= limit:
        return points
    kept = np.sort(np.argsort(-scores, kind="stable")[:limit])
    return PagePoints(points.image_id, tuple(points.labels[place] for place in kept), points.points[kept])


def write_submission(path: Path, sample_ids: Sequence[str], pages: Mapping[str, PagePoints]) -> None:
    """Writes a submission with the sample's rows in the sample's order, atomically.

    Args:
        path: the CSV file to write.
        sample_ids: the ids to write; one that `pages` lacks gets an empty row.
        pages: points by image_id.

    Raises:
        SubmissionError: if a page holds more than MAX_POINTS, or is not in the sample.
        OutputError: if the file cannot be written.
    """
    strangers = sorted(pages.keys() - set(sample_ids))
    if strangers:
        raise SubmissionError(
            f"{strangers[0]}: predicted but not in the sample ({len(strangers)} such): predict its pages"
        )
    write_rows(path, ((image_id, pages.get(image_id)) for image_id in sample_ids))


def write_rows(path: Path, rows: Iterable[tuple[str, PagePoints | None]]) -> None:
    """Writes a submission row by row, atomically, so that no more than one page need be in memory.

    Args:
        path: the CSV file to write.
        rows: image_id and points of each row in order; None for an empty row.

    Raises:
        SubmissionError: if a page holds more than MAX_POINTS.
        OutputError: if the file cannot be written.
    """
    with atomic_text(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for image_id, page in rows:
            if page is not None and len(page) > MAX_POINTS:
                raise SubmissionError(f"{image_id}: {len(page)} points: keep the best {MAX_POINTS}")
            writer.writerow((image_id, _format_points(page) if page is not None else ""))


def _format_points(page: PagePoints) -> str:
    return " ".join(
        f"{label} {format_number(x)} {format_number(y)}"
        for label, (x, y) in zip(page.labels, page.points.tolist(), strict=True)
    )


def settings_path(submission: Path) -> Path:
    """Where the settings of a submission lie: "submission.csv" has "submission.settings.json"."""
    return submission.with_suffix(".settings.json")


def write_settings(submission: Path, settings: Mapping[str, object]) -> None:
    """Saves what made a submission beside it, as JSON.

    Raises:
        OutputError: if the file cannot be written.
    """
    with atomic_text(settings_path(submission)) as stream:
        json.dump(settings, stream, ensure_ascii=False, indent=2)
        stream.write("\n")


def read_submission(path: Path) -> list[PagePoints]:
    """Reads a submission for scoring: labels are any text, as the metric compares them.

    Raises:
        SubmissionError: on what the metric or Kaggle's parser refuses: other columns than the two, a row that is longer
            or shorter, a group that is not a label and two numbers, anything but one blank between tokens, or an
            image_id that occurs twice.
        CompetitionFileError: if the file cannot be read.
    """
    table = read_table(path)
    rows = select_columns(path, _of_full_length(table), COLUMNS)
    faults = column_faults(table)
    if faults:
        raise SubmissionError(f"{path}: {faults[0]}")
    pages: dict[str, PagePoints] = {}
    for row in rows:
        image_id, cell = row.cells
        groups = parse_groups(cell, POINT_NUMBERS, codepoints_only=False)
        fault = f"{image_id!r} occurs twice" if image_id in pages else _fault_of_cell(image_id, cell, groups)
        if fault:
            raise SubmissionError(f"{path}: line {row.line}: {fault}: predict anew or correct the row")
        pages[image_id] = PagePoints(image_id, groups.names, groups.numbers)
    return list(pages.values())


def _fault_of_cell(image_id: str, cell: str, groups: Groups) -> str | None:
    if faults := separator_faults(cell):
        return f"{image_id}: {faults[0]}"
    if not groups.bad:
        return None
    bad = groups.bad[0]
    return f"{image_id}: token {bad.token}: {bad.reason} in {bad.text!r}"


def _of_full_length(table: Sequence[Row]) -> list[Row]:
    """The header, and the rows that are not shorter."""
    return [row for row in table if len(row.cells) >= len(table[0].cells)]


def find_faults(path: Path, sample_ids: Sequence[str]) -> list[str]:
    """Everything for which Kaggle would refuse a submission, or give it no point it could have had.

    Args:
        path: the submission.
        sample_ids: the ids of the sample file.

    Returns:
        one line per fault, naming line, page and token; empty for a good submission.

    Raises:
        CompetitionFileError: if the file cannot be read, or lacks a column.
    """
    table = read_table(path)
    rows = select_columns(path, _of_full_length(table), COLUMNS)
    expected = set(sample_ids)
    otherwise = match_ids([row.cells[0] for row in rows], sample_ids).otherwise()
    seen: set[str] = set()
    faults = column_faults(table)
    for row in rows:
        image_id = row.cells[0]
        if image_id in seen:
            faults.append(f"line {row.line}: {image_id!r} occurs twice: remove one of the rows")
        elif image_id in otherwise:
            what = f"the sample writes {otherwise[image_id].name!r} ({otherwise[image_id].difference})"
            faults.append(f"line {row.line}: {image_id!r} is not in the sample, {what}: write it so")
        elif image_id not in expected:
            faults.append(f"line {row.line}: {image_id!r} is not in the sample: remove the row")
        seen.add(image_id)
        faults.extend(f"line {row.line}: {image_id}: {fault}" for fault in _cell_faults(row.cells[1]))
    seen.update(other.name for other in otherwise.values())
    missing = [image_id for image_id in sample_ids if image_id not in seen]
    faults.extend(
        f"{image_id}: the sample has this page and the submission has not: add its row" for image_id in missing
    )
    return faults + _worthless(rows)


def _cell_faults(cell: str) -> list[str]:
    groups = parse_groups(cell, POINT_NUMBERS, codepoints_only=True)
    faults = [f"token {bad.token}: {bad.reason} in {bad.text!r}" for bad in groups.bad]
    if len(groups.names) > MAX_POINTS:
        faults.append(f"{len(groups.names)} points: at most {MAX_POINTS} are allowed on a page")
    if not groups.bad:
        places = np.flatnonzero((groups.numbers < 0).any(axis=1))
        faults.extend(
            f"token {3 * place + 1}: {groups.names[place]} lies left of or above the page" for place in places
        )
    if is_nan(cell):
        faults.append("the text 'nan' for labels: leave the cell empty")
    return faults + separator_faults(cell)


def _worthless(rows: Sequence[Row]) -> list[str]:
    cells = {row.cells[1].strip() for row in rows}
    if cells <= {""}:
        return ["every row is empty: this would score 0"]
    return ["every row holds the sample's own labels: this would score 0"] if cells == {SAMPLE_CELL} else []
