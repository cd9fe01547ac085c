"""Draw what a heatmap detector gets wrong: every miss and every false alarm in its surroundings, on one sheet.

Usage: python scripts/draw_errors.py --images DIR --truth truth.csv --weights FILE [FILE ...] --out sheet.jpg

With several weights files in folders named after books (RUN/BOOK/detector.safetensors) each page is read by its book's.
Boxes found are green, false alarms red, misses blue.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from measure_detector import match, rectangle
from numpy.typing import NDArray

from detection.heatmap.detector import HeatmapDetector
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page

Picture = NDArray[np.uint8]
GREEN, RED, BLUE = (0, 160, 0), (0, 0, 255), (255, 80, 0)
AROUND = 2.2
"""A cutting shows this many character sizes."""


def cuttings(
    page: Picture, truth: PageTruth, detector: HeatmapDetector, side: int
) -> tuple[list[Picture], list[Picture]]:
    """Pictures of the misses and of the false alarms of one page, uint8 (side, side, 3) BGR each."""
    found = detector.detect(prepare_page(page))
    matched = match(truth, found.points)
    picture = np.ascontiguousarray(page[..., ::-1])
    wrong = matched.box_of_prediction < 0
    missed = truth.boxes[matched.prediction_of_box < 0]
    for boxes, color in ((found.boxes[~wrong], GREEN), (found.boxes[wrong], RED), (missed, BLUE)):
        for box in boxes:
            rectangle(picture, box, color, 4)
    size = float(np.median(np.sqrt(np.prod(truth.boxes[:, 2:] - truth.boxes[:, :2], axis=1)))) if len(truth) else 100.0
    cut = [[_cutting(picture, box, AROUND * size, side) for box in boxes] for boxes in (missed, found.boxes[wrong])]
    return cut[0], cut[1]


def _cutting(picture: Picture, box: NDArray[np.float32], width: float, side: int) -> Picture:
    center = (box[:2] + box[2:]) / 2
    reach = max(width, float((box[2:] - box[:2]).max()) * 1.3) / 2
    scale = side / (2 * reach)
    matrix = np.array([[scale, 0, side / 2 - scale * center[0]], [0, scale, side / 2 - scale * center[1]]])
    return np.asarray(cv2.warpAffine(picture, matrix, (side - 4, side - 4), borderValue=(255, 255, 255)), np.uint8)


def sheet(groups: list[tuple[str, list[Picture]]], side: int, columns: int) -> Picture:
    """Groups of pictures under their names."""
    rows = []
    for name, pictures in groups:
        title = np.full((40, columns * side, 3), 255, np.uint8)
        cv2.putText(
            title, f"{name}: {len(pictures)}", (6, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2, cv2.LINE_AA
        )
        rows.append(title)
        for start in range(0, len(pictures), columns):
            row = np.full((side, columns * side, 3), 255, np.uint8)
            for place, picture in enumerate(pictures[start : start + columns]):
                row[: picture.shape[0], place * side : place * side + picture.shape[1]] = picture
            rows.append(row)
    return np.concatenate(rows)


def main() -> int:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--weights", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--side", type=int, default=150)
    parser.add_argument("--columns", type=int, default=12)
    options = parser.parse_args()
    detectors = {path.parent.name: HeatmapDetector.load(path) for path in options.weights}
    images = list_images(options.images)
    missed: list[Picture] = []
    alarms: list[Picture] = []
    for truth in read_repaired_truth(options.truth):
        detector = detectors.get(book_of(truth.image_id)) or next(iter(detectors.values()))
        one, other = cuttings(read_page(images[truth.image_id]), truth, detector, options.side)
        missed += one
        alarms += other
    drawn = sheet([("missed", missed), ("false alarms", alarms)], options.side, options.columns)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(options.out), drawn, [cv2.IMWRITE_JPEG_QUALITY, 80])
    print(f"{options.out}: {len(missed)} missed, {len(alarms)} false alarms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
