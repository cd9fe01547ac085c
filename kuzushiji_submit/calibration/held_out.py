"""Pages of held-out books as they were read without a threshold, beside their truth, from one or several journals.

```
run without books A B ─▶ held_out.jsonl: pages of A B ─┐
run without books C D ─▶ held_out.jsonl: pages of C D ─┼─▶ every page read by a network that has not seen its book
run without books E F ─▶ held_out.jsonl: pages of E F ─┘     └─▶ threshold, second level, F1 by book
```
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from kuzushiji_submit.calibration.threshold import best_threshold, find_hits, judge
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.page_images import read_annotated_pages
from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.core.files import atomic_text
from kuzushiji_submit.reading.journal import finished_pages
from kuzushiji_submit.reading.page_reading import PageReading

Pages = Sequence[tuple[PageReading, PageTruth]]


@dataclass(frozen=True)
class ThresholdChoice:
    """A `min_score` for readings of held-out books, and what it is worth.

    Attributes:
        min_score: the best on all of them together.
        counts: what they score with it.
        by_book: what each book scores with the threshold that is best on the others; with its own where it is alone.
    """

    min_score: float
    counts: Counts
    by_book: Mapping[str, Counts]

    @property
    def judged(self) -> Counts:
        """The sum over the books, each with a threshold that it had no part in."""
        return sum(self.by_book.values(), Counts())


def load_readings(journals: Iterable[Path], data: DataFolder) -> list[tuple[PageReading, PageTruth]]:
    """The readings of several journals with their truth; of a page that several hold, the first counts.

    Args:
        journals: written by `kuzushiji held-out`.
        data: data folder with the truth of their pages; it must be complete.

    Raises:
        CompetitionFileError: if a journal is missing, or no page of them has truth.
        OutputError: if a journal cannot be read.
    """
    # With the images at hand ids are those of their files, as they are in the readings.
    annotated = read_annotated_pages(data)[0] if data.train_images.is_dir() else read_repaired_truth(data.train_csv)
    truth = {page.image_id: page for page in annotated}
    found: dict[str, tuple[PageReading, PageTruth]] = {}
    names = []
    for path in journals:
        if not path.is_file():
            raise CompetitionFileError(f"{path}: no readings: make them (kuzushiji held-out) or name another file")
        names.append(str(path))
        for page in finished_pages(path):
            if page.image_id in truth:
                found.setdefault(page.image_id, (page, truth[page.image_id]))
    if not any(len(page_truth) for _, page_truth in found.values()):
        raise CompetitionFileError(
            f"{', '.join(names)}: no annotated page of {data.train_csv} in there: name readings of its pages"
        )
    return list(found.values())


def choose_threshold(pages: Pages) -> ThresholdChoice:
    """The threshold that is best on pages read without one."""
    books = _by_book(pages)
    best = best_threshold(*judge(pages))
    by_book = {}
    for book, own in books.items():
        others = [page for other, read in books.items() if other != book for page in read]
        by_book[book] = score_by_book(own, best_threshold(*judge(others or own)).min_score)[book]
    return ThresholdChoice(best.min_score, best.counts, by_book)


def score_by_book(pages: Pages, min_score: float) -> dict[str, Counts]:
    """What the pages of each book score with a threshold."""
    return {book: sum((_score(*page, min_score) for page in read), Counts()) for book, read in _by_book(pages).items()}


def write_threshold(path: Path, choice: ThresholdChoice, notes: str) -> None:
    """Writes a threshold as settings that `predict --config` takes.

    Raises:
        OutputError: if the file cannot be written.
    """
    with atomic_text(path) as stream:
        stream.write(f"# The best on readings of {notes}: F1 {choice.counts.f1:.4f}.\n")
        stream.write(f"min_score = {choice.min_score!r}\n")


def table_of_books(columns: Mapping[str, Mapping[str, Counts]]) -> pd.DataFrame:
    """F1 by book: a row a book, in order, and one of all together; what a column lacks is not a number.

    Args:
        columns: counts by book, by the heading of the column.
    """
    books = sorted({book for counts in columns.values() for book in counts})
    table = pd.DataFrame({"book": [*books, "all"]})
    for heading, counts in columns.items():
        f1 = [counts[book].f1 if book in counts else np.nan for book in books]
        table[heading] = [*f1, sum(counts.values(), Counts()).f1]
    return table


def show_table(table: pd.DataFrame) -> str:
    """A table for the console, with an end of line."""
    return table.to_string(index=False, na_rep="-", float_format="{:.4f}".format) + "\n"


def _score(page: PageReading, truth: PageTruth, min_score: float) -> Counts:
    kept = page.select(page.scores >= min_score)
    tp = int(find_hits(kept, truth).sum())
    return Counts(tp, len(kept) - tp, len(truth) - tp)


def _by_book(pages: Pages) -> dict[str, list[tuple[PageReading, PageTruth]]]:
    books: dict[str, list[tuple[PageReading, PageTruth]]] = {}
    for page in pages:
        books.setdefault(book_of(page[1].image_id), []).append(page)
    return dict(sorted(books.items()))
