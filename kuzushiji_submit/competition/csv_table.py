"""CSV files with named columns, read whole, with errors that name file and line.

By the standard library's reader and not by pandas, which knows no line of a row in whose cells or before which there
are line breaks, takes a row with a cell too many for one with an index, and loads longer than a small submission takes
to score.
"""

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from kuzushiji_submit.competition.foreign_tables import HEAD, explain_bytes, explain_columns, explain_separator
from kuzushiji_submit.core.errors import CompetitionFileError

# A labels cell of a full page holds over 10,000 characters; the csv module stops at 131,072 unless told.
_FIELD_LIMIT = min(sys.maxsize, 2**31 - 1)


@dataclass(frozen=True)
class Row:
    """One row: the 1-based line it ends on, and its cells in the order of the columns asked for."""

    line: int
    cells: tuple[str, ...]


def read_rows(path: Path, columns: Sequence[str]) -> list[Row]:
    """Reads the named columns of a CSV file; further columns are passed over, blank lines too.

    Args:
        path: a UTF-8 CSV file, with or without a byte-order mark.
        columns: the columns wanted, which must all be in the header.

    Raises:
        CompetitionFileError: if the file is missing, empty, not UTF-8, lacks a column, or a row has too few cells.
    """
    return select_columns(path, read_table(path), columns)


def read_table(path: Path) -> list[Row]:
    """Reads all cells of a CSV file, the header among them; blank lines are passed over.

    Raises:
        CompetitionFileError: if the file is missing, empty, or not UTF-8.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    try:
        with path.open("rb") as binary:
            what = explain_bytes(binary.read(HEAD))
        if what:
            raise CompetitionFileError(f"{path}: {what}")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _parse(path, stream)
    except FileNotFoundError:
        raise CompetitionFileError(f"{path}: no such file: check the path") from None
    except IsADirectoryError:
        raise CompetitionFileError(f"{path}: is a folder: name the CSV file in it") from None
    except UnicodeDecodeError as error:
        raise CompetitionFileError(
            f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8 CSV (in Excel: CSV UTF-8)"
        ) from None
    except OSError as error:
        raise CompetitionFileError(
            f"{path}: cannot be read ({error.strerror}): check the path and its rights"
        ) from None


def select_columns(path: Path, table: Sequence[Row], columns: Sequence[str]) -> list[Row]:
    """The named columns of a table that was read whole.

    Raises:
        CompetitionFileError: if the header lacks a column, or a row has too few cells.
    """
    header = table[0].cells
    missing = [name for name in columns if name not in header]
    if missing:
        raise CompetitionFileError(f"{path}: line {table[0].line}: {explain_columns(header, columns, missing)}")
    places = [header.index(name) for name in columns]
    return [_select(path, row, places) for row in table[1:]]


def _parse(path: Path, stream: TextIO) -> list[Row]:
    reader = csv.reader(stream, strict=True)
    rows: list[Row] = []
    try:
        rows.extend(Row(reader.line_num, tuple(cells)) for cells in reader if cells)
    except csv.Error as error:
        if separator := explain_separator(rows[0].cells if rows else ()):
            raise CompetitionFileError(f"{path}: {separator}") from None
        raise CompetitionFileError(f"{path}: line {reader.line_num}: not CSV ({error}): restore the file") from None
    if not rows:
        raise CompetitionFileError(f"{path}: is empty: its first line must name the columns")
    return rows


def _select(path: Path, row: Row, places: Sequence[int]) -> Row:
    if len(row.cells) <= max(places):
        raise CompetitionFileError(
            f"{path}: line {row.line}: {len(row.cells)} cells where the header has more: restore the row"
        )
    return Row(row.line, tuple(row.cells[place] for place in places))
