"""Fine-tune the score map with each real book left out in turn, and measure it on the book it has not seen.

Usage: python scripts/detector_folds.py --synthetic DATA [DATA ...] --real DATA --partial CSV --initial FILE --out DIR
           [--real-share 0.5] [--books BOOK ...] [--set KEY=VALUE ...] [--measure-only]

DATA are data folders (see scripts/make_real_folder.py for the real one). Pages whose every character is annotated count
for precision and recall; --partial, a file in train.csv's format of some characters of all pages, counts for recall
alone. Folds that are finished are only measured again; an interrupted one goes on.
"""

import argparse
import json
import logging
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from detection.heatmap.detector import HeatmapDetector, HeatmapDetectorConfig
from detection.training.config import HeatmapTraining
from detection.training.run import WEIGHTS, train_heatmap
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.training_data.detector_sources import make_page_sources, match_points
from kuzushiji_submit.training_data.prepare_pages import ROUGH_CSV


class Folds:
    """The books of a real data folder, one run each."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.real = DataFolder(options.real)
        rough = {page.image_id for page in read_repaired_truth(options.real / ROUGH_CSV) if len(page)}
        self.truth = [page for page in read_repaired_truth(self.real.train_csv) if page.image_id not in rough]
        self.partial = read_repaired_truth(options.partial)
        self.images = list_images(self.real.train_images)
        self.books = options.books or sorted({book_of(image_id) for image_id in self.images})

    def train(self, book: str) -> Path:
        """The weights of the run that has not seen a book."""
        out = Path(self.options.out / book)
        if self.options.measure_only or self.is_finished(out):
            return out / WEIGHTS
        settings = read_settings(HeatmapTraining(), overrides=self.options.set)
        settings = replace(
            settings,
            initial_weights=str(self.options.initial),
            split=replace(settings.split, validation_books=(book,)),
            # The last epoch: to choose one by the book that is measured would flatter.
            export="last",
        )
        share = self.options.real_share
        synthetic = [DataFolder(path) for path in self.options.synthetic]
        shares = [share, *((1 - share) / len(synthetic) for _ in synthetic)]
        sources = make_page_sources([self.real], self.options.out / "pages", shares, synthetic)
        return train_heatmap(settings, sources, out, match_points, resume=True).weights

    @staticmethod
    def is_finished(run: Path) -> bool:
        """Whether a run came to its end, rather than to that of its time budget."""
        result = run / "result.json"
        return result.is_file() and bool(json.loads(result.read_text(encoding="utf-8")).get("completed", True))

    def measure(self, book: str, weights: Path) -> tuple[Counts, Counts]:
        """Counts on the fully annotated pages of a book, and on the partly annotated ones (tp and fn)."""
        detector = HeatmapDetector.load(weights, read_settings(HeatmapDetectorConfig(), overrides=self.options.detect))
        found = {
            image_id: detector.detect(prepare_page(read_page(path))).points
            for image_id, path in self.images.items()
            if book_of(image_id) == book
        }
        return self._count(self.truth, found), self._count(self.partial, found)

    @staticmethod
    def _count(pages: list[PageTruth], found: dict[str, NDArray[np.float32]]) -> Counts:
        counts = Counts()
        for page in pages:
            if page.image_id in found:
                counts += Counts(*match_points(page.boxes, found[page.image_id]))
        return counts


def main() -> int:
    """Train, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--synthetic", type=Path, nargs="+", required=True)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--partial", type=Path, required=True)
    parser.add_argument("--initial", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--real-share", type=float, default=0.5)
    parser.add_argument("--books", nargs="+")
    parser.add_argument("--measure-only", action="store_true")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the training")
    parser.add_argument("--detect", action="append", default=[], metavar="KEY=VALUE", help="a setting of the detector")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    folds = Folds(options)
    whole: dict[str, Counts] = defaultdict(Counts)
    for book in folds.books:
        full, partial = folds.measure(book, folds.train(book))
        whole["full"] += full
        whole["partial"] += partial
        print(
            f"{book:12s} F1 {full.f1:.3f} P {full.precision:.3f} R {full.recall:.3f} "
            f"tp {full.tp} fp {full.fp} fn {full.fn}; recall on partly annotated pages {partial.recall:.3f}",
            flush=True,
        )
    full, partial = whole["full"], whole["partial"]
    print(
        f"{'pooled':12s} F1 {full.f1:.4f} P {full.precision:.4f} R {full.recall:.4f} "
        f"tp {full.tp} fp {full.fp} fn {full.fn}; recall on partly annotated pages {partial.recall:.4f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
