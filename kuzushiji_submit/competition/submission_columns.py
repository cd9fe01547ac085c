"""The columns of a submission: image_id and labels, each once, two cells a row, as Kaggle's parser wants them."""

from collections import Counter
from collections.abc import Sequence

from kuzushiji_submit.competition.csv_table import Row

COLUMNS = ("image_id", "labels")
_INDEX_NAMES = ("", "index", "Unnamed: 0")


def column_faults(table: Sequence[Row]) -> list[str]:
    """What is wrong with the header and the length of rows, one line for each; none for a table of two columns.

    Columns that are missing are no matter of this list: nothing can be read without them.

    Args:
        table: header and rows with all their cells; at least a header.
    """
    header = table[0].cells
    faults = [f"line {table[0].line}: {fault}" for fault in _header_faults(header)]
    odd_rows = (row for row in table[1:] if len(row.cells) != len(header))
    faults.extend(f"line {row.line}: {_describe_length(row.cells, len(header))}" for row in odd_rows)
    return faults


def _header_faults(header: Sequence[str]) -> list[str]:
    counts = Counter(header)
    faults = [f"the column {name} is there {counts[name]} times: keep one" for name in COLUMNS if counts[name] > 1]
    others = [(place, name) for place, name in enumerate(header) if name not in COLUMNS]
    for place, name in others:
        if place == 0 and name in _INDEX_NAMES:
            faults.append(f"column 1 ({name!r}) is an index, as pandas writes it: write the file with index=False")
        elif not name.strip() and place == len(header) - 1:
            faults.append("the header ends in a comma: remove it here and in every row")
        else:
            faults.append(f"column {place + 1} ({name!r}) is neither image_id nor labels: remove it")
    return faults


def _describe_length(cells: Sequence[str], wanted: int) -> str:
    if len(cells) < wanted:
        return f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'} instead of {wanted}: restore the row"
    if not any(cells[wanted:]):
        return f"{len(cells)} cells instead of {wanted}: the row ends in a comma: remove it"
    return f"{len(cells)} cells instead of {wanted}, the last is {cells[-1][:30]!r}: no comma may stand in a cell"
