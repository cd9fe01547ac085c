"""One page's HTML file."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from kuzushiji_submit.characters import Alternative
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.layout import lay_out
from kuzushiji_submit.report.markup import clean, count, document, json_script, notice, plural, text
from kuzushiji_submit.report.model import LOOKS, Kind, Mark, PagePlan, PageScore, Picture
from kuzushiji_submit.report.overlay import render_overlay
from kuzushiji_submit.report.tables import Cell, Column, table
from kuzushiji_submit.scoring import Counts

_ROOT = "../"
_ALTERNATIVES = 5  # shown for a character
_KEYS = (
    ("n p", "next, previous page"),
    ("e E", "next, previous error"),
    ("← ↑ → ↓", "neighboring character, once one is chosen"),
    ("t", "text beside, over the ink, off"),
    ("b h d", "boxes, hits, dimmed scan"),
    ("+ − 0", "zoom in, out, full width"),
)


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
    body = "\n".join(
        (
            _header(page, neighbors),
            _toolbar(),
            '<main class="workspace">',
            _sheet(page, picture, render_overlay(marks, layout, glyphs)),
            '<aside class="side" aria-label="About this page">',
            notice(notes),
            _score(page),
            _legend(marks),
            _inspector() if marks else "",
            _list(marks, glyphs),
            "</aside>",
            "</main>",
            json_script("marks", {mark.anchor: _record(mark, glyphs) for mark in marks}),
        )
    )
    return document(
        title=f"{page.image_id} – Kuzushiji report",
        body=body,
        root=_ROOT,
        scripts=("page.js", "tables.js"),
        body_class="page",
    )


def _header(page: PagePlan, neighbors: tuple[PagePlan | None, PagePlan | None]) -> str:
    before, after = neighbors
    return (
        f'<header class="top"><nav class="trail" aria-label="Way back"><a href="{_ROOT}index.html">Report</a>'
        f'<span aria-hidden="true">›</span><span>{text(page.book_id)}</span></nav>'
        f"<h1>{text(page.image_id)}</h1>"
        f'<nav class="neighbors" aria-label="Pages">{_neighbor(before, "prev", "← Previous")}'
        f"{_neighbor(after, 'next', 'Next →')}</nav></header>"
    )


def _neighbor(page: PagePlan | None, relation: str, label: str) -> str:
    if page is None:
        return f'<span class="button off">{label}</span>'
    return f'<a class="button" rel="{relation}" href="{page.name}.html" title="{text(page.image_id)}">{label}</a>'


def _toolbar() -> str:
    texts = "".join(
        f'<label><input type="radio" name="text" value="{value}"{" checked" if value == "beside" else ""}> '
        f"{label}</label>"
        for value, label in (("beside", "beside"), ("over", "over the ink"), ("none", "off"))
    )
    return (
        '<div class="toolbar needs-script" role="group" aria-label="Display">'
        f"<fieldset><legend>Text</legend>{texts}</fieldset>"
        '<fieldset><legend>Show</legend><label><input type="checkbox" id="boxes" checked> boxes</label>'
        '<label><input type="checkbox" id="dim"> dimmed scan</label></fieldset>'
        '<fieldset><legend>Zoom</legend><button type="button" id="fit-page">whole page</button>'
        '<button type="button" id="fit-width">width</button><button type="button" id="actual">100%</button>'
        '<input type="range" id="zoom" min="20" max="400" value="100" step="5" aria-label="Zoom"></fieldset>'
        f"{_keys()}</div>"
    )


def _keys() -> str:
    entries = "".join(f"<div><dt>{key}</dt><dd>{effect}</dd></div>" for key, effect in _KEYS)
    return f'<details class="keys"><summary>Keys</summary><dl>{entries}</dl></details>'


def _sheet(page: PagePlan, picture: Picture, overlay: str) -> str:
    height, width = picture.size_hw
    if picture.readable:
        scan = f'<img class="scan" src="{_ROOT}scans/{page.name}.jpg" alt="Scan of page {text(page.image_id)}">'
    else:
        scan = '<div class="scan lost">The image of this page could not be read.</div>'
    return (
        '<section class="pane" id="pane" tabindex="0" aria-label="Scan">'
        f'<div class="sheet" id="sheet" data-text="beside" data-width="{width}" data-height="{height}" '
        f'style="--ratio:{width / height:.5f}">{scan}\n{overlay}</div></section>'
    )


def _score(page: PagePlan) -> str:
    if page.score is None:
        facts = f"<p>{_sum_up(len(page.points))} This page has no truth to compare with.</p>"
        return f'<section class="card"><h2>Reading</h2>{facts}</section>'
    return f'<section class="card"><h2>Score</h2>{_figures(page.score)}</section>'


def _sum_up(characters: int) -> str:
    if not characters:
        return "Nothing was read here."
    return f"{plural(characters, 'character')} read."


def _figures(score: PageScore) -> str:
    counts = score.counts
    if counts == Counts():
        return "<p>Nothing is annotated here and nothing was read.</p>"
    figures = (
        ("F1", f"{counts.f1:.3f}"),
        ("Precision", f"{counts.precision:.3f}"),
        ("Recall", f"{counts.recall:.3f}"),
        ("Detection F1", f"{score.detection.f1:.3f}"),
        ("tp", count(counts.tp)),
        ("fp", count(counts.fp)),
        ("fn", count(counts.fn)),
    )
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    return f'<dl class="figures">{items}</dl>'


def _legend(marks: Sequence[Mark]) -> str:
    """The colors explained; each entry is also the switch of its kind."""
    found = Counter(mark.kind for mark in marks)
    scored = Kind.UNSCORED not in found
    kinds = [kind for kind in Kind if (kind is not Kind.UNSCORED) is scored]
    entries = "".join(_entry(kind, found[kind]) for kind in kinds) if marks else ""
    content = f'<ul class="legend">{entries}</ul>' if entries else "<p>No characters on this page.</p>"
    return f'<section class="card"><h2>Marks</h2>{content}</section>'


def _entry(kind: Kind, amount: int) -> str:
    look = LOOKS[kind]
    return (
        f'<li><label><input type="checkbox" name="kind" value="{kind}" checked>'
        f'<span class="swatch {kind}" aria-hidden="true">{look.sign}</span>'
        f"<span><b>{look.name}</b> <small>{look.meaning}</small></span>"
        f'<span class="amount">{count(amount)}</span></label></li>'
    )


def _inspector() -> str:
    """Where the script shows the character pointed at."""
    return '<section class="card needs-script" id="inspector" aria-live="polite"><h2>Character</h2></section>'


def _list(marks: Sequence[Mark], glyphs: Glyphs) -> str:
    """What to look at: the errors of a scored page, else every reading."""
    listed = [mark for mark in marks if mark.kind is not Kind.HIT]
    if not listed:
        return ""
    scored = listed[0].kind is not Kind.UNSCORED
    sure = any(mark.character for mark in listed)
    columns = [Column("Read"), Column("Truth"), Column("What")] if scored else [Column("Read"), Column("Codepoint")]
    columns += [Column("Score", numeric=True)] if sure else []
    rows = [_row(mark, glyphs, scored=scored)[: len(columns)] for mark in listed]
    caption = "Errors on this page" if scored else "Readings"
    return f'<section class="card list">{table(columns, rows, caption=caption, css="compact")}</section>'


def _row(mark: Mark, glyphs: Glyphs, *, scored: bool) -> list[Cell]:
    """A row of the list; its last cell is the score."""
    shown = mark.read or mark.truth or ""
    link = f'<a href="#{mark.anchor}" aria-label="{text(shown)}">{_glyph(mark.read, glyphs)}</a>'
    first = Cell(link, mark.read or "")
    score = mark.character.score if mark.character else None
    last = Cell("–" if score is None else f"{score:.3f}", score, "number")
    if not scored:
        return [first, Cell(text(shown[:80]), shown), last]
    look = LOOKS[mark.kind]
    what = f'<span class="swatch {mark.kind}" aria-hidden="true">{look.sign}</span> {look.name}'
    return [first, Cell(_glyph(mark.truth, glyphs), mark.truth or ""), Cell(what, look.name), last]


def _glyph(label: str | None, glyphs: Glyphs) -> str:
    return f'<span lang="ja" class="glyph">{text(glyphs.text_of(label))}</span>' if label else "–"


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
    return record


def _alternative(other: Alternative, glyphs: Glyphs) -> list[str]:
    return [clean(glyphs.text_of(other.codepoint)), clean(other.codepoint), f"{other.score:.3f}"]
