"""What a synthetic competition consists of: which page belongs to which book, and what is laid out on it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.synthetic.book import BookStyle, draw_book_style
from kuzushiji_submit.synthetic.fonts import FontError, FontSet
from kuzushiji_submit.synthetic.hand import Hand, Making
from kuzushiji_submit.synthetic.identifiers import side_of, synthetic_image_id
from kuzushiji_submit.synthetic.page import DrawnPage, draw_page
from kuzushiji_submit.synthetic.placement import Layout, draw_layout, empty_layout, layout_from_truth
from kuzushiji_submit.synthetic.real_hand import RealHands
from kuzushiji_submit.synthetic.statistics import (
    MARGIN_FACTOR,
    PageFigures,
    PageStatistics,
    load_statistics,
    measure_statistics,
)
from kuzushiji_submit.synthetic.text import TextSource

PAGES_A_BOOK = 40
BOOK_SEED, PAGE_SEED, PLAN_SEED = 1, 2, 3


@dataclass(frozen=True)
class SynthesisSettings:
    """Everything the pages depend on, besides the fonts and the layout file.

    Attributes:
        pages: number of train pages.
        test_pages: number of test pages; they belong to books of their own.
        seed: any two competitions of one seed, one set of fonts and one layout are the same.
        books: number of train books; None for about one in 40 pages, at least 4.
        height: height of every image in pixels; None for the sizes of real scans (2,600 to 4,700).
        jpeg_quality: 1 to 100.
        empty: part of the pages on which nothing is annotated, where the layout is drawn (276 of 3,881 in reality).
        tempering: 0 for the real class frequencies, 1 for all classes alike, where the layout is drawn.
        clutter: False for annotated characters alone on clean paper.

    Raises:
        ConfigError: if a value is out of its range.
    """

    pages: int
    test_pages: int = 0
    seed: int = 0
    books: int | None = None
    height: int | None = None
    jpeg_quality: int = 92
    empty: float = 0.071
    tempering: float = 0.0
    clutter: bool = True

    def __post_init__(self) -> None:
        rules = (
            (self.pages >= 0 and self.test_pages >= 0, "pages and test_pages must be 0 or more"),
            (0 <= self.seed < 2**31, "seed must be between 0 and 2147483647"),
            (self.books is None or self.books >= 1, "books must be 1 or more"),
            (self.height is None or 64 <= self.height <= 8000, "height must be between 64 and 8000 pixels"),
            (1 <= self.jpeg_quality <= 100, "jpeg_quality must be between 1 and 100"),
            (0 <= self.empty <= 1, "empty must be between 0 and 1"),
            (0 <= self.tempering <= 1, "tempering must be between 0 and 1"),
        )
        for holds, message in rules:
            if not holds:
                raise ConfigError(message)


@dataclass(frozen=True)
class PageTask:
    """One page to draw.

    Attributes:
        index: its place among all pages, which seeds it.
        image_id: its id.
        book: the synthetic book it belongs to.
        test: whether it is a test page.
        source: its place in the layout file; None where the layout is drawn.
    """

    index: int
    image_id: str
    book: int
    test: bool
    source: int | None


@dataclass
class Synthesizer:
    """Draws the pages of one competition; any page at any time, in any process, with the same result.

    Attributes:
        settings: what to make.
        fonts: the fonts to write with.
        layouts: pages of a real truth to re-ink, or None to draw layouts from the figures of real pages.
        real: real hands for some of the train books, or None. Test books are written with the fonts alone: a real glyph
            seen in training would not test anything.

    Raises:
        FontError: if the fonts hold none of the characters.
    """

    settings: SynthesisSettings
    fonts: FontSet
    layouts: list[PageTruth] | None = None
    real: RealHands | None = None
    _books: dict[int, tuple[BookStyle, Hand]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.statistics = load_statistics() if self.layouts is None else _statistics_of(self.layouts)
        try:
            self.text = TextSource(
                self.statistics,
                lambda character: self.fonts.drawn_character(character) is not None,
                self.settings.tempering,
            )
        except ValueError as error:
            raise FontError(
                "the fonts hold none of the characters to be written: name brush fonts with kana and kanji by --fonts"
            ) from error
        self._real_text = self.text if self.real is None else self._text_of_real_books(self.real)
        self._sources = _sources_by_book(self.layouts or [])

    def _text_of_real_books(self, real: RealHands) -> TextSource:
        """Text that, the more it is tempered, leans the more on classes with real glyphs."""
        holders = real.glyphs.holders
        return TextSource(
            self.statistics,
            lambda character: f"U+{ord(character):04X}" in holders or self.fonts.drawn_character(character) is not None,
            self.settings.tempering,
            frozenset(map(to_character, holders)),
        )

    @property
    def _train_books(self) -> int:
        return self.settings.books or max(4, round(self.settings.pages / PAGES_A_BOOK))

    def tasks(self) -> list[PageTask]:
        """Every page of the competition, train pages first."""
        settings = self.settings
        train_books = self._train_books
        test_books = max(1, round(train_books * settings.test_pages / max(settings.pages, 1)))
        tasks = self._tasks_of(settings.pages, range(min(train_books, settings.pages)), 0, test=False)
        first_test = range(train_books, train_books + min(test_books, settings.test_pages))
        return tasks + self._tasks_of(settings.test_pages, first_test, len(tasks), test=True)

    def _tasks_of(self, count: int, books: range, first: int, *, test: bool) -> list[PageTask]:
        if not count:
            return []
        rng = np.random.default_rng((self.settings.seed, PLAN_SEED, int(test)))
        shares = rng.dirichlet(np.full(len(books), 3.0)) * (count - len(books))
        sizes = 1 + np.floor(shares).astype(int)
        sizes[: count - int(sizes.sum())] += 1
        tasks: list[PageTask] = []
        for book, size in zip(books, sizes.tolist(), strict=True):
            sources = self._draw_sources(book, size)
            for place, source in enumerate(sources):
                side = None if source is None or self.layouts is None else side_of(self.layouts[source].image_id)
                image_id = synthetic_image_id(self.settings.seed, book, place, side)
                tasks.append(PageTask(first + len(tasks), image_id, book, test, source))
        return tasks

    def _draw_sources(self, book: int, size: int) -> list[int | None]:
        if self.layouts is None:
            return [None] * size
        rng = np.random.default_rng((self.settings.seed, PLAN_SEED, 2, book))
        names = sorted(self._sources)
        pages = np.array([len(self._sources[name]) for name in names], float)
        sources = self._sources[names[int(rng.choice(len(names), p=pages / pages.sum()))]]
        order = np.concatenate([rng.permutation(sources) for _ in range(-(-size // len(sources)))])
        return [int(source) for source in order[:size]]

    def draw(self, task: PageTask) -> DrawnPage:
        """Draws one page of the plan."""
        rng = np.random.default_rng((self.settings.seed, PAGE_SEED, task.index))
        style, hand = self.book(task.book)
        layout = self._layout(task, rng)
        if self.settings.height is not None:
            layout = layout.scaled(self.settings.height / layout.size_hw[0])
        return draw_page(
            layout,
            style,
            hand,
            self._text(hand),
            rng,
            gutter_left=side_of(task.image_id) == 1,
            clutter=self.settings.clutter,
        )

    def book(self, book: int) -> tuple[BookStyle, Hand]:
        """The style and the hand of a book."""
        if book not in self._books:
            seed = (self.settings.seed, BOOK_SEED, book)
            style = draw_book_style(np.random.default_rng(seed), len(self.fonts))
            source = None
            if self.real is not None and book < self._train_books:
                style, source = self.real.draw(seed, style)
            self._books[book] = style, Hand(self.fonts, style.hand, seed, source)
        return self._books[book]

    def manuscripts(self) -> list[str]:
        """The ids of the plan's books that are handwritten, in order."""
        books = {book_of(task.image_id): task.book for task in self.tasks()}
        return sorted(name for name, book in books.items() if self.book(book)[0].hand.making is Making.MANUSCRIPT)

    def _text(self, hand: Hand) -> TextSource:
        return self.text if hand.source is None else self._real_text

    def _layout(self, task: PageTask, rng: np.random.Generator) -> Layout:
        if task.source is not None and self.layouts is not None:
            page = self.layouts[task.source]
            book = [self.layouts[source] for source in self._sources[book_of(page.image_id)]]
            size_hw, block = _page_area(book, side_of(page.image_id))
            return layout_from_truth(page, size_hw, block).framed(block)
        book_rng = np.random.default_rng((self.settings.seed, BOOK_SEED, task.book, 1))
        model = self._draw_model(book_rng)
        scale = book_rng.uniform(0.92, 1.12)
        size_hw = self.statistics.page_sizes_hw[model]
        pages = self.statistics.pages_of(model, side_of(task.image_id))
        figures = pages[int(rng.integers(len(pages)))]
        if rng.random() < self.settings.empty:
            layout = empty_layout(figures, size_hw)
        else:
            layout = draw_layout(figures, size_hw, self.statistics, self._text(self.book(task.book)[1]), rng)
        return layout.framed(_book_block(pages)).scaled(scale)

    def _draw_model(self, rng: np.random.Generator) -> int:
        """A real book to follow, the likelier the more pages it has."""
        books = self.statistics.books
        weights = np.sqrt([len(self.statistics.pages_of(book)) for book in books])
        return books[int(rng.choice(len(books), p=weights / weights.sum()))]


