"""Measure the ink detector against truth: precision, recall and F1 per page, per book and pooled, labels ignored.

Usage: python scripts/measure_detector.py --images DIR --truth truth.csv [--draw DIR] [--set KEY=VALUE ...]

The matching is the competition's with labels ignored: for each truth box in file order, the first unused prediction whose center
lies strictly inside. Pages of the truth file without an image are skipped with a warning.
"""

import argparse
import csv
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detection.detector import InkDetector, InkDetectorConfig


@dataclass
class Tally:
    """True positives, false positives, false negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def add(self, other: "Tally") -> None:
        self.tp, self.fp, self.fn = self.tp + other.tp, self.fp + other.fp, self.fn + other.fn

    @property
    def precision(self) -> float:
        return self.tp / max(1, self.tp + self.fp)

    @property
    def recall(self) -> float:
        return self.tp / max(1, self.tp + self.fn)

    @property
    def f1(self) -> float:
        return 2 * self.tp / max(1, 2 * self.tp + self.fp + self.fn)

    def __str__(self) -> str:
        return (
            f"F1 {self.f1:.3f}  P {self.precision:.3f}  R {self.recall:.3f}  tp {self.tp:4d} fp {self.fp:4d} fn {self.fn:4d}"
        )


def read_truth(path: Path) -> dict[str, NDArray[np.float32]]:
    """image_id to truth boxes float32 (N, 4) xyxy."""
    pages = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            words = row["labels"].split()
            xywh = np.array([words[i + 1 : i + 5] for i in range(0, len(words), 5)], np.float32).reshape(-1, 4)
            pages[row["image_id"]] = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
    return pages


def match(boxes: NDArray[np.float32], truth: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which predictions (N,) and which truth boxes (M,) are matched."""
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    used = np.zeros(len(boxes), bool)
    found = np.zeros(len(truth), bool)
    for i, (left, top, right, bottom) in enumerate(truth):
        x, y = centers[:, 0], centers[:, 1]
        inside = ~used & (left < x) & (x < right) & (top < y) & (y < bottom)
        if inside.any():
            used[int(np.argmax(inside))] = True
            found[i] = True
    return used, found


def draw(page: NDArray[np.uint8], boxes: NDArray[np.float32], truth: NDArray[np.float32], path: Path) -> None:
    """Hits green, false alarms red, misses blue; 1,800 px high."""
    used, found = match(boxes, truth)
    scale = min(1.0, 1800 / max(page.shape[:2]))
    picture = cv2.cvtColor(cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
    for box, hit in zip(boxes, used, strict=True):
        rectangle(picture, box * scale, (0, 160, 0) if hit else (0, 0, 255))
    for box, hit in zip(truth, found, strict=True):
        if not hit:
            rectangle(picture, box * scale, (255, 80, 0), 2)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


def rectangle(picture: NDArray[np.uint8], box: NDArray[np.float32], color: tuple[int, int, int], width: int = 1) -> None:
    """Draw one xyxy box."""
    left, top, right, bottom = (round(float(v)) for v in box)
    cv2.rectangle(picture, (left, top), (right, bottom), color, width)


def book_of(image_id: str) -> str:
    """The id up to the first dash or underscore."""
    return re.split(r"[-_]", image_id)[0]


def main(arguments: Iterable[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--draw", type=Path)
    options = parser.parse_args(None if arguments is None else list(arguments))
    cv2.setNumThreads(1)
    detector = InkDetector(InkDetectorConfig())
    books: dict[str, Tally] = defaultdict(Tally)
    total = Tally()
    for image_id, truth in read_truth(options.truth).items():
        image = cv2.imread(str(options.images / f"{image_id}.jpg"))
        if image is None:
            print(f"{image_id}: no image, skipped", file=sys.stderr)
            continue
        page = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
        begin = time.perf_counter()
        boxes = detector.detect(page).boxes
        seconds = time.perf_counter() - begin
        used, found = match(boxes, truth)
        tally = Tally(int(used.sum()), int((~used).sum()), int((~found).sum()))
        books[book_of(image_id)].add(tally)
        total.add(tally)
        print(f"{image_id:20s} {tally}  {seconds:.2f} s")
        if options.draw:
            draw(page, boxes, truth, options.draw / f"{image_id}.png")
    for book, tally in books.items():
        print(f"{book:20s} {tally}")
    print(f"{'pooled':20s} {total}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
