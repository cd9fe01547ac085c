"""The HTML of the report on a data folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.markup import count, plural
from kuzushiji_submit.report.templates import render_template
from kuzushiji_submit.stats.collect import Statistics

_TEMPLATES = Path(__file__).with_name("templates")
_MAXIMUM_LISTED = 500  # pages of one character
_LINKS = (
    ("frequencies", "Frequencies"),
    ("samples", "Samples"),
    ("steps", "Step by step"),
    ("pages", "Pages"),
    ("books", "Books"),
    ("classes", "Classes"),
)


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


@dataclass(frozen=True)
class Picture:
    """A sample's picture: its file relative to the report, and words for those who do not see it."""

    source: str
    alt: str
    sample: Sample


def render(content: StatsContent) -> str:
    """The report's HTML."""
    figures, glyphs = content.figures, content.glyphs
    classes = ((name, times, figures.pages_of[name]) for name, times in figures.counts.most_common())
    shown: dict[str, object] = {
        "title": f"Data of {content.data}",
        "root": "",
        "scripts": ("tables.js",),
        "body_class": "index",
        "facts": (
            f"{plural(figures.pages, 'page')} of {plural(len(figures.books), 'book')}",
            f"{plural(figures.empty, 'page')} without text, {figures.without_image} without image",
        ),
        "links": _LINKS,
        "notes": content.unreadable,
        "glyphs": glyphs,
        "figures": _figures(figures),
        "contains": content.contains,
        "pages_with": content.pages_with,
        "most_listed": _MAXIMUM_LISTED,
        "draws": [f"{name}: {plural(round(total), 'draw')} an epoch" for name, total in content.draws.items()],
        "samples": [
            Picture(f"crops/{sample.name}.jpg", glyphs.text_of(sample.codepoint), sample) for sample in content.samples
        ],
        "steps": [
            Picture(f"pictures/{sample.name}.png", f"{glyphs.text_of(sample.codepoint)} step by step", sample)
            for sample in content.samples
            if sample.steps
        ],
        "pages": content.pages,
        "books": figures.books,
        "classes": classes,
    }
    return render_template("stats.html.jinja", shown, _TEMPLATES)


def _figures(figures: Statistics) -> list[tuple[str, str]]:
    counts = np.array(list(figures.counts.values()))
    return [
        ("Characters", count(figures.characters)),
        ("Classes", count(len(counts))),
        ("Occurring once", count(int((counts == 1).sum()))),
        ("500 and more", count(int((counts >= 500).sum()))),
        ("Median a class", f"{np.median(counts):,.0f}"),
        ("Median a page", f"{np.median(figures.per_page):,.0f}"),
    ]
