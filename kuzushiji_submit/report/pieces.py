"""Parts that every kind of report is made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.markup import text
from kuzushiji_submit.report.tables import Cell


@dataclass(frozen=True)
class Shown:
    """A picture of a gallery: its file relative to the report, words for those who do not see it, HTML below it."""

    src: str
    alt: str
    caption: str


def header(title: str, facts: Sequence[str], links: Sequence[tuple[str, str]]) -> str:
    """The top of a report: title and facts as plain text, links as (anchor, name)."""
    items = "".join(f'<a href="#{anchor}">{name}</a>' for anchor, name in links)
    return (
        f"<header><h1>{text(title)}</h1><p>{text(' · '.join(facts))}</p>"
        f'<nav aria-label="Sections">{items}</nav></header>'
    )


def present(links: Sequence[tuple[str, str]], body: str) -> list[tuple[str, str]]:
    """Those of some links (anchor, name) whose section is in a body of HTML."""
    return [(anchor, name) for anchor, name in links if f'id="{anchor}"' in body]


def scoreboard(figures: Iterable[tuple[str, str]], *, label: str = "Score", after: str = "") -> str:
    """Large numbers with their names; the first one stands out. `after` is HTML."""
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    return f'<section aria-label="{label}"><dl class="scoreboard">{items}</dl>{after}</section>'


def section(anchor: str, title: str, body: str, *, hint: str = "") -> str:
    """A titled part; body is HTML, title and hint are plain text. Nothing where there is no body."""
    if not body:
        return ""
    words = f'<p class="hint">{text(hint)}</p>' if hint else ""
    return f'<section id="{anchor}"><h2>{text(title)}</h2>{words}{body}</section>'


def gallery(pictures: Sequence[Shown], *, small: bool = False) -> str:
    """Pictures side by side with their captions."""
    figures = "".join(
        f'<figure><img src="{text(one.src)}" alt="{text(one.alt)}" loading="lazy">'
        f"<figcaption>{one.caption}</figcaption></figure>"
        for one in pictures
    )
    return f'<div class="gallery{" small" if small else ""}">{figures}</div>' if pictures else ""


def drawing(src: str, alt: str, caption: str) -> str:
    """One large picture; the caption is plain text."""
    return (
        f'<figure class="drawing"><img src="{text(src)}" alt="{text(alt)}" loading="lazy">'
        f"<figcaption>{text(caption)}</figcaption></figure>"
    )


def glyph(label: str, glyphs: Glyphs) -> str:
    """A codepoint as its character and its number."""
    shown = text(glyphs.text_of(label))
    return f'<span lang="ja" class="glyph">{shown}</span> <small>{text(label[:80])}</small>'


def glyph_cell(label: str, glyphs: Glyphs) -> Cell:
    """The same as a cell, which sorts by codepoint."""
    return Cell(glyph(label, glyphs), label)
