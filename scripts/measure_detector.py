"""Measure a detector against truth: precision, recall and F1 per page, per book and pooled, labels ignored.

Usage: python scripts/measure_detector.py --images DIR --truth truth.csv [--weights FILE] [--draw DIR] [--set KEY=VALUE]

Without a weights file it is the ink detector, with one the heatmap detector.

The matching is the competition's with labels ignored. Pages of the truth file without an image are skipped with a word.
With truth_partial.csv, where some characters are not annotated, only the recall means something.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detection.detections import Detections
from detection.heatmap.detector import HeatmapDetector, HeatmapDetectorConfig
from detection.ink.detector import InkDetector, InkDetectorConfig
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.competition.scoring import Counts, PageMatch, match_page
from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.settings import read_settings


def match(truth: PageTruth, points: NDArray[np.float32]) -> PageMatch:
    """The competition's matching of points (N, 2) with labels ignored."""
    named = PagePoints(truth.image_id, ("",) * len(points), points.astype(np.float64))
    return match_page(truth, named, detection_only=True)


def line(counts: Counts) -> str:
    """Ratios and counts for a table."""
    ratios = f"F1 {counts.f1:.3f}  P {counts.precision:.3f}  R {counts.recall:.3f}"
    return f"{ratios}  tp {counts.tp:4d} fp {counts.fp:4d} fn {counts.fn:4d}"


def draw(page: NDArray[np.uint8], found: Detections, truth: PageTruth, path: Path) -> None:
    """Hits green, false alarms red, misses blue; 1,800 px high."""
    matched = match(truth, found.points)
    scale = min(1.0, 1800 / max(page.shape[:2]))
    picture = cv2.cvtColor(cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
    canvas = np.asarray(picture, np.uint8)
    for box, hit in zip(found.boxes, matched.box_of_prediction >= 0, strict=True):
        rectangle(canvas, box * scale, (0, 160, 0) if hit else (0, 0, 255))
    for box in truth.boxes[matched.prediction_of_box < 0]:
        rectangle(canvas, box * scale, (255, 80, 0), 2)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), canvas)


def rectangle(
    picture: NDArray[np.uint8], box: NDArray[np.float32], color: tuple[int, int, int], width: int = 1
) -> None:
    """Draw one xyxy box."""
    left, top, right, bottom = (round(float(v)) for v in box)
    cv2.rectangle(picture, (left, top), (right, bottom), color, width)


def main(arguments: Iterable[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="weights of the heatmap detector")
    parser.add_argument("--draw", type=Path, help="write one picture a page here")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the detector")
    parser.add_argument("--ink", action="append", default=[], metavar="KEY=VALUE", help="a setting of the ink")
    options = parser.parse_args(None if arguments is None else list(arguments))
    cv2.setNumThreads(1)
    ink = read_settings(InkConfig(), overrides=options.ink)
    detector: InkDetector | HeatmapDetector
    if options.weights:
        heatmap = read_settings(HeatmapDetectorConfig(), overrides=options.set)
        detector = HeatmapDetector.load(options.weights, heatmap)
    else:
        detector = InkDetector(read_settings(InkDetectorConfig(), overrides=options.set))
    images = list_images(options.images)
    books: dict[str, Counts] = defaultdict(Counts)
    for truth in read_repaired_truth(options.truth):
        if truth.image_id not in images:
            print(f"{truth.image_id}: no image, skipped", file=sys.stderr)
            continue
        page = read_page(images[truth.image_id])
        begin = time.perf_counter()
        found = detector.detect(prepare_page(page, ink))
        seconds = time.perf_counter() - begin
        counts = match(truth, found.points).counts
        books[book_of(truth.image_id)] += counts
        print(f"{truth.image_id:20s} {line(counts)}  {seconds:.2f} s")
        if options.draw:
            draw(page, found, truth, options.draw / f"{truth.image_id}.png")
    for book, counts in books.items():
        print(f"{book:20s} {line(counts)}")
    print(f"{'pooled':20s} {line(sum(books.values(), start=Counts()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
