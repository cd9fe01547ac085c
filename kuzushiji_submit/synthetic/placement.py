"""Where characters stand on a page: from a real page's truth, or drawn from the figures of real pages."""

from dataclasses import dataclass, replace

import numpy as np

from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.synthetic.statistics import PageFigures, PageStatistics
from kuzushiji_submit.synthetic.text import TextSource
from kuzushiji_submit.synthetic.types import FloatArray

GAP_MEAN, GAP_DEVIATION = 0.06, 0.13
FULL_PAGE = 0.8
SPARSE_CHARACTERS = 25
STRAYING = 4


@dataclass(frozen=True)
class Layout:
    """A page before any ink.

    Attributes:
        size_hw: height and width of the page image in pixels.
        codepoints: the N codepoints to write.
        boxes: float64 (N, 4) xyxy, the wanted ink extents.
        block: x0, y0, x1, y1 of the written area, which a frame may enclose.
        pitch: distance from column to column in pixels.
        nominal: typical character size in pixels.
    """

    size_hw: tuple[int, int]
    codepoints: tuple[str, ...]
    boxes: FloatArray
    block: tuple[float, float, float, float]
    pitch: float
    nominal: float

    def framed(self, block: tuple[float, float, float, float]) -> "Layout":
        """The same layout in a book whose pages are written within a block, widened where its text leaves it."""
        if not len(self.boxes):
            return replace(self, block=block)
        left, top = np.percentile(self.boxes[:, :2], STRAYING, axis=0).tolist()
        right, bottom = np.percentile(self.boxes[:, 2:], 100 - STRAYING, axis=0).tolist()
        left, top, right, bottom = min(block[0], left), min(block[1], top), max(block[2], right), max(block[3], bottom)
        return replace(self, block=(left, top, right, bottom))

    def scaled(self, factor: float) -> "Layout":
        """The same layout on a page of another size."""
        height, width = self.size_hw
        left, top, right, bottom = self.block
        return replace(
            self,
            size_hw=(max(round(height * factor), 1), max(round(width * factor), 1)),
            boxes=self.boxes * factor,
            block=(left * factor, top * factor, right * factor, bottom * factor),
            pitch=self.pitch * factor,
            nominal=self.nominal * factor,
        )


def layout_from_truth(page: PageTruth, size_hw: tuple[int, int], block: tuple[float, float, float, float]) -> Layout:
    """The boxes and codepoints of a real page.

    Args:
        page: the real page's truth; boxes without area are left out.
        size_hw: height and width of the page image in pixels.
        block: the written area of the book's pages.
    """
    boxes = page.boxes.astype(np.float64).copy()
    boxes[:, 0::2] = boxes[:, 0::2].clip(0, size_hw[1])
    boxes[:, 1::2] = boxes[:, 1::2].clip(0, size_hw[0])
    kept = ((boxes[:, 2] - boxes[:, 0]) >= 1) & ((boxes[:, 3] - boxes[:, 1]) >= 1)
    boxes = boxes[kept]
    codepoints = tuple(codepoint for codepoint, keep in zip(page.codepoints, kept, strict=True) if keep)
    sizes = boxes[:, 2:] - boxes[:, :2]
    nominal = float(np.sqrt(np.prod(np.median(sizes, axis=0)))) if len(boxes) else size_hw[0] / 35
    return Layout(size_hw, codepoints, boxes, block, 2.2 * nominal, nominal)


def draw_layout(
    figures: PageFigures,
    size_hw: tuple[int, int],
    statistics: PageStatistics,
    text: TextSource,
    rng: np.random.Generator,
) -> Layout:
    """Draws a layout like a real page's.

    Args:
        figures: the real page in figures.
        size_hw: height and width of that book's page images in pixels.
        statistics: box sizes by class.
        text: the source of what is written.
        rng: the source of randomness.
    """
    drawer = _LayoutDrawer(figures, size_hw, statistics, text, rng)
    if figures.characters < SPARSE_CHARACTERS or figures.columns < 2:
        drawer.write_sparsely()
    else:
        drawer.write_columns()
    return drawer.layout()


def empty_layout(figures: PageFigures, size_hw: tuple[int, int]) -> Layout:
    """A page of a book on which nothing is written."""
    nominal = float(np.sqrt(figures.width * figures.height))
    block = (float(figures.left), float(figures.top), float(figures.right), float(figures.bottom))
    return Layout(size_hw, (), np.zeros((0, 4)), block, float(figures.pitch or 2 * figures.width), nominal)


