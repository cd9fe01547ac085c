"""Pages drawn for the tests: paper, glyph-like strokes, frames, ruby, seals."""

from dataclasses import dataclass, field

import cv2
import numpy as np

PAPER = (222, 205, 170)
INK = (45, 40, 35)
SEAL = (190, 60, 50)


@dataclass
class DrawnPage:
    """A page under construction and the boxes of what was written on it."""

    image: np.ndarray
    truth: list[tuple[float, float, float, float]] = field(default_factory=list)

    @classmethod
    def blank(cls, height: int = 1200, width: int = 900, *, seed: int = 0) -> "DrawnPage":
        grain = np.random.default_rng(seed).normal(0, 3, (height, width, 1))
        return cls(np.clip(np.array(PAPER) + grain, 0, 255).astype(np.uint8))

    def glyph(self, x: int, y: int, size: int, *, shape: int = 0, color: tuple[int, int, int] = INK) -> None:
        """Strokes that fill a square; `shape` picks one of four."""
        thick = max(2, size // 9)
        t = thick // 2
        a, b, c, d = x + t, y + t, x + size - t, y + size - t
        middle_x, middle_y = (a + c) // 2, (b + d) // 2
        strokes = [
            [((a, b), (c, b)), ((middle_x, b), (middle_x, d)), ((a, d), (c, d))],
            [((a, middle_y), (c, middle_y)), ((middle_x, b), (a, d)), ((middle_x, b), (c, d))],
            [((a, b), (a, d)), ((a, b), (c, b)), ((c, b), (c, d)), ((a, d), (c, d)), ((a, middle_y), (c, middle_y))],
            [((a, b), (c, d)), ((c, b), (a, d)), ((a, middle_y), (c, middle_y))],
        ][shape % 4]
        for begin, end in strokes:
            cv2.line(self.image, begin, end, color, thick, cv2.LINE_AA)

    def column(self, x: int, y: int, size: int, count: int, *, gap: float = 0.25) -> None:
        """Write `count` characters down from (x, y) and keep their boxes."""
        for k in range(count):
            top = y + round(k * size * (1 + gap))
            self.glyph(x, top, size, shape=k)
            self.truth.append((x, top, x + size, top + size))

    def text(self, size: int = 60, columns: int = 5, rows: int = 8) -> "DrawnPage":
        """Fill the middle of the page with columns."""
        for k in range(columns):
            self.column(150 + round(k * 1.8 * size), 200, size, rows)
        return self

    def frame(self, left: int, top: int, right: int, bottom: int, thick: int = 8) -> None:
        cv2.rectangle(self.image, (left, top), (right, bottom), INK, thick)

    def seal(self, x: int, y: int, size: int, color: tuple[int, int, int] = SEAL) -> None:
        """A square seal that darkens what is below it, as ink on ink does."""
        part = self.image[y : y + size, x : x + size].astype(np.float32)
        shade = np.array(color, np.float32) / np.array(PAPER, np.float32)
        self.image[y : y + size, x : x + size] = np.clip(part * shade, 0, 255).astype(np.uint8)


def matched(boxes: np.ndarray, truth: list[tuple[float, float, float, float]]) -> int:
    """How many truth boxes get a box of their own whose center lies inside."""
    free = list(range(len(boxes)))
    hits = 0
    for left, top, right, bottom in truth:
        for k in free:
            x, y = (boxes[k, :2] + boxes[k, 2:]) / 2
            if left < x < right and top < y < bottom:
                free.remove(k)
                hits += 1
                break
    return hits