def _statistics_of(pages: list[PageTruth]) -> PageStatistics:
    counts = Counter(codepoint for page in pages for codepoint in page.codepoints)
    return measure_statistics(pages, counts)


def _sources_by_book(pages: list[PageTruth]) -> dict[str, list[int]]:
    sources: defaultdict[str, list[int]] = defaultdict(list)
    for place, page in enumerate(pages):
        sources[book_of(page.image_id)].append(place)
    return dict(sources)


def _book_block(pages: list[PageFigures]) -> tuple[float, float, float, float]:
    """The written area that a book's fuller pages share."""
    most = max(page.characters for page in pages)
    full = np.array([page[-4:] for page in pages if 2 * page.characters >= most], np.float64)
    left, top = np.percentile(full[:, :2], 25, axis=0).tolist()
    right, bottom = np.percentile(full[:, 2:], 75, axis=0).tolist()
    return left, top, right, bottom


def _page_area(pages: list[PageTruth], side: int) -> tuple[tuple[int, int], tuple[float, float, float, float]]:
    """The image size (height, width) and the written area of one side of a book, judged by where characters stand."""
    written = [page.boxes for page in pages if len(page.boxes)]
    if not written:
        return (3000, 2000), (200.0, 300.0, 1800.0, 2700.0)
    most = max(map(len, written))
    full = [page.boxes for page in pages if 2 * len(page.boxes) >= most and side_of(page.image_id) == side] or written
    left, top = np.percentile([boxes[:, :2].min(axis=0) for boxes in full], 25, axis=0).tolist()
    right, bottom = np.percentile([boxes[:, 2:].max(axis=0) for boxes in full], 75, axis=0).tolist()
    largest = np.max([boxes[:, 2:].max(axis=0) for boxes in written], axis=0) * MARGIN_FACTOR
    return (int(np.ceil(largest[1])), int(np.ceil(largest[0]))), (left, top, right, bottom)