class _LayoutDrawer:
    """Writes columns into the written area of one page."""

    def __init__(
        self,
        figures: PageFigures,
        size_hw: tuple[int, int],
        statistics: PageStatistics,
        text: TextSource,
        rng: np.random.Generator,
    ) -> None:
        self._figures, self._size_hw, self._statistics, self._text, self._rng = figures, size_hw, statistics, text, rng
        self._jitter = rng.uniform(0.93, 1.07)
        self._width, self._height = figures.width * self._jitter, figures.height * self._jitter
        self._pitch = (figures.pitch or figures.width * 2.2) * rng.uniform(0.95, 1.05)
        self._characters: list[str] = []
        self._boxes: list[tuple[float, float, float, float]] = []
        self._previous: str | None = None

    def layout(self) -> Layout:
        """What has been written."""
        figures = self._figures
        boxes = np.array(self._boxes, np.float64).reshape(-1, 4)
        block = (float(figures.left), float(figures.top), float(figures.right), float(figures.bottom))
        codepoints = tuple(f"U+{ord(character):04X}" for character in self._characters)
        nominal = float(np.sqrt(self._width * self._height))
        return Layout(self._size_hw, codepoints, boxes, block, self._pitch, nominal)

    def write_columns(self) -> None:
        """Fills the written area with columns from right to left, as full as the real page is."""
        figures, rng = self._figures, self._rng
        span = figures.right - figures.left - self._width
        columns = max(round(span / self._pitch) + 1, 1)
        pitch = span / max(columns - 1, 1)
        if columns > 1 and pitch > self._width:
            self._pitch = pitch
        capacity = columns * (figures.bottom - figures.top) / (self._height * (1 + GAP_MEAN))
        fill = float(np.clip(figures.characters / capacity, 0.05, 1.0))
        stages = 2 if fill < 0.7 and rng.random() < 0.2 else 1
        stage_height = (figures.bottom - figures.top) / stages
        for stage in range(stages):
            top = figures.top + stage * stage_height
            bottom = top + stage_height - (0.6 * self._height if stages > 1 else 0)
            for column in range(columns):
                self._write_stretch(figures.right - self._width / 2 - column * self._pitch, top, bottom, fill)

    def _write_stretch(self, center: float, top: float, bottom: float, fill: float) -> None:
        rng = self._rng
        length = bottom - top
        if fill < FULL_PAGE or rng.random() < 0.04:
            part = float(np.clip(rng.beta(2.5 * fill + 0.1, 2.5 * (1 - fill) + 0.1), 0.0, 1.0))
            if rng.random() < 0.25:
                top += rng.uniform(0, 0.35) * (1 - part) * length
            bottom = top + part * length
        elif rng.random() < 0.05:
            top += self._height * rng.integers(1, 3)
        size = 1.25 if fill < 0.6 and rng.random() < 0.1 else 1.0
        if size == 1.0 and rng.random() < 0.03 and self._pitch > 1.7 * self._width:
            self._write_split_column(center, top, bottom)
        else:
            self.write_column(center, top, bottom, size)

    def _write_split_column(self, center: float, top: float, bottom: float) -> None:
        """A column whose middle part is a note in two half-wide columns."""
        start = top + self._rng.uniform(0.1, 0.6) * (bottom - top)
        stop = min(start + self._rng.uniform(3, 9) * self._height, bottom)
        self.write_column(center, top, start, 1.0)
        for side in (0.42, -0.42):
            self.write_column(center + side * self._width, start + 0.1 * self._height, stop, 0.58)
        self.write_column(center, stop + 0.2 * self._height, bottom, 1.0)

    def write_sparsely(self) -> None:
        """A few words here and there, or a title in large characters."""
        figures, rng = self._figures, self._rng
        left, top, right, bottom = figures.left, figures.top, figures.right, figures.bottom
        words = int(rng.integers(1, max(2, figures.characters // 2)))
        centers = rng.uniform(left + self._width / 2, max(right - self._width / 2, left + self._width), words)
        taken: list[float] = []
        for center in sorted(centers.tolist(), reverse=True):
            if any(abs(center - other) < 1.3 * self._width for other in taken):
                continue
            taken.append(center)
            start = rng.uniform(top, max(top + 1.0, bottom - 2 * self._height))
            length = self._height * rng.uniform(1.5, max(2.0, 2.0 * figures.characters / words))
            self.write_column(center, start, min(start + length, self._size_hw[0] - self._height), 1.0)

    def write_column(self, center: float, top: float, bottom: float, size: float) -> None:
        """Writes one column until the next character would cross the bottom."""
        rng = self._rng
        y, drift = top, 0.0
        while True:
            character = self._text.next_character(self._previous, rng)
            width, height = self._box_size(character, size)
            if y + height > bottom + 0.3 * self._height:
                return
            drift = 0.8 * drift + 0.05 * self._width * rng.standard_normal()
            x = center + drift
            self._characters.append(character)
            self._boxes.append((x - width / 2, y, x + width / 2, y + height))
            self._previous = character
            gap = GAP_MEAN + GAP_DEVIATION * float(np.clip(rng.standard_normal(), -2.0, 3.0))
            y += height + gap * self._height * size

    def _box_size(self, character: str, size: float) -> tuple[float, float]:
        figures = self._statistics.box_figures(character)
        log_w = figures.log_w + 0.8 * figures.dev_w * self._rng.standard_normal()
        log_h = figures.log_h + 0.8 * figures.dev_h * self._rng.standard_normal()
        limit_w, limit_h = np.log(min(2.2, 0.95 * self._pitch / self._width)), np.log(4.0)
        width = self._width * float(np.exp(np.clip(log_w, -2.2, limit_w)))
        height = self._height * float(np.exp(np.clip(log_h, -2.2, limit_h)))
        return width * size, height * size
