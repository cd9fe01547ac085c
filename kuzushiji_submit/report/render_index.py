"""The report's first page: scores, books, confusions, pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kuzushiji_submit.competition.scoring import total
from kuzushiji_submit.report.confusions import Confusion, Example
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.markup import count, document, plural, text
from kuzushiji_submit.report.model import PageOutcome, PagePlan, PageScore
from kuzushiji_submit.report.pieces import glyph_cell, header, scoreboard
from kuzushiji_submit.report.tables import SCORE_COLUMNS, Cell, Column, number_cell, score_cells, table

_MOST_NOTES = 100  # listed on the index; every page has its own


@dataclass(frozen=True)
class IndexContent:
    """What the index tells.

    Attributes:
        submission: name of the submission's file.
        truth: name of the truth's file, None if none was given.
        pages: in submission order.
        outcomes: by image_id.
        confusions: the commonest ones.
        confusion_kinds: how many different ones there are.
        crops: names of the crops that were written.
    """

    submission: str
    truth: str | None
    pages: Sequence[PagePlan]
    outcomes: Mapping[str, PageOutcome]
    confusions: Sequence[Confusion]
    confusion_kinds: int
    crops: frozenset[str]


def total_score(pages: Sequence[PagePlan]) -> PageScore | None:
    """The sum over the pages that have truth; None if none has."""
    scores = [page.score for page in pages if page.score]
    if not scores:
        return None
    return PageScore(total(score.counts for score in scores), total(score.detection for score in scores))


def render_index(content: IndexContent, glyphs: Glyphs) -> str:
    """The index's HTML."""
    parts = [_header(content), "<main>", _notices(content), _scoreboard(content)]
    parts += [_books(content), _confusions(content, glyphs), _pages(content), "</main>"]
    return document(
        title="Kuzushiji report", body="\n".join(parts), root="", scripts=("tables.js",), body_class="index"
    )


def _header(content: IndexContent) -> str:
    books = len({page.book_id for page in content.pages})
    characters = sum(len(page.points) for page in content.pages)
    facts = (
        f"{plural(len(content.pages), 'page')} of {plural(books, 'book')}, {plural(characters, 'character')} read",
        f"submission {content.submission}",
        f"truth {content.truth}" if content.truth else "no truth given",
    )
    links = [("books", "Books"), ("pages", "Pages")]
    if content.confusions:
        links.insert(1, ("confusions", "Confusions"))
    return header("Kuzushiji report", facts, links)


def _notices(content: IndexContent) -> str:
    lost = [page for page in content.pages if content.outcomes[page.image_id].unreadable]
    noted = [page for page in content.pages if content.outcomes[page.image_id].notes]
    if not noted:
        return ""
    heading = f"{plural(len(lost), 'page image')} could not be read" if lost else "Notes"
    items = "".join(
        f'<li><a href="pages/{page.name}.html">{text(page.image_id)}</a>: '
        f"{text(' '.join(content.outcomes[page.image_id].notes))}</li>"
        for page in noted[:_MOST_NOTES]
    )
    more = f"<p>And {plural(len(noted) - _MOST_NOTES, 'more page')}.</p>" if len(noted) > _MOST_NOTES else ""
    details = f"<details open><summary>{heading}</summary><ul>{items}</ul>{more}</details>"
    return f'<div class="notice" role="note">{details}</div>'


def _scoreboard(content: IndexContent) -> str:
    score = total_score(content.pages)
    if score is None:
        return '<p class="lead">Without truth there is no score: the pages show what was read.</p>'
    counts = score.counts
    figures = (
        ("F1", f"{counts.f1:.4f}"),
        ("Precision", f"{counts.precision:.4f}"),
        ("Recall", f"{counts.recall:.4f}"),
        ("Detection F1", f"{score.detection.f1:.4f}"),
        ("True positives", count(counts.tp)),
        ("False positives", count(counts.fp)),
        ("False negatives", count(counts.fn)),
    )
    scored = sum(page.score is not None for page in content.pages)
    rest = len(content.pages) - scored
    unscored = f'<p class="hint">{plural(rest, "page")} without truth not counted.</p>' if rest else ""
    return scoreboard(figures, after=unscored)


