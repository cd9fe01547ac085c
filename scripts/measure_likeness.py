"""Compare the ink of synthetic pages with that of real ones, book by book.

Usage: python scripts/measure_likeness.py --real REAL [--synthetic DIR ...] [--size 48] [--manuscripts BOOK ...]
                                     [--without CLASSES.json]

Prints the median of every measure for each book and, below, the median over books with the least and the greatest of
them, prints and manuscripts apart. A real folder holds `images/` and `truth_exact.csv` or `truth_partial.csv`; a
synthetic one is what `kuzushiji synthesize` writes. Pages of `truth_partial.csv` lack the most frequent
classes, mostly simple kana: name those with --without to compare like with like.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.competition.truth import PageTruth, read_truth
from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.synthetic.likeness import MEASURES, SIZE, BoxLikeness, measure_page
from kuzushiji_submit.synthetic.make_competition import SETTINGS_FILE

PRINT, MANUSCRIPT = "print", "manuscript"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--synthetic", type=Path, nargs="*", default=[])
    parser.add_argument("--size", type=float, default=SIZE, help="pixels a character is brought to; 0: as it is")
    parser.add_argument("--manuscripts", nargs="*", default=["200021763"], help="real books that are handwritten")
    parser.add_argument("--without", type=Path, help="a JSON list of codepoints left out of all pages")
    options = parser.parse_args(arguments)
    without = frozenset(json.loads(options.without.read_text(encoding="utf-8"))) if options.without else frozenset()
    tables = []
    if options.real is not None:
        truth = {
            **_truth(options.real / "truth_partial.csv", without),
            **_truth(options.real / "truth_exact.csv", without),
        }
        tables.append(_table("real", options.real / "images", truth, options.size, set(options.manuscripts)))
    for folder in options.synthetic:
        manuscripts = set(json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8")).get("manuscripts", ()))
        truth = _truth(folder / "train.csv", without)
        tables.append(_table(folder.name, folder / "train_images", truth, options.size, manuscripts))
    table = pd.concat([part for part in tables if len(part)])
    print(_by_book(table).to_string(float_format=_figure))
    print()
    print(_summary(table).to_string())
    return 0


def _truth(path: Path, without: frozenset[str]) -> dict[str, PageTruth]:
    pages = read_truth(path) if path.is_file() else []
    return {page.image_id: _kept(page, without) for page in pages}


def _kept(page: PageTruth, without: frozenset[str]) -> PageTruth:
    chosen = [index for index, codepoint in enumerate(page.codepoints) if codepoint not in without]
    return PageTruth(page.image_id, tuple(page.codepoints[index] for index in chosen), page.boxes[chosen])


def _table(source: str, images: Path, truth: dict[str, PageTruth], size: float, manuscripts: set[str]) -> pd.DataFrame:
    """One row a page: source, kind, book and every measure."""
    rows, files = [], list_images(images)
    for image_id, page in sorted(truth.items()):
        likeness = _measure(files[image_id], page, size) if image_id in files else None
        if likeness is None:
            print(f"{images / image_id}: no image, or nothing to measure; left out", file=sys.stderr)
            continue
        book = book_of(image_id)
        kind = MANUSCRIPT if book in manuscripts else PRINT
        rows.append({"source": source, "kind": kind, "book": book, **dataclasses.asdict(likeness)})
    return pd.DataFrame(rows)


def _measure(path: PageFile, page: PageTruth, size: float) -> BoxLikeness | None:
    try:
        return measure_page(read_page(path), page.boxes, size)
    except PageReadError:
        return None


def _by_book(table: pd.DataFrame) -> pd.DataFrame:
    groups = table.groupby(["source", "kind", "book"], sort=True)
    medians = groups[list(MEASURES)].median()
    medians.insert(0, "pages", groups.size())
    return medians


def _summary(table: pd.DataFrame) -> pd.DataFrame:
    """Median over books, with the least and the greatest of them."""
    books = _by_book(table)[list(MEASURES)].groupby(["kind", "source"])
    middle, least, most = books.median(), books.min(), books.max()
    cells = {
        name: [
            f"{_figure(middle[name][row])} {_figure(least[name][row])}-{_figure(most[name][row])}"
            for row in middle.index
        ]
        for name in MEASURES
    }
    return pd.DataFrame(cells, index=middle.index).T


def _figure(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 2 else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main())
