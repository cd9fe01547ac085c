"""The interpretation's HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.interpretation.drawing import Drawn, Findings
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.markup import count, document, notice, plural, text
from kuzushiji_submit.report.pieces import Shown, drawing, gallery, glyph_cell, header, present, scoreboard, section
from kuzushiji_submit.report.tables import Cell, Column, number_cell, ratio_cell, table
from recognition.interpretation.cases import Case
from recognition.interpretation.interpretation import Bucket, Confusion

_MOST_BOOKS = 12  # named in the heading


@dataclass(frozen=True, eq=False)
class ReportContent:
    """What the report tells.

    Attributes:
        title: the heading.
        findings: figures and cases.
        charset: the characters that class ids mean.
        counts: int64 (C,), how often each is annotated in the whole data.
        books: the books that were read.
        notes: sentences that must not be overlooked.
        drawn: crops and heatmaps by place.
        confusions: those shown.
        matrix: whether the matrix was drawn.
        glyphs: how characters are shown.
    """

    title: str
    findings: Findings
    charset: Charset
    counts: NDArray[np.int64]
    books: Sequence[str]
    notes: Sequence[str]
    drawn: Mapping[int, Drawn]
    confusions: Sequence[Confusion]
    matrix: bool
    glyphs: Glyphs


def render(content: ReportContent) -> str:
    """The report's HTML."""
    found = content.findings.interpretation
    unreadable = [f"{image_id}: {why}" for image_id, why in content.findings.unreadable.items()]
    sections = [
        _scores(content),
        _buckets(content),
        _matrix(content),
        _confusions(content),
        _cases(content, "losses", "Highest losses", found.top_losses(), "Where the truth got the lowest scores."),
        _cases(
            content,
            "suspects",
            "Doubtful labels",
            found.suspects(),
            "Read surely as something else, while the label is thought unlikely: the label may be wrong.",
        ),
        _heatmaps(content),
        _classes(content),
    ]
    body = "\n".join(sections)
    parts = [_header(content, body), "<main>", notice([*content.notes, *unreadable]), body, "</main>"]
    return document(title=content.title, body="\n".join(parts), root="", scripts=("tables.js",), body_class="index")


def _header(content: ReportContent, body: str) -> str:
    found = content.findings.interpretation
    books = f"{plural(len(content.books), 'book')}: {', '.join(content.books[:_MOST_BOOKS])}"
    if len(content.books) > _MOST_BOOKS:
        books += ", …"
    classes = plural(int((found.seen > 0).sum()), "class", "classes")
    facts = (
        f"{plural(len(content.findings.pages), 'page')}, {plural(found.crops, 'character')} of {classes}",
        books,
    )
    links = [
        ("frequency", "Head and tail"),
        ("confusions", "Confusions"),
        ("losses", "Highest losses"),
        ("suspects", "Doubtful labels"),
        ("heatmaps", "Heatmaps"),
        ("classes", "Classes"),
    ]
    return header(content.title, facts, present(links, body))


def _scores(content: ReportContent) -> str:
    figures = content.findings.interpretation.figures()
    names = (("Error rate", 1 - figures["top1"]), ("Top 1", figures["top1"]), ("Top 5", figures["top5"]))
    rest = (("Macro", figures["macro"]), ("Loss", figures["loss"]))
    hint = (
        '<p class="hint">Macro: the mean of the classes\' accuracies, each class alike. '
        "Loss: the mean of the truth's negative log score.</p>"
    )
    return scoreboard([(name, f"{value:.4f}") for name, value in (*names, *rest)], after=hint)


def _buckets(content: ReportContent) -> str:
    columns = (
        Column("Annotated in the data", sortable=False),
        Column("Classes", numeric=True),
        Column("Characters", numeric=True),
        Column("Top 1", numeric=True),
        Column("Macro", numeric=True),
    )
    buckets = content.findings.interpretation.buckets(content.counts)
    rows = []
    above: Bucket | None = None
    for bucket in buckets:
        span = (
            f"{count(bucket.least)} and more" if above is None else f"{count(bucket.least)} to {count(above.least - 1)}"
        )
        share = ratio_cell(bucket.right / bucket.crops, bar=True) if bucket.crops else Cell("–", None, "number")
        macro = ratio_cell(bucket.macro) if bucket.crops else Cell("–", None, "number")
        rows.append([Cell(span), number_cell(bucket.classes), number_cell(bucket.crops), share, macro])
        above = bucket
    return f'<section id="frequency">{table(columns, rows, caption="Head and tail")}</section>'


def _matrix(content: ReportContent) -> str:
    if not content.matrix:
        return ""
    words = "Rows are the truth, columns what was read; shades are shares of a row."
    return section("matrix", "Confusion matrix", drawing("pictures/matrix.png", "Confusion matrix", words))


