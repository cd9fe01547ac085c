"""How often each codepoint is annotated, as a CSV with the columns codepoint,train_count,char."""

import csv
from collections.abc import Mapping
from pathlib import Path

from kuzushiji_submit.competition.csv_table import read_rows
from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.core.errors import CharsetError, CompetitionFileError
from kuzushiji_submit.core.files import atomic_text

COLUMNS = ("codepoint", "train_count")


def read_class_counts(path: Path) -> dict[str, int]:
    """Reads the file.

    Raises:
        CompetitionFileError: if it cannot be read, or a row holds no codepoint or no count.
    """
    counts: dict[str, int] = {}
    for row in read_rows(path, COLUMNS):
        codepoint, text = row.cells
        try:
            to_character(codepoint)
            counts[codepoint] = counts.get(codepoint, 0) + int(text)
        except (CharsetError, ValueError) as error:
            raise CompetitionFileError(f"{path}: line {row.line}: {error}: correct the row") from None
    return counts


def write_class_counts(path: Path, counts: Mapping[str, int]) -> None:
    """Writes the file, atomically.

    Raises:
        OutputError: if it cannot be written.
    """
    with atomic_text(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow((*COLUMNS, "char"))
        writer.writerows((codepoint, count, to_character(codepoint)) for codepoint, count in counts.items())
