"""sample_submission.csv: which pages a submission must list, and in which order."""

from pathlib import Path

from kuzushiji_submit.competition.csv_table import read_rows
from kuzushiji_submit.core.errors import CompetitionFileError


def read_sample_ids(path: Path) -> list[str]:
    """The image_ids of a sample submission, in file order.

    Takes the file with two columns (4,150 rows) and the later one with a third column, spelled "Useage" (1,730 rows).

    Raises:
        CompetitionFileError: if the file cannot be read, has no row, or lists an image_id twice or an empty one.
    """
    ids: list[str] = []
    seen: set[str] = set()
    for row in read_rows(path, ("image_id",)):
        image_id = row.cells[0]
        if not image_id.strip() or image_id in seen:
            fault = f"{image_id!r} occurs twice" if image_id.strip() else "no image_id"
            raise CompetitionFileError(f"{path}: line {row.line}: {fault}: restore the competition's file")
        seen.add(image_id)
        ids.append(image_id)
    if not ids:
        raise CompetitionFileError(f"{path}: lists no page: restore the competition's file")
    return ids
