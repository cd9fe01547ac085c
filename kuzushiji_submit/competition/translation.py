"""unicode_translation.csv: the character of each codepoint.

The real table gives five codepoints another character than their own (U+3007 "0" among them), so a difference is a
note and not an error; reports show the table's character.
"""

from pathlib import Path

from kuzushiji_submit.competition.csv_table import read_rows
from kuzushiji_submit.competition.problems import Kind, Problem
from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.core.errors import CharsetError, CompetitionFileError

COLUMNS = ("Unicode", "char")


def read_translation(path: Path, problems: list[Problem] | None = None) -> dict[str, str]:
    """Reads the table, either edition (4,787 rows, or the older 4,781).

    Args:
        path: the CSV file.
        problems: where given, malformed or repeated codepoints are noted here and left out, and characters that are not
            the codepoint's own are noted and kept; where None, the former raise and the latter pass.

    Returns:
        character by codepoint, in file order.

    Raises:
        CompetitionFileError: if the file cannot be read or, with `problems` None, a row is wrong.
    """
    table: dict[str, str] = {}
    for row in read_rows(path, COLUMNS):
        codepoint, character = row.cells
        fault = _fault(codepoint, table)
        if fault and problems is None:
            raise CompetitionFileError(f"{path}: line {row.line}: {fault}: correct the row")
        if fault is None:
            table[codepoint] = character
            own = to_character(codepoint)
            note = None if character == own else f"{codepoint} is {own!r}, the table says {character!r}: kept"
        else:
            note = f"{fault}: left out"
        if note and problems is not None:
            problems.append(Problem(Kind.BAD_TRANSLATION, f"{path}: line {row.line}", note, repaired=True))
    return table


def _fault(codepoint: str, table: dict[str, str]) -> str | None:
    try:
        to_character(codepoint)
    except CharsetError as error:
        return str(error)
    return f"{codepoint} occurs twice" if codepoint in table else None
