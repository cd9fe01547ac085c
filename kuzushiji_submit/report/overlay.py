"""What is drawn over the scan: boxes, crosses and characters in page pixels; `overlay.svg.jinja` makes SVG of it."""

from dataclasses import dataclass

from kuzushiji_submit.reading.characters import Box
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.mark_layout import Layout
from kuzushiji_submit.report.model import LOOKS, Kind, Mark

_OVER_SHARE = 0.86  # of a box's shorter side that a character written over it takes
_TRUTH_SIZE = 0.8  # of the label's size, for the true character below a misread one


@dataclass(frozen=True)
class Writing:
    """A character on the page: its CSS class, what is shown, where, and the letters' height, page pixels."""

    css: str
    shown: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class DrawnMark:
    """A mark as the template draws it.

    Attributes:
        anchor: the element's id.
        kind: what became of the character.
        changed: whether the text around it made another character of it than the eye did.
        description: the mark in one plain sentence.
        boxes: CSS classes and xyxy boxes, page pixels; the first is invisible and is what the pointer finds.
        cross: the point submitted, where no box is known.
        corner: where the sign goes, page pixels.
        sign: what tells the kind apart besides its color.
        texts: the characters read and annotated.
    """

    anchor: str
    kind: Kind
    changed: bool
    description: str
    boxes: tuple[tuple[str, Box], ...]
    cross: tuple[float, float] | None
    corner: tuple[float, float]
    sign: str
    texts: tuple[Writing, ...]


def draw_mark(mark: Mark, layout: Layout, glyphs: Glyphs) -> DrawnMark:
    """Where a mark's boxes and characters go."""
    place = place_of(mark, layout)
    written = (*_beside(mark, place, layout, glyphs), _over(mark, place, layout, glyphs))
    return DrawnMark(
        anchor=mark.anchor,
        kind=mark.kind,
        changed=mark.changed,
        description=describe(mark, glyphs),
        boxes=_boxes(mark, place),
        cross=None if mark.read_box else mark.point,
        corner=place[:2],
        sign=LOOKS[mark.kind].sign,
        texts=tuple(writing for writing in written if writing is not None),
    )


def describe(mark: Mark, glyphs: Glyphs) -> str:
    """A mark in one plain sentence, for those who do not see it."""
    look = LOOKS[mark.kind]
    parts = [look.name]
    if mark.read is not None:
        parts.append(f"read {glyphs.text_of(mark.read)} {mark.read}")
    if mark.truth is not None and mark.kind is not Kind.HIT:
        parts.append(f"annotated {glyphs.text_of(mark.truth)} {mark.truth}")
    if mark.character and mark.changed:
        seen = mark.character.eye[0].codepoint
        parts.append(f"changed by its text from {glyphs.text_of(seen)} {seen}")
    if mark.character:
        parts.append(f"score {mark.character.score:.3f}")
    return ", ".join(parts)


def place_of(mark: Mark, layout: Layout) -> Box:
    """The xyxy area a mark's writing goes beside: the reader's box, else the annotated one, else around the point."""
    box = mark.read_box or mark.truth_box
    if box:
        return box
    x, y = mark.point or (0.0, 0.0)
    reach = layout.unit * 0.4
    return x - reach, y - reach, x + reach, y + reach


def _boxes(mark: Mark, place: Box) -> tuple[tuple[str, Box], ...]:
    boxes = [("area", place)]
    if mark.truth_box and (mark.kind is not Kind.HIT or not mark.read_box):
        boxes.append(("box annotated" if mark.read_box else "box annotated alone", mark.truth_box))
    if mark.read_box:
        boxes.append(("box found", mark.read_box))
    return tuple(boxes)


def _beside(mark: Mark, place: Box, layout: Layout, glyphs: Glyphs) -> tuple[Writing | None, ...]:
    """What was read to the right of the place, what should have been read below it."""
    x0, y0, x1, y1 = place
    gap, middle = layout.unit * 0.14, (y0 + y1) / 2
    fits = x1 + gap + layout.unit <= layout.size_hw[1]
    x, side = (x1 + gap, "") if fits else (x0 - gap, " left")
    if mark.kind is Kind.MISREAD:
        size = layout.unit * _TRUTH_SIZE
        return (
            _write(f"beside read{side}", mark.read, (x, middle - layout.unit * 0.52), layout.unit, glyphs),
            _write(f"beside true{side}", mark.truth, (x, middle + layout.unit * 0.48), size, glyphs),
        )
    label, css = (mark.truth, "true") if mark.kind is Kind.MISSED else (mark.read, "read")
    return (_write(f"beside {css}{side}", label, (x, middle), layout.unit, glyphs),)


def _over(mark: Mark, place: Box, layout: Layout, glyphs: Glyphs) -> Writing | None:
    """What was read, or should have been, written over the place at the size of the ink."""
    x0, y0, x1, y1 = place
    known = mark.read_box or mark.truth_box
    size = _OVER_SHARE * min(x1 - x0, y1 - y0) if known else 1.6 * layout.unit
    size = min(max(size, layout.unit), 4 * layout.unit)
    label, css = (mark.truth, "true") if mark.kind is Kind.MISSED else (mark.read, "read")
    return _write(f"over {css}", label, ((x0 + x1) / 2, (y0 + y1) / 2), size, glyphs)


def _write(css: str, label: str | None, point: tuple[float, float], size: float, glyphs: Glyphs) -> Writing | None:
    if label is None:
        return None
    shown = glyphs.text_of(label)
    # A label that is no character is longer: smaller letters keep it from its neighbors.
    return Writing(css, shown, *point, size if len(shown) == 1 else size * max(0.35, 1.6 / len(shown)))
