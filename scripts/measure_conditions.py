"""Measure the ink detector on synthetic pages of one difficulty at a time: dense, sparse, illustrated, stained, ...

Usage: python scripts/measure_conditions.py --layout train.csv [--pages 12] [--seed 0] [--height 1800] [--fonts F ...]

Every condition draws its own pages of several hands from re-inked layouts, with all other difficulties switched off;
"blank" and "black" are pages without ink and all ink.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from measure_detector import line, match
from numpy.typing import NDArray

from detection.ink.detector import InkDetector
from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.synthetic.book import BookStyle
from kuzushiji_submit.synthetic.fonts import FontSet, discover_fonts
from kuzushiji_submit.synthetic.hand import Hand
from kuzushiji_submit.synthetic.plan import SynthesisSettings, Synthesizer

DENSE, SPARSE = 250, 60


@dataclass(frozen=True)
class Condition:
    """What is changed of an easy page, and which layouts it is drawn from."""

    style: dict[str, float]
    wanted: Callable[[PageTruth], bool] = lambda page: SPARSE <= len(page) < DENSE


EASY = {
    "ruby": 0.0,
    "marks": 0.0,
    "circles": 0.0,
    "show_through": 0.0,
    "stains": 0.0,
    "holes": 0.0,
    "seals": 0.0,
    "pictures": 0.0,
}
CONDITIONS = {
    "easy": Condition({}),
    "dense": Condition({}, lambda page: len(page) >= DENSE),
    "sparse": Condition({}, lambda page: 0 < len(page) < SPARSE),
    "illustrated": Condition({"pictures": 1.0}, lambda page: 0 < len(page) < 120),
    "stained": Condition({"stains": 8.0, "holes": 4.0}),
    "show-through": Condition({"show_through": 0.35}),
    "seals": Condition({"seals": 6.0}),
    "ruby": Condition({"ruby": 0.75, "marks": 0.05}),
}


class StyledSynthesizer(Synthesizer):
    """Draws books whose style is changed."""

    changes: dict[str, float]

    def book(self, book: int) -> tuple[BookStyle, Hand]:
        """The style and the hand of a book, the style changed."""
        style, hand = super().book(book)
        return replace(style, **{**EASY, **self.changes}), hand  # type: ignore[arg-type]


def draw(
    condition: Condition, layouts: list[PageTruth], fonts: FontSet, options: argparse.Namespace
) -> Iterator[tuple[NDArray[np.uint8], PageTruth]]:
    """Pages of one condition with their truth."""
    settings = SynthesisSettings(pages=options.pages, seed=options.seed, books=6, height=options.height, empty=0.0)
    synthesizer = StyledSynthesizer(settings, fonts, [page for page in layouts if condition.wanted(page)])
    synthesizer.changes = condition.style
    for task in synthesizer.tasks():
        if not task.test:
            page = synthesizer.draw(task)
            yield page.image, PageTruth(task.image_id, page.codepoints, page.boxes)


def empty_pages(options: argparse.Namespace) -> dict[str, NDArray[np.uint8]]:
    """Pages without a character."""
    shape = (options.height, options.height * 2 // 3, 3)
    grain = np.random.default_rng(options.seed).normal(215, 4, shape)
    return {"blank": grain.clip(0, 255).astype(np.uint8), "black": np.zeros(shape, np.uint8)}


def main(arguments: Iterable[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layout", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--height", type=int, default=1800)
    parser.add_argument("--fonts", type=Path, nargs="+")
    options = parser.parse_args(None if arguments is None else list(arguments))
    cv2.setNumThreads(1)
    fonts = FontSet(options.fonts or discover_fonts())
    layouts = read_repaired_truth(options.layout)
    detector = InkDetector()
    for name, condition in CONDITIONS.items():
        counts, seconds, pages = Counts(), 0.0, 0
        for page, truth in draw(condition, layouts, fonts, options):
            begin = time.perf_counter()
            found = detector.detect(prepare_page(page))
            seconds += time.perf_counter() - begin
            counts += match(truth, found.points).counts
            pages += 1
        print(f"{name:14s} {line(counts)}  {seconds / max(pages, 1):.2f} s a page", flush=True)
    for name, page in empty_pages(options).items():
        begin = time.perf_counter()
        print(f"{name:14s} {len(detector.detect(prepare_page(page)))} boxes  {time.perf_counter() - begin:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
