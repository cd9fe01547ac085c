"""How well the reading order of a page is found: pairs in the right order, on true boxes and on detected ones.

Usage: python scripts/measure_reading_order.py --truth truth_interpolated.csv --images DIR [--detector heatmap]

The truth lists "U+XXXX x y w h flag" in reading order; flag 0 marks a box that was guessed between its neighbors, so
that pairs are counted among boxes of flag 1 alone. Where a text repeats itself its characters can be taken for one
another, and the truth may have taken them so: "alike" counts pairs with equal characters interchangeable. "edits" is
the number of insertions, deletions and changes that make the characters of all true boxes, as ordered, the text.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torchmetrics.functional.text import edit_distance

from detection.detections import Detector
from detection.ink.detector import InkDetector
from detection.load import load_detectors
from kuzushiji_submit.competition.csv_table import read_rows
from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.competition.labels import parse_groups
from kuzushiji_submit.core.boxes import overlaps
from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.reading.default_weights import detector_weights
from kuzushiji_submit.reading.order import read_order

# A detected box that shares this much with a true one is the same character (intersection over union).
SAME_BOX = 0.3


@dataclass(frozen=True, eq=False)
class OrderedPage:
    """The N characters of a page in reading order: text, boxes float32 (N, 4), and which boxes are exact (N,)."""

    image_id: str
    text: str
    boxes: NDArray[np.float32]
    exact: NDArray[np.bool_]


def main() -> int:
    """Prints one line a page that is not perfect, and the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truth", type=Path, required=True, help="CSV of image_id and labels_exact_flag")
    parser.add_argument("--images", type=Path, help="folder of the pages, to measure detected boxes as well")
    parser.add_argument("--detector", choices=("heatmap", "ink"), default="heatmap")
    parser.add_argument("--detector-weights", type=Path, nargs="+")
    args = parser.parse_args()
    detector = load_detector(args) if args.images else None
    images = list_images(args.images) if args.images else {}
    rows = []
    print(f"{'page':20} {'pairs':>7} {'alike':>7} {'edits':>6} {'of':>5}  detected: {'found':>6} {'pairs':>7}")
    for page in read_ordered(args.truth):
        ranks = ranks_of(page.boxes)
        alike = interchanged(ranks, page.text)
        written = "".join(page.text[index] for index in read_order(page.boxes).order)
        edits = int(edit_distance(written, page.text, reduction="sum"))
        row = [pairs_in_order(ranks[page.exact]), pairs_in_order(alike[page.exact]), edits, len(page.text)]
        if detector is not None:
            found = detector.detect(prepare_page(read_page(images[page.image_id]))).boxes
            row += measure_detected(page, found)
        rows.append(row)
        if min([row[0], *row[5:]]) < 1:
            print(line(page.image_id, row))
    means = np.array(rows, np.float64)
    print(
        line(f"all {len(rows)}", [*means[:, :2].mean(axis=0), *means[:, 2:4].sum(axis=0), *means[:, 4:].mean(axis=0)])
    )
    return 0


def load_detector(args: argparse.Namespace) -> Detector:
    """What finds the boxes."""
    weights = detector_weights(args.detector, args.detector_weights)
    return load_detectors(weights, device="cpu")[0] if weights else InkDetector()


def read_ordered(path: Path) -> list[OrderedPage]:
    """The pages of the truth."""
    pages = []
    for row in read_rows(path, ("image_id", "labels_exact_flag")):
        groups = parse_groups(row.cells[1], 5, codepoints_only=True)
        boxes = groups.numbers[:, :4].astype(np.float32)
        boxes[:, 2:] += boxes[:, :2]
        text = "".join(map(to_character, groups.names))
        pages.append(OrderedPage(row.cells[0], text, boxes, groups.numbers[:, 4] == 1))
    return pages


def ranks_of(boxes: NDArray[np.float32]) -> NDArray[np.int64]:
    """By box, as which it is read."""
    ranks = np.zeros(len(boxes), np.int64)
    ranks[read_order(boxes).order] = np.arange(len(boxes))
    return ranks


def interchanged(ranks: NDArray[np.int64], text: str) -> NDArray[np.int64]:
    """The ranks after equal characters have changed places to their best."""
    characters, best = np.array(list(text)), ranks.copy()
    for character in set(text):
        places = np.flatnonzero(characters == character)
        best[places] = np.sort(ranks[places])
    return best


def pairs_in_order(ranks: NDArray[np.int64]) -> float:
    """The share of pairs that stand as in the truth; 1 without a pair."""
    count = len(ranks)
    return float(np.triu(ranks[:, None] < ranks[None, :], 1).sum() / (count * (count - 1) / 2)) if count > 1 else 1.0


def measure_detected(page: OrderedPage, found: NDArray[np.float32]) -> list[float]:
    """The share of exact boxes that were found, and the pairs in order among these; false alarms stand between."""
    shared = overlaps(page.boxes[page.exact], found)
    best = shared.argmax(axis=1) if len(found) else np.zeros(0, np.int64)
    hit = shared.max(axis=1, initial=0) >= SAME_BOX
    # A detected box that covers two true ones counts for the first.
    _, firsts = np.unique(best[hit], return_index=True)
    kept = best[hit][np.sort(firsts)]
    return [len(kept) / max(1, int(page.exact.sum())), pairs_in_order(ranks_of(found)[kept])]


def line(name: str, row: list[float]) -> str:
    """A line of the table."""
    detected = f"{'':11} {row[4]:6.3f} {row[5]:7.4f}" if len(row) > 4 else ""
    return f"{name:20} {row[0]:7.4f} {row[1]:7.4f} {row[2]:6.0f} {row[3]:5.0f}{detected}"


if __name__ == "__main__":
    sys.exit(main())
