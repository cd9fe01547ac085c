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
    csv.field_size_limit(_FIELD_LIMIT)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _parse(path, stream, columns)
    except FileNotFoundError:
        raise CompetitionFileError(f"{path}: no such file: check the path") from None
    except IsADirectoryError:
        raise CompetitionFileError(f"{path}: is a folder: name the CSV file in it") from None
    except UnicodeDecodeError as error:
        raise CompetitionFileError(f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8 CSV") from None
    except OSError as error:
        raise CompetitionFileError(
            f"{path}: cannot be read ({error.strerror}): check the path and its rights"
        ) from None


def _parse(path: Path, stream: TextIO, columns: Sequence[str]) -> list[Row]:
    reader = csv.reader(stream, strict=True)
    try:
        header = next(reader, None)
        if not header:
            raise CompetitionFileError(f"{path}: is empty: its first line must name the columns {','.join(columns)}")
        missing = [name for name in columns if name not in header]
        if missing:
            raise CompetitionFileError(
                f"{path}: line 1: no column {', '.join(missing)} among {','.join(header)[:80]}: "
                f"the columns must be {','.join(columns)}"
            )
        places = [header.index(name) for name in columns]
        return [_row(path, reader.line_num, cells, places) for cells in reader if cells]
    except csv.Error as error:
        raise CompetitionFileError(f"{path}: line {reader.line_num}: not CSV ({error}): restore the file") from None


def _row(path: Path, line: int, cells: list[str], places: list[int]) -> Row:
    if len(cells) <= max(places):
        raise CompetitionFileError(
            f"{path}: line {line}: {len(cells)} cells where the header has more: restore the row"
        )
    return Row(line, tuple(cells[place] for place in places))
