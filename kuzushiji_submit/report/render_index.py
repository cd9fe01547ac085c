"""The report's first page: scores, books, confusions, pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kuzushiji_submit.competition.scoring import total
from kuzushiji_submit.report.confusions import Confusion
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.markup import count, plural
from kuzushiji_submit.report.model import PageOutcome, PagePlan, PageScore
from kuzushiji_submit.report.templates import render_template

_ROWS_AT_ONCE = 100  # pages in the table until a reader scrolls on: a thousand rows take a second to lay out
_MAXIMUM_NOTES = 100  # listed on the index; every page has its own


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


@dataclass(frozen=True)
class BookRow:
    """A book in the table: its pages in the report, characters read on them, and their score, if any has truth."""

    book_id: str
    pages: int
    read: int
    score: PageScore | None


def total_score(pages: Sequence[PagePlan]) -> PageScore | None:
    """The sum over the pages that have truth; None if none has."""
    scores = [page.score for page in pages if page.score]
    if not scores:
        return None
    return PageScore(total(score.counts for score in scores), total(score.detection for score in scores))


def render_index(content: IndexContent, glyphs: Glyphs) -> str:
    """The index's HTML."""
    pages = [(page, content.outcomes[page.image_id]) for page in content.pages]
    score = total_score(content.pages)
    shown: dict[str, object] = {
        "title": "Kuzushiji report",
        "root": "",
        "scripts": ("tables.js", "index.js"),
        "rows_at_once": _ROWS_AT_ONCE,
        "body_class": "index",
        "facts": _facts(content),
        "links": (("books", "Books"), ("confusions", "Confusions"), ("pages", "Pages")),
        "glyphs": glyphs,
        "score": score,
        "figures": _figures(score) if score else (),
        "unscored": sum(page.score is None for page in content.pages),
        "noted": [(page, outcome.notes) for page, outcome in pages if outcome.notes],
        "lost": sum(outcome.unreadable is not None for _, outcome in pages),
        "most_notes": _MAXIMUM_NOTES,
        "books": _books(content.pages),
        "confusions": content.confusions,
        "rarer": content.confusion_kinds - len(content.confusions),
        "crops": content.crops,
        "pages": pages,
    }
    return render_template("index.html.jinja", shown)


def _figures(score: PageScore) -> list[tuple[str, str]]:
    """A score's ratios with names, then its counts."""
    counts = score.counts
    ratios = (("F1", counts.f1), ("Precision", counts.precision), ("Recall", counts.recall))
    figures = [(name, f"{value:.4f}") for name, value in (*ratios, ("Detection F1", score.detection.f1))]
    names = ("True positives", "False positives", "False negatives")
    return figures + [
        (name, count(value)) for name, value in zip(names, (counts.tp, counts.fp, counts.fn), strict=True)
    ]


def _facts(content: IndexContent) -> tuple[str, ...]:
    books = len({page.book_id for page in content.pages})
    characters = sum(len(page.points) for page in content.pages)
    return (
        f"{plural(len(content.pages), 'page')} of {plural(books, 'book')}, {plural(characters, 'character')} read",
        f"submission {content.submission}",
        f"truth {content.truth}" if content.truth else "no truth given",
    )


def _books(pages: Sequence[PagePlan]) -> list[BookRow]:
    books: dict[str, list[PagePlan]] = {}
    for page in pages:
        books.setdefault(page.book_id, []).append(page)
    return [
        BookRow(book_id, len(own), sum(len(page.points) for page in own), total_score(own))
        for book_id, own in sorted(books.items())
    ]
