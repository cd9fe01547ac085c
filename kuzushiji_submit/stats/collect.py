"""Counting what a data folder holds."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.charset_filter import count_codepoints
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
    per_page = np.array([len(page) for page in truth], np.int64)
    boxes = np.concatenate([np.zeros((0, 4), np.float32), *(page.boxes[~page.without_area] for page in truth)])
    books: dict[str, list[PageTruth]] = {}
    for page in truth:
        books.setdefault(book_of(page.image_id), []).append(page)
    return Statistics(
        pages=len(truth),
        empty=int((per_page == 0).sum()),
        without_image=sum(page.image_id not in images for page in truth),
        counts=count_codepoints(truth),
        pages_of=Counter(codepoint for page in truth for codepoint in set(page.codepoints)),
        per_page=per_page,
        sides=boxes[:, 2:] - boxes[:, :2],
        books=tuple(_figures(book_id, pages) for book_id, pages in sorted(books.items())),
    )


def pages_with(truth: Sequence[PageTruth], codepoint: str) -> list[tuple[str, int]]:
    """The pages on which a codepoint occurs and how often, most often first."""
    found = [(page.image_id, page.codepoints.count(codepoint)) for page in truth]
    return sorted(((image_id, times) for image_id, times in found if times), key=lambda one: (-one[1], one[0]))


def _figures(book_id: str, pages: Sequence[PageTruth]) -> BookFigures:
    counts = count_codepoints(pages)
    return BookFigures(book_id, len(pages), sum(not len(page) for page in pages), counts.total(), len(counts))
