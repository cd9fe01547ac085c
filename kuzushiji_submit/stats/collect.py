"""Counting what a data folder holds."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.truth import PageTruth


@dataclass(frozen=True)
class BookFigures:
    """A book: its pages, those without text, its characters and classes."""

    book_id: str
    pages: int
    empty: int
    characters: int
    classes: int


@dataclass(frozen=True, eq=False)
class Statistics:
    """A data folder in numbers.

    Attributes:
        pages: how many pages train.csv lists.
        empty: how many of them have no character.
        without_image: how many have no image file.
        counts: how often each codepoint is annotated.
        pages_of: on how many pages each codepoint occurs.
        per_page: int64 (pages,), characters of each page.
        sides: float32 (boxes, 2), width and height of every box with area, page pixels.
        books: ascending by id.
    """

    pages: int
    empty: int
    without_image: int
    counts: Counter[str]
    pages_of: Counter[str]
    per_page: NDArray[np.int64]
    sides: NDArray[np.float32]
    books: tuple[BookFigures, ...]

    @property
    def characters(self) -> int:
        """All annotated characters."""
        return self.counts.total()


def collect(truth: Sequence[PageTruth], images: Collection[str]) -> Statistics:
    """Counts a truth; `images` are the ids of the pages that have an image."""
    pages = pd.DataFrame(
        {
            "page": [page.image_id for page in truth],
            "book": [book_of(page.image_id) for page in truth],
            "characters": np.array([len(page) for page in truth], np.int64),
        }
    )
    boxes = np.concatenate([np.zeros((0, 4), np.float32), *(page.boxes[~page.without_area] for page in truth)])
    table = _characters(truth)
    # In the order of first occurrence, so that equally frequent classes keep one order.
    classes = table.groupby("codepoint", sort=False)["page"].agg(["size", "nunique"])
    return Statistics(
        pages=len(pages),
        empty=int((pages["characters"] == 0).sum()),
        without_image=int((~pages["page"].isin(list(images))).sum()),
        counts=Counter({str(name): int(times) for name, times in classes["size"].items()}),
        pages_of=Counter({str(name): int(times) for name, times in classes["nunique"].items()}),
        per_page=pages["characters"].to_numpy(np.int64),
        sides=boxes[:, 2:] - boxes[:, :2],
        books=_books(pages, table),
    )


def pages_with(truth: Sequence[PageTruth], codepoint: str) -> list[tuple[str, int]]:
    """The pages on which a codepoint occurs and how often, most often first."""
    found = [(page.image_id, page.codepoints.count(codepoint)) for page in truth]
    return sorted(((image_id, times) for image_id, times in found if times), key=lambda page: (-page[1], page[0]))


def _characters(truth: Sequence[PageTruth]) -> pd.DataFrame:
    """A row for every annotated character: page, book, codepoint."""
    lengths = [len(page) for page in truth]
    return pd.DataFrame(
        {
            "page": np.repeat(np.array([page.image_id for page in truth], object), lengths),
            "book": np.repeat(np.array([book_of(page.image_id) for page in truth], object), lengths),
            "codepoint": np.array([codepoint for page in truth for codepoint in page.codepoints], object),
        }
    )


def _books(pages: pd.DataFrame, characters: pd.DataFrame) -> tuple[BookFigures, ...]:
    """Ascending by id; a book of which no page has text has no class."""
    books = pages.groupby("book")["characters"].agg(
        pages="size", empty=lambda lengths: (lengths == 0).sum(), characters="sum"
    )
    classes = characters.groupby("book")["codepoint"].nunique()
    books["classes"] = classes.reindex(books.index, fill_value=0)
    return tuple(BookFigures(str(book_id), *map(int, figures)) for book_id, *figures in books.itertuples())