def _confusions(content: ReportContent) -> str:
    if not content.confusions:
        return ""
    found, codepoints = content.findings.interpretation, content.charset.codepoints
    columns = (
        Column("Truth"),
        Column("Read"),
        Column("Count", numeric=True),
        Column("Of the truth", numeric=True, hint="Share of the true class's characters that were read like this"),
        Column("Examples", sortable=False),
    )
    rows = []
    for one in content.confusions:
        crops = "".join(_linked_crop(content.drawn[place], content, one.truth, one.read) for place in one.examples)
        rows.append(
            [
                glyph_cell(codepoints[one.truth], content.glyphs),
                glyph_cell(codepoints[one.read], content.glyphs),
                number_cell(one.count),
                ratio_cell(one.count / max(int(found.seen[one.truth]), 1)),
                Cell(f'<div class="crops">{crops or "–"}</div>'),
            ]
        )
    rest = found.confused_pairs - len(content.confusions)
    more = f'<p class="hint">And {plural(rest, "rarer confusion")}.</p>' if rest else ""
    return f'<section id="confusions">{table(columns, rows, caption="Most confused", css="confusions")}{more}</section>'


def _linked_crop(drawn: Drawn, content: ReportContent, truth: int, read: int) -> str:
    if drawn.crop is None:
        return ""
    words = f"{_character(content, truth)} read as {_character(content, read)}, {drawn.image_id} box {drawn.index}"
    source = f"crops/{drawn.crop}.jpg"
    return f'<a href="{source}" title="{text(words)}"><img src="{source}" alt="{text(words)}" loading="lazy"></a>'


def _cases(content: ReportContent, anchor: str, title: str, cases: Sequence[Case], hint: str) -> str:
    shown = [
        Shown(f"crops/{drawn.crop}.jpg", _alt(content, case), _caption(content, case, drawn))
        for case in cases
        if (drawn := content.drawn[case.place]).crop is not None
    ]
    return section(anchor, title, gallery(shown, small=True), hint=hint)


def _alt(content: ReportContent, case: Case) -> str:
    return f"labeled {_character(content, case.truth)}, read as {_character(content, case.read)}"


def _caption(content: ReportContent, case: Case, drawn: Drawn) -> str:
    """Label, reading and their scores, and where to find the character."""
    verdict = (
        f'label <b lang="ja">{text(_character(content, case.truth))}</b> {case.truth_score:.3f}<br>'
        f'read <b lang="ja">{text(_character(content, case.read))}</b> {case.read_score:.3f}'
    )
    return f"{verdict}<br><small>{text(drawn.image_id)} box {drawn.index}</small>"


def _heatmaps(content: ReportContent) -> str:
    found = content.findings.interpretation
    groups = (
        ("Highest losses", found.top_losses()),
        ("Doubtful labels", found.suspects()),
        ("Read right", found.hits()),
    )
    body = ""
    for title, cases in groups:
        shown = [
            Shown(f"pictures/{drawn.heatmap}.png", f"heatmaps: {_alt(content, case)}", _caption(content, case, drawn))
            for case in cases
            if (drawn := content.drawn[case.place]).heatmap is not None
        ]
        body += f"<h3>{title}</h3>{gallery(shown)}" if shown else ""
    hint = (
        "From left to right: the image that the network was given, the mean activation of its last convolution over "
        "that image, what speaks for the reading, and, where it was misread, what speaks for the label. Red is most."
    )
    return section("heatmaps", "Heatmaps", body, hint=hint)


def _classes(content: ReportContent) -> str:
    found, codepoints = content.findings.interpretation, content.charset.codepoints
    columns = (
        Column("Class"),
        Column("Annotated", numeric=True, hint="In the whole data"),
        Column("Read here", numeric=True, hint="Characters of this class on the pages that were read"),
        Column("Top 1", numeric=True),
        Column("Top 5", numeric=True),
        Column("Readings", numeric=True, hint="How often anything was read as this class"),
        Column("Precision", numeric=True, hint="Share of these readings that are right"),
    )
    rows = []
    for class_id in np.argsort(-found.seen, kind="stable"):
        seen, read = int(found.seen[class_id]), int(found.read[class_id])
        if not seen:
            break
        right = int(found.right[class_id])
        rows.append(
            [
                glyph_cell(codepoints[class_id], content.glyphs),
                number_cell(int(content.counts[class_id])),
                number_cell(seen),
                ratio_cell(right / seen, bar=True),
                ratio_cell(int(found.right_in_top[class_id]) / seen),
                number_cell(read),
                ratio_cell(right / read) if read else Cell("–", None, "number"),
            ]
        )
    return f'<section id="classes">{table(columns, rows, caption="Classes")}</section>'


def _character(content: ReportContent, class_id: int) -> str:
    return content.glyphs.text_of(content.charset.codepoints[class_id])
