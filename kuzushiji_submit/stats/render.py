"""The HTML of the report on a data folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.markup import count, document, notice, plural, text
from kuzushiji_submit.report.pieces import (
    Shown,
    drawing,
    gallery,
    glyph,
    glyph_cell,
    header,
    present,
    scoreboard,
    section,
)
from kuzushiji_submit.report.tables import Cell, Column, number_cell, table
from kuzushiji_submit.stats.collect import Statistics

_MOST_LISTED = 500  # pages of one character


@dataclass(frozen=True)
class PageShown:
    """A page that was drawn: its id, the name of its picture, its characters, its size in pixels."""

    image_id: str
    picture: str
    characters: int
    size_hw: tuple[int, int]


@dataclass(frozen=True)
class Sample:
    """A character that was cut: where it stands, its label, the name of its files, the steps that were drawn."""

    image_id: str
    index: int
    codepoint: str
    name: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class StatsContent:
    """What the report tells.

    Attributes:
        data: name of the data folder.
        figures: all counts.
        pages: pages drawn.
        samples: characters cut.
        contains: the codepoint whose pages are listed, if any.
        pages_with: these pages and how often it occurs on each.
        draws: how many draws an epoch has, by the name of the balance.
        unreadable: why pages could not be drawn.
        glyphs: how characters are shown.
    """

    data: str
    figures: Statistics
    pages: Sequence[PageShown]
    samples: Sequence[Sample]
    contains: str | None
    pages_with: Sequence[tuple[str, int]]
    draws: Mapping[str, float]
    unreadable: Sequence[str]
    glyphs: Glyphs


def render(content: StatsContent) -> str:
    """The report's HTML."""
    figures = content.figures
    facts = (
        f"{plural(figures.pages, 'page')} of {plural(len(figures.books), 'book')}",
        f"{plural(figures.empty, 'page')} without text, {figures.without_image} without image",
    )
    links = [
        ("frequencies", "Frequencies"),
        ("samples", "Samples"),
        ("steps", "Step by step"),
        ("pages", "Pages"),
        ("books", "Books"),
        ("classes", "Classes"),
    ]
    sections = [
        _scores(figures),
        _search(content),
        _frequencies(content),
        _samples(content),
        _steps(content),
        _pages(content),
        _books(figures),
        _classes(content),
    ]
    body = "\n".join(sections)
    top = header(f"Data of {content.data}", facts, present(links, body))
    parts = [top, "<main>", notice(content.unreadable), body, "</main>"]
    title = f"Data of {content.data}"
    return document(title=title, body="\n".join(parts), root="", scripts=("tables.js",), body_class="index")


def _scores(figures: Statistics) -> str:
    counts = np.array(list(figures.counts.values()))
    numbers = (
        ("Characters", count(figures.characters)),
        ("Classes", count(len(counts))),
        ("Occurring once", count(int((counts == 1).sum()))),
        ("500 and more", count(int((counts >= 500).sum()))),
        ("Median a class", f"{np.median(counts):,.0f}"),
        ("Median a page", f"{np.median(figures.per_page):,.0f}"),
    )
    return scoreboard(numbers, label="Figures")


def _search(content: StatsContent) -> str:
    if content.contains is None:
        return ""
    columns = (Column("Page"), Column("Times", numeric=True))
    rows = [[Cell(text(image_id), image_id), number_cell(times)] for image_id, times in content.pages_with]
    listed = table(columns, rows[:_MOST_LISTED], caption=f"Pages with {content.contains}")
    rest = len(rows) - _MOST_LISTED
    more = f'<p class="hint">And {plural(rest, "more page")}.</p>' if rest > 0 else ""
    found = f"{glyph(content.contains, content.glyphs)} on {plural(len(rows), 'page')}"
    details = f"<details><summary>Pages</summary>{listed}{more}</details>"
    return f'<section id="search"><p class="lead">{found}</p>{details}</section>'


def _frequencies(content: StatsContent) -> str:
    draws = "; ".join(f"{name}: {plural(round(total), 'draw')} an epoch" for name, total in content.draws.items())
    words = f"Classes before and after balancing, by the sampler alone: no file is copied. {draws}."
    body = drawing("pictures/frequencies.png", "Class frequencies before and after balancing", words)
    body += drawing(
        "pictures/sizes.png", "Characters a page and sizes of boxes", "Characters a page, and sizes of boxes."
    )
    return section("frequencies", "Frequencies", body)


def _samples(content: StatsContent) -> str:
    shown = [
        Shown(f"crops/{one.name}.jpg", content.glyphs.text_of(one.codepoint), _caption(content, one))
        for one in content.samples
    ]
    return section("samples", "Samples", gallery(shown, small=True))


def _caption(content: StatsContent, sample: Sample) -> str:
    where = f"<small>{text(sample.image_id)} box {sample.index}</small>"
    return f"{glyph(sample.codepoint, content.glyphs)}<br>{where}"


def _steps(content: StatsContent) -> str:
    shown = [one for one in content.samples if one.steps]
    pictures = [
        Shown(
            f"pictures/{one.name}.png",
            f"{content.glyphs.text_of(one.codepoint)} step by step",
            f"{_caption(content, one)}<br>{text(', '.join(one.steps))}",
        )
        for one in shown
    ]
    hint = (
        "From the scan to what a network sees. Binary: darker by 2 gray levels than the mean of a block of the whole "
        "height, or of two thirds of it."
    )
    return section("steps", "Step by step", gallery(pictures), hint=hint)


def _pages(content: StatsContent) -> str:
    body = ""
    for page in content.pages:
        height, width = page.size_hw
        words = f"{page.image_id}: {plural(page.characters, 'character')}, {width} x {height} pixels"
        body += drawing(f"crops/{page.picture}.jpg", f"{page.image_id} with boxes", words)
        squished = f"crops/{page.picture}-squished.jpg"
        body += drawing(squished, f"{page.image_id} squished", "The same squeezed to a square, boxes and all.")
    return section("pages", "Pages", body)


def _books(figures: Statistics) -> str:
    columns = (
        Column("Book"),
        Column("Pages", numeric=True),
        Column("Without text", numeric=True),
        Column("Characters", numeric=True),
        Column("Classes", numeric=True),
    )
    rows = [
        [Cell(text(book.book_id), book.book_id)]
        + [number_cell(value) for value in (book.pages, book.empty, book.characters, book.classes)]
        for book in figures.books
    ]
    return f'<section id="books">{table(columns, rows, caption="Books")}</section>'


def _classes(content: StatsContent) -> str:
    columns = (Column("Class"), Column("Characters", numeric=True), Column("Pages", numeric=True))
    rows = [
        [glyph_cell(codepoint, content.glyphs), number_cell(times), number_cell(content.figures.pages_of[codepoint])]
        for codepoint, times in content.figures.counts.most_common()
    ]
    return f'<section id="classes">{table(columns, rows, caption="Classes")}</section>'
