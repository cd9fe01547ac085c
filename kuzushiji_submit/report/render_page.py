"""One page's HTML file."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from kuzushiji_submit.reading.characters import Alternative
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.mark_layout import lay_out
from kuzushiji_submit.report.markup import clean, count
from kuzushiji_submit.report.model import LOOKS, Kind, Look, Mark, PagePlan, PageScore, Picture
from kuzushiji_submit.report.overlay import draw_mark
from kuzushiji_submit.report.templates import render_template

_ALTERNATIVES = 5  # shown for a character


def render_page(
    page: PagePlan,
    marks: Sequence[Mark],
    picture: Picture,
    *,
    glyphs: Glyphs,
    notes: Sequence[str],
    neighbors: tuple[PagePlan | None, PagePlan | None],
) -> str:
    """A page's HTML.

    Args:
        page: what is known of the page.
        marks: its marks, joined to the characters file where there is one.
        picture: the scan.
        glyphs: how labels are shown.
        notes: what the reader should know, in plain sentences.
        neighbors: the pages before and after.
    """
    layout = lay_out(marks, picture.size_hw)
    listed = [mark for mark in marks if mark.kind is not Kind.HIT]
    content: dict[str, object] = {
        "title": f"{page.image_id} – Kuzushiji report",
        "root": "../",
        "scripts": ("page.js", "tables.js"),
        "body_class": "page",
        "page": page,
        "picture": picture,
        "before": neighbors[0],
        "after": neighbors[1],
        "notes": notes,
        "glyphs": glyphs,
        "looks": LOOKS,
        "figures": _figures(page.score),
        "legend": _legend(marks),
        "changed": sum(mark.changed for mark in marks),
        "unit": layout.unit,
        "drawn": [draw_mark(mark, layout, glyphs) for mark in marks],
        "listed": listed,
        "sure": any(mark.character for mark in listed),
        "records": {mark.anchor: _record(mark, glyphs) for mark in marks},
    }
    return render_template("page.html.jinja", content)


def _figures(score: PageScore | None) -> list[tuple[str, str]]:
    """The page's score with names; nothing where there is nothing to score."""
    if score is None or score.empty:
        return []
    counts = score.counts
    ratios = (("F1", counts.f1), ("Precision", counts.precision), ("Recall", counts.recall))
    figures = [(name, f"{value:.3f}") for name, value in (*ratios, ("Detection F1", score.detection.f1))]
    return figures + [(name, count(value)) for name, value in (("tp", counts.tp), ("fp", counts.fp), ("fn", counts.fn))]


def _legend(marks: Sequence[Mark]) -> list[tuple[Kind, Look, int]]:
    """Every kind that the page can have, and how many marks are of it; nothing for a page without marks."""
    found = Counter(mark.kind for mark in marks)
    scored = Kind.UNSCORED not in found
    return [(kind, LOOKS[kind], found[kind]) for kind in Kind if (kind is not Kind.UNSCORED) is scored and marks]


def _record(mark: Mark, glyphs: Glyphs) -> dict[str, Any]:
    """What the inspector shows of a mark, as JSON; everything optional is left out."""
    record: dict[str, Any] = {"kind": LOOKS[mark.kind].name, "css": mark.kind, "meaning": LOOKS[mark.kind].meaning}
    for key, label in (("read", mark.read), ("truth", mark.truth)):
        if label is not None:
            record[key] = [clean(glyphs.text_of(label)), clean(label[:80])]
    if mark.point:
        record["point"] = mark.point
    if mark.truth_box:
        record["truthBox"] = [round(value, 1) for value in mark.truth_box]
    character = mark.character
    if character:
        record["box"] = [round(value, 1) for value in character.box]
        record["score"] = character.score
        record["detection"] = character.detection_score
        record["alternatives"] = [_alternative(other, glyphs) for other in character.alternatives[:_ALTERNATIVES]]
        if character.eye:
            record["eye"] = [_alternative(other, glyphs) for other in character.eye[:_ALTERNATIVES]]
            record["changed"] = character.changed
    return record


def _alternative(other: Alternative, glyphs: Glyphs) -> list[str]:
    return [clean(glyphs.text_of(other.codepoint)), clean(other.codepoint), f"{other.score:.3f}"]
