"""The interpretation's HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.interpretation.drawing import Drawn, Findings
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.markup import count, plural
from kuzushiji_submit.report.templates import render_template
from recognition.interpretation.cases import Case
from recognition.interpretation.interpretation import Bucket, Confusion

_TEMPLATES = Path(__file__).with_name("templates")
_MAXIMUM_BOOKS = 12  # named in the heading
_LINKS = (
    ("frequency", "Head and tail"),
    ("confusions", "Confusions"),
    ("losses", "Highest losses"),
    ("suspects", "Doubtful labels"),
    ("heatmaps", "Heatmaps"),
    ("classes", "Classes"),
)


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


@dataclass(frozen=True)
class Picture:
    """A crop or its heatmap, and what was made of it.

    Attributes:
        source: the file, relative to the report.
        alt: words for those who do not see it.
        truth: the label's character, as it is shown.
        truth_score: its score.
        read: the character that was read.
        read_score: its score.
        where: the page and the number of the box.
    """

    source: str
    alt: str
    truth: str
    truth_score: float
    read: str
    read_score: float
    where: str


def render(content: ReportContent) -> str:
    """The report's HTML."""
    found = content.findings.interpretation
    unreadable = [f"{image_id}: {why}" for image_id, why in content.findings.unreadable.items()]
    losses, suspects, hits = found.top_losses(), found.suspects(), found.hits()
    groups = (("Highest losses", losses), ("Doubtful labels", suspects), ("Read right", hits))
    shown: dict[str, object] = {
        "title": content.title,
        "root": "",
        "scripts": ("tables.js",),
        "body_class": "index",
        "facts": _facts(content),
        "links": _LINKS,
        "notes": [*content.notes, *unreadable],
        "glyphs": content.glyphs,
        "figures": _figures(content),
        "buckets": _buckets(content),
        "matrix": content.matrix,
        "confusions": [_confusion(content, confusion) for confusion in content.confusions],
        "rarer": found.confused_pairs - len(content.confusions),
        "losses": _crops(content, losses),
        "suspects": _crops(content, suspects),
        "heatmaps": [(title, _heatmaps(content, cases)) for title, cases in groups],
        "classes": _classes(content),
    }
    return render_template("interpretation.html.jinja", shown, _TEMPLATES)


def _facts(content: ReportContent) -> tuple[str, str]:
    found = content.findings.interpretation
    books = f"{plural(len(content.books), 'book')}: {', '.join(content.books[:_MAXIMUM_BOOKS])}"
    if len(content.books) > _MAXIMUM_BOOKS:
        books += ", …"
    classes = plural(int((found.seen > 0).sum()), "class", "classes")
    return f"{plural(len(content.findings.pages), 'page')}, {plural(found.crops, 'character')} of {classes}", books


def _figures(content: ReportContent) -> list[tuple[str, str]]:
    figures = content.findings.interpretation.figures()
    names = {"Top 1": "top1", "Top 5": "top5", "Macro": "macro", "Loss": "loss"}
    values = {"Error rate": 1 - figures["top1"], **{name: figures[key] for name, key in names.items()}}
    return [(name, f"{value:.4f}") for name, value in values.items()]


def _buckets(content: ReportContent) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    above: Bucket | None = None
    for bucket in content.findings.interpretation.buckets(content.counts):
        most = "and more" if above is None else f"to {count(above.least - 1)}"
        rows.append(
            {
                "span": f"{count(bucket.least)} {most}",
                "classes": bucket.classes,
                "crops": bucket.crops,
                "top1": bucket.right / bucket.crops if bucket.crops else None,
                "macro": bucket.macro if bucket.crops else None,
            }
        )
        above = bucket
    return rows


def _confusion(content: ReportContent, confusion: Confusion) -> dict[str, object]:
    codepoints = content.charset.codepoints
    pair = f"{_character(content, confusion.truth)} read as {_character(content, confusion.read)}"
    places = [content.drawn[place] for place in confusion.examples if place in content.drawn]
    return {
        "truth": codepoints[confusion.truth],
        "read": codepoints[confusion.read],
        "count": confusion.count,
        "share": confusion.count / max(int(content.findings.interpretation.seen[confusion.truth]), 1),
        "examples": [
            (f"crops/{drawn.crop}.jpg", f"{pair}, {drawn.image_id} box {drawn.index}")
            for drawn in places
            if drawn.crop is not None
        ],
    }


def _crops(content: ReportContent, cases: Sequence[Case]) -> list[Picture]:
    drawn = ((case, content.drawn[case.place]) for case in cases if case.place in content.drawn)
    return [
        _picture(content, case, found, f"crops/{found.crop}.jpg", "") for case, found in drawn if found.crop is not None
    ]


def _heatmaps(content: ReportContent, cases: Sequence[Case]) -> list[Picture]:
    drawn = ((case, content.drawn[case.place]) for case in cases if case.place in content.drawn)
    return [
        _picture(content, case, found, f"pictures/{found.heatmap}.png", "heatmaps: ")
        for case, found in drawn
        if found.heatmap is not None
    ]


def _picture(content: ReportContent, case: Case, drawn: Drawn, source: str, what: str) -> Picture:
    truth, read = _character(content, case.truth), _character(content, case.read)
    return Picture(
        source=source,
        alt=f"{what}labeled {truth}, read as {read}",
        truth=truth,
        truth_score=case.truth_score,
        read=read,
        read_score=case.read_score,
        where=f"{drawn.image_id} box {drawn.index}",
    )


def _classes(content: ReportContent) -> list[dict[str, object]]:
    """The classes that occur, the most frequent first."""
    found = content.findings.interpretation
    table = pd.DataFrame(
        {
            "codepoint": content.charset.codepoints,
            "annotated": content.counts,
            "seen": found.seen,
            "read": found.read,
            "top1": found.right / np.maximum(found.seen, 1),
            "top5": found.right_in_top / np.maximum(found.seen, 1),
            # Nothing was read as this class: there is no share of right readings to tell.
            "precision": [right / read if read else None for right, read in zip(found.right, found.read, strict=True)],
        }
    )
    table["precision"] = table["precision"].astype(object).where(table["precision"].notna(), None)
    present = table[table["seen"] > 0].sort_values("seen", ascending=False, kind="stable")
    return [{str(name): value for name, value in row.items()} for row in present.to_dict("records")]


def _character(content: ReportContent, class_id: int) -> str:
    return content.glyphs.text_of(content.charset.codepoints[class_id])
