"""What real pages look like in figures: class counts, box sizes by class, columns by page, what follows what.

The figures held in `data/page_statistics.json` are facts that `measure_statistics` found in 759 of the 3,881 rows of
the competition's train.csv; its class counts are those of all rows.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.synthetic.box_columns import group_columns
from kuzushiji_submit.synthetic.identifiers import side_of
from kuzushiji_submit.synthetic.types import FloatArray

MIN_PAGE_CHARACTERS = 30
MIN_BIGRAM_COUNT = 2
MARGIN_FACTOR = 1.07


class PageFigures(NamedTuple):
    """One real page in figures, lengths in its own pixels.

    Width, height and pitch are medians, pitch is 0 without columns; side is 1 where the gutter is at the left and 2
    where it is at the right.
    """

    book: int
    side: int
    characters: int
    columns: int
    width: int
    height: int
    pitch: int
    left: int
    top: int
    right: int
    bottom: int


class BoxFigures(NamedTuple):
    """Mean and deviation of the natural logarithms of a class's box width and height over the page's median ones."""

    log_w: float
    dev_w: float
    log_h: float
    dev_h: float


KANA_BOX = BoxFigures(-0.05, 0.35, 0.0, 0.35)
KANJI_BOX = BoxFigures(0.18, 0.2, 0.12, 0.25)


@dataclass(frozen=True)
class PageStatistics:
    """Figures of real pages.

    Attributes:
        counts: how often each character occurs.
        boxes: box figures of the characters seen often enough.
        bigrams: for a character, those that follow it down a column and how often.
        pages: figures by page.
        page_sizes_hw: (height, width) of each book's pages, by the pages' `book`.
    """

    counts: Mapping[str, int]
    boxes: Mapping[str, BoxFigures]
    bigrams: Mapping[str, tuple[str, tuple[int, ...]]]
    pages: tuple[PageFigures, ...]
    page_sizes_hw: tuple[tuple[int, int], ...]
    _by_book: dict[int, list[PageFigures]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for page in self.pages:
            self._by_book.setdefault(page.book, []).append(page)

    @property
    def books(self) -> list[int]:
        """The books that have pages, ascending."""
        return sorted(self._by_book)

    def pages_of(self, book: int, side: int | None = None) -> list[PageFigures]:
        """The page figures of one book, of one side only where it has pages of that side."""
        pages = self._by_book[book]
        return [page for page in pages if page.side == side] or pages

    def box_figures(self, character: str) -> BoxFigures:
        """The box figures of a character, those of its script where it is too rare."""
        return self.boxes.get(character, KANA_BOX if ord(character) < 0x3100 else KANJI_BOX)

    def to_json(self) -> str:
        """The compact text that `from_json` reads."""
        return json.dumps(
            {
                "counts": dict(self.counts),
                "boxes": {
                    character: [round(value, 2) for value in figures] for character, figures in self.boxes.items()
                },
                "bigrams": {
                    character: [followers, list(counts)] for character, (followers, counts) in self.bigrams.items()
                },
                "pages": [list(page) for page in self.pages],
                "page_sizes_hw": [list(size) for size in self.page_sizes_hw],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> "PageStatistics":
        """The statistics that `to_json` wrote."""
        raw: dict[str, Any] = json.loads(text)
        return cls(
            counts=raw["counts"],
            boxes={character: BoxFigures(*figures) for character, figures in raw["boxes"].items()},
            bigrams={
                character: (followers, tuple(counts)) for character, (followers, counts) in raw["bigrams"].items()
            },
            pages=tuple(PageFigures(*page) for page in raw["pages"]),
            page_sizes_hw=tuple((int(height), int(width)) for height, width in raw["page_sizes_hw"]),
        )


@lru_cache(maxsize=1)
def load_statistics() -> PageStatistics:
    """The statistics that come with the project."""
    return PageStatistics.from_json(
        (resources.files("kuzushiji_submit.synthetic") / "data" / "page_statistics.json").read_text(encoding="utf-8")
    )


def measure_statistics(pages: Sequence[PageTruth], class_counts: Mapping[str, int]) -> PageStatistics:
    """Measures real pages.

    Args:
        pages: the truth of pages; empty pages are passed over.
        class_counts: occurrences by codepoint, of these pages or of more.
    """
    written = [page for page in pages if len(page.boxes)]
    books = sorted({book_of(page.image_id) for page in written})
    followers: defaultdict[str, Counter[str]] = defaultdict(Counter)
    logs: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    figures, extents = [], dict.fromkeys(books, (0.0, 0.0))
    for page in written:
        book = book_of(page.image_id)
        characters = [chr(int(codepoint[2:], 16)) for codepoint in page.codepoints]
        boxes = page.boxes.astype(np.float64)
        columns = group_columns(boxes)
        figures.append(_page_figures(books.index(book), side_of(page.image_id), boxes, columns))
        extents[book] = (max(extents[book][0], boxes[:, 3].max()), max(extents[book][1], boxes[:, 2].max()))
        for column in columns:
            for above, below in pairwise(column):
                followers[characters[above]][characters[below]] += 1
        if len(boxes) >= MIN_PAGE_CHARACTERS:
            _collect_box_logs(characters, boxes, logs)
    return PageStatistics(
        counts={chr(int(codepoint[2:], 16)): count for codepoint, count in class_counts.items()},
        boxes={character: _box_figures(values) for character, values in logs.items() if len(values) >= 4},
        bigrams=_frequent_bigrams(followers),
        pages=tuple(figures),
        page_sizes_hw=tuple(
            (round(extents[book][0] * MARGIN_FACTOR), round(extents[book][1] * MARGIN_FACTOR)) for book in books
        ),
    )


def _page_figures(book: int, side: int, boxes: FloatArray, columns: list[list[int]]) -> PageFigures:
    sizes = np.median(boxes[:, 2:] - boxes[:, :2], axis=0)
    centers = [float(np.median(boxes[column, 0] + boxes[column, 2])) / 2 for column in columns if len(column) >= 4]
    pitch = float(np.median(-np.diff(centers))) if len(centers) > 2 else 0.0
    extent = (boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max())
    return PageFigures(
        book,
        side,
        len(boxes),
        len(centers),
        int(sizes[0]),
        int(sizes[1]),
        int(pitch),
        *(int(value) for value in extent),
    )


def _collect_box_logs(
    characters: list[str], boxes: FloatArray, logs: defaultdict[str, list[tuple[float, float]]]
) -> None:
    sizes = np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    relative = np.log(sizes / np.median(sizes, axis=0))
    for character, (log_w, log_h) in zip(characters, relative.tolist(), strict=True):
        logs[character].append((log_w, log_h))


def _box_figures(values: list[tuple[float, float]]) -> BoxFigures:
    table = np.asarray(values)
    mean, deviation = table.mean(axis=0), np.minimum(table.std(axis=0), math.log(1.7))
    return BoxFigures(float(mean[0]), float(deviation[0]), float(mean[1]), float(deviation[1]))


def _frequent_bigrams(followers: Mapping[str, Counter[str]]) -> dict[str, tuple[str, tuple[int, ...]]]:
    frequent = {}
    for character, counter in followers.items():
        kept = [(follower, count) for follower, count in counter.most_common() if count >= MIN_BIGRAM_COUNT]
        if kept:
            frequent[character] = ("".join(follower for follower, _ in kept), tuple(count for _, count in kept))
    return frequent
