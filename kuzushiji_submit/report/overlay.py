"""The drawing over the scan: boxes, crosses and characters as SVG in page pixels, real text throughout."""

from collections.abc import Sequence

from kuzushiji_submit.reading.characters import Box
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.mark_layout import Layout
from kuzushiji_submit.report.markup import number, text
from kuzushiji_submit.report.model import LOOKS, Kind, Mark

_OVER_SHARE = 0.86  # of a box's shorter side that a character written over it takes
_TRUTH_SIZE = 0.8  # of the label's size, for the true character below a misread one


def render_overlay(marks: Sequence[Mark], layout: Layout, glyphs: Glyphs) -> str:
    """The SVG element of a page; each mark is one focusable group."""
    height, width = layout.size_hw
    groups = "\n".join(_group(mark, layout, glyphs, first=place == 0) for place, mark in enumerate(marks))
    return (
        f'<svg class="overlay" viewBox="0 0 {width} {height}" preserveAspectRatio="none" lang="ja" role="group" '
        f'aria-label="Characters" style="--unit:{number(layout.unit)}px">\n{groups}\n</svg>'
    )


def describe(mark: Mark, glyphs: Glyphs) -> str:
    """A mark in one plain sentence, for those who do not see it."""
    look = LOOKS[mark.kind]
    parts = [look.name]
    if mark.read is not None:
        parts.append(f"read {glyphs.text_of(mark.read)} {mark.read}")
    if mark.truth is not None and mark.kind is not Kind.HIT:
        parts.append(f"annotated {glyphs.text_of(mark.truth)} {mark.truth}")
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


def _group(mark: Mark, layout: Layout, glyphs: Glyphs, *, first: bool) -> str:
    place = place_of(mark, layout)
    shapes = _shapes(mark, place, layout)
    return (
        f'<g id="{mark.anchor}" class="mark {mark.kind}" tabindex="{0 if first else -1}" role="button" '
        f'aria-label="{text(describe(mark, glyphs))}">'
        f"{shapes}{_badge(mark.kind, place, layout)}{_beside(mark, place, layout, glyphs)}"
        f"{_over(mark, place, layout, glyphs)}</g>"
    )


def _shapes(mark: Mark, place: Box, layout: Layout) -> str:
    parts = [_rect("area", place)]  # invisible: what the pointer finds
    if mark.truth_box and (mark.kind is not Kind.HIT or not mark.read_box):
        parts.append(_rect("box annotated" if mark.read_box else "box annotated alone", mark.truth_box))
    if mark.read_box:
        parts.append(_rect("box found", mark.read_box))
    elif mark.point:
        parts.append(_cross(mark.point, layout.unit * 0.22))
    return "".join(parts)


def _rect(css: str, box: Box) -> str:
    x0, y0, x1, y1 = box
    size = f'width="{number(max(x1 - x0, 0))}" height="{number(max(y1 - y0, 0))}"'
    return f'<rect class="{css}" x="{number(x0)}" y="{number(y0)}" {size}/>'


def _cross(point: tuple[float, float], reach: float) -> str:
    x, y = point
    arm = number(2 * reach)
    path = f"M{number(x - reach)} {number(y)}h{arm}M{number(x)} {number(y - reach)}v{arm}"
    return f'<path class="cross" d="{path}"/>'


def _badge(kind: Kind, place: Box, layout: Layout) -> str:
    sign = LOOKS[kind].sign
    if not sign:
        return ""
    x, y = number(place[0]), number(place[1])
    return (
        f'<g class="badge" aria-hidden="true"><circle cx="{x}" cy="{y}" r="{number(layout.unit * 0.34)}"/>'
        f'<text x="{x}" y="{y}">{sign}</text></g>'
    )


def _beside(mark: Mark, place: Box, layout: Layout, glyphs: Glyphs) -> str:
    """What was read to the right of the place, what should have been read below it."""
    x0, y0, x1, y1 = place
    gap, middle = layout.unit * 0.14, (y0 + y1) / 2
    fits = x1 + gap + layout.unit <= layout.size_hw[1]
    x, side = (x1 + gap, "") if fits else (x0 - gap, " left")
    if mark.kind is Kind.MISREAD:
        read = _text(f"beside read{side}", mark.read, x, middle - layout.unit * 0.52, layout.unit, glyphs)
        size = layout.unit * _TRUTH_SIZE
        return read + _text(f"beside true{side}", mark.truth, x, middle + layout.unit * 0.48, size, glyphs)
    if mark.kind is Kind.MISSED:
        return _text(f"beside true{side}", mark.truth, x, middle, layout.unit, glyphs)
    return _text(f"beside read{side}", mark.read, x, middle, layout.unit, glyphs)


def _over(mark: Mark, place: Box, layout: Layout, glyphs: Glyphs) -> str:
    """What was read, or should have been, written over the place at the size of the ink."""
    x0, y0, x1, y1 = place
    known = mark.read_box or mark.truth_box
    size = _OVER_SHARE * min(x1 - x0, y1 - y0) if known else 1.6 * layout.unit
    size = min(max(size, layout.unit), 4 * layout.unit)
    label, css = (mark.truth, "true") if mark.kind is Kind.MISSED else (mark.read, "read")
    return _text(f"over {css}", label, (x0 + x1) / 2, (y0 + y1) / 2, size, glyphs)


def _text(css: str, label: str | None, x: float, y: float, size: float, glyphs: Glyphs) -> str:
    if label is None:
        return ""
    shown = glyphs.text_of(label)
    fitted = size if len(shown) == 1 else size * max(0.35, 1.6 / len(shown))
    return f'<text class="{css}" x="{number(x)}" y="{number(y)}" font-size="{number(fitted)}">{text(shown)}</text>'
