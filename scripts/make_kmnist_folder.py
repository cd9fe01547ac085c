"""Lay KMNIST's images out as pages of a data folder: train.csv, train_images.

Usage: python scripts/make_kmnist_folder.py --images kmnist-test-imgs.npz --labels kmnist-test-labels.npz --out DATA

A reader sees a character with its surroundings, and KMNIST's images have none: they are set in columns like those of a
book, in an order drawn by chance, 64 pixels a character. A box is what is dark of its image.
Order of the labels: o ki su tsu na ha ma ya re wo (Clanuwat et al. 2018, arXiv 1812.01718).
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.truth import PageTruth, write_truth

KANA = "おきすつなはまやれを"
SIZE = 64
ROWS, COLUMNS = 24, 20
ROW_PITCH, COLUMN_PITCH, MARGIN = 70, 100, 120
PAPER, INK = 228.0, 190.0
DARK = 60
"""What counts as ink in an image of 0 to 255: below it is the blur of scaling and the paper's grain."""


def ink_box(image: NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of the dark pixels, or None where there are none."""
    rows, columns = np.nonzero(image > DARK)
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if len(rows) else None


def lay_out(images: NDArray[np.uint8], labels: NDArray[np.uint8], image_id: str) -> tuple[NDArray[np.uint8], PageTruth]:
    """A grey page uint8 (H, W) of at most ROWS times COLUMNS images uint8 (N, 28, 28), and its truth."""
    page = np.full((2 * MARGIN + ROWS * ROW_PITCH, 2 * MARGIN + COLUMNS * COLUMN_PITCH), PAPER, np.float32)
    codepoints, boxes = [], []
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        scaled = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        found = ink_box(scaled)
        if found is None:
            continue
        column, row = divmod(place, ROWS)
        left, top = page.shape[1] - MARGIN - (column + 1) * COLUMN_PITCH, MARGIN + row * ROW_PITCH
        page[top : top + SIZE, left : left + SIZE] -= scaled / 255 * INK
        boxes.append(np.array(found) + np.array([left, top, left, top]))
        codepoints.append(f"U+{ord(KANA[label]):04X}")
    return np.clip(page, 0, 255).astype(np.uint8), PageTruth(
        image_id, tuple(codepoints), np.array(boxes, np.float32).reshape(-1, 4)
    )


def main() -> int:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with np.load(options.images) as images, np.load(options.labels) as labels:
        order = np.random.default_rng(options.seed).permutation(len(labels["arr_0"]))
        shuffled = images["arr_0"][order], labels["arr_0"][order]
    folder = DataFolder(options.out)
    folder.train_images.mkdir(parents=True, exist_ok=True)
    pages: list[PageTruth] = []
    for start in range(0, len(order), ROWS * COLUMNS):
        stop = start + ROWS * COLUMNS
        image, truth = lay_out(shuffled[0][start:stop], shuffled[1][start:stop], f"kmnist_{len(pages):03d}")
        cv2.imwrite(str(folder.train_images / f"{truth.image_id}.png"), image)
        pages.append(truth)
    write_truth(folder.train_csv, pages)
    sys.stdout.write(f"{options.out}: {len(pages)} pages, {sum(map(len, pages))} characters\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
