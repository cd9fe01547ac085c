"""Tables that a click on a heading sorts."""

from collections.abc import Sequence
from dataclasses import dataclass

from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.report.markup import count, text
from kuzushiji_submit.report.model import PageScore


@dataclass(frozen=True)
class Cell:
    """One cell: HTML, what it sorts by, and its CSS class."""

    html: str
    key: str | float | None = None
    css: str = ""

    def render(self, tag: str = "td") -> str:
        """The cell's HTML."""
        css = f' class="{self.css}"' if self.css else ""
        key = "" if self.key is None else f' data-key="{text(str(self.key))}"'
        scope = ' scope="row"' if tag == "th" else ""
        return f"<{tag}{scope}{css}{key}>{self.html}</{tag}>"


@dataclass(frozen=True)
class Column:
    """One column: heading, whether it sorts as numbers, a hint, or not at all."""

    name: str
    numeric: bool = False
    hint: str = ""
    sortable: bool = True

    def render(self) -> str:
        """The heading's HTML."""
        css = ' class="number"' if self.numeric else ""
        hint = f' title="{text(self.hint)}"' if self.hint else ""
        if not self.sortable:
            return f'<th scope="col"{css}{hint}>{text(self.name)}</th>'
        kind = "number" if self.numeric else "text"
        return f'<th scope="col"{css}{hint}><button type="button" data-sort="{kind}">{text(self.name)}</button></th>'


SCORE_COLUMNS = (
    Column("F1", numeric=True, hint="Harmonic mean of precision and recall: the competition's metric"),
    Column("Precision", numeric=True, hint="Share of the readings that are right"),
    Column("Recall", numeric=True, hint="Share of the annotated characters that were read right"),
    Column("tp", numeric=True, hint="True positives: hits"),
    Column("fp", numeric=True, hint="False positives: misread, extra and false alarms"),
    Column("fn", numeric=True, hint="False negatives: misread and missed"),
    Column("Detection F1", numeric=True, hint="F1 when only the place counts"),
)


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, caption: str, css: str = "") -> str:
    """A sortable table whose first column names the row; the caption is plain text."""
    head = "".join(column.render() for column in columns)
    body = "\n".join(
        f"<tr>{row[0].render('th')}{''.join(cell.render() for cell in row[1:])}</tr>" for row in rows if row
    )
    name = text(caption)
    return (
        f'<div class="table-frame" tabindex="0" role="group" aria-label="{name}">'
        f'<table class="sortable {css}"><caption>{name}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def number_cell(value: int) -> Cell:
    """A count."""
    return Cell(count(value), value, "number")


def ratio_cell(value: float, *, bar: bool = False) -> Cell:
    """A ratio in [0, 1] with three places, with a bar behind it if wanted."""
    if not bar:
        return Cell(f"{value:.3f}", f"{value:.6f}", "number")
    return Cell(f'<span class="bar" style="--share:{value:.3f}">{value:.3f}</span>', f"{value:.6f}", "number")


def score_cells(score: PageScore | None) -> list[Cell]:
    """The cells under SCORE_COLUMNS; dashes that sort last where there is nothing to score."""
    if score is None or score.counts == Counts():
        return [Cell("–", None, "number") for _ in SCORE_COLUMNS]
    counts = score.counts
    return [
        ratio_cell(counts.f1, bar=True),
        ratio_cell(counts.precision),
        ratio_cell(counts.recall),
        *map(number_cell, (counts.tp, counts.fp, counts.fn)),
        ratio_cell(score.detection.f1),
    ]