def _score_columns(content: IndexContent) -> tuple[Column, ...]:
    return SCORE_COLUMNS if any(page.score for page in content.pages) else ()


def _books(content: IndexContent) -> str:
    books: dict[str, list[PagePlan]] = {}
    for page in content.pages:
        books.setdefault(page.book_id, []).append(page)
    scores = _score_columns(content)
    columns = (Column("Book"), Column("Pages", numeric=True), Column("Read", numeric=True), *scores)
    rows = []
    for book_id, pages in sorted(books.items()):
        read = sum(len(page.points) for page in pages)
        cells = [Cell(text(book_id), book_id), number_cell(len(pages)), number_cell(read)]
        rows.append(cells + (score_cells(total_score(pages)) if scores else []))
    return f'<section id="books">{table(columns, rows, caption="Books")}</section>'


def _pages(content: IndexContent) -> str:
    scores = _score_columns(content)
    columns = (
        Column("Page"),
        Column("Scan", sortable=False),
        Column("Book"),
        Column("Read", numeric=True),
        *((Column("Annotated", numeric=True),) if scores else ()),
        *scores,
    )
    rows = [_page_row(page, content.outcomes[page.image_id], scored=bool(scores)) for page in content.pages]
    return f'<section id="pages">{table(columns, rows, caption="Pages", css="pages")}</section>'


def _page_row(page: PagePlan, outcome: PageOutcome, *, scored: bool) -> list[Cell]:
    link = f'<a href="pages/{page.name}.html">{text(page.image_id)}</a>'
    if outcome.unreadable:
        link += ' <span class="tag">image not readable</span>'
        picture = "–"
    else:
        picture = (
            f'<a href="pages/{page.name}.html" tabindex="-1" aria-hidden="true">'
            f'<img src="thumbnails/{page.name}.jpg" alt="" loading="lazy"></a>'
        )
    cells = [Cell(link, page.image_id), Cell(picture, css="thumbnail"), Cell(text(page.book_id), page.book_id)]
    cells.append(number_cell(len(page.points)))
    if scored:
        cells.append(Cell("–", None, "number") if page.truth is None else number_cell(len(page.truth)))
        cells.extend(score_cells(page.score))
    return cells


def _confusions(content: IndexContent, glyphs: Glyphs) -> str:
    if not content.confusions:
        return ""
    columns = (
        Column("Truth"),
        Column("Read"),
        Column("Count", numeric=True),
        Column("Annotated", numeric=True, hint="How often the true character is annotated on these pages"),
        Column("Examples", sortable=False),
    )
    rows = [_confusion_row(confusion, glyphs, content.crops) for confusion in content.confusions]
    hidden = content.confusion_kinds - len(content.confusions)
    more = f'<p class="hint">And {plural(hidden, "rarer confusion")}.</p>' if hidden else ""
    return (
        f'<section id="confusions">{table(columns, rows, caption="Confusions", css="confusions")}'
        f'{more}<p class="hint">A crop leads to its place on the page.</p></section>'
    )


def _confusion_row(confusion: Confusion, glyphs: Glyphs, crops: frozenset[str]) -> list[Cell]:
    examples = "".join(
        _example(example, confusion, glyphs) for example in confusion.examples if example.crop_name in crops
    )
    return [
        glyph_cell(confusion.truth, glyphs),
        glyph_cell(confusion.read, glyphs),
        number_cell(confusion.count),
        number_cell(confusion.annotated),
        Cell(f'<div class="crops">{examples or "–"}</div>'),
    ]


def _example(example: Example, confusion: Confusion, glyphs: Glyphs) -> str:
    truth, read = text(glyphs.text_of(confusion.truth)), text(glyphs.text_of(confusion.read))
    return (
        f'<a href="pages/{example.page_name}.html#{example.anchor}" title="{text(example.image_id)}">'
        f'<img src="crops/{example.crop_name}.jpg" alt="{truth} read as {read}" loading="lazy"></a>'
    )
