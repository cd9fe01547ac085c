"""Lay fully and partly annotated real pages out as a data folder: train.csv, train_rough.csv, train_images.

Usage: python scripts/make_real_folder.py --real REAL --out DATA

REAL holds images/, truth_exact.csv (every character of some pages), truth_partial.csv (some characters of all pages)
and truth_interpolated.csv (groups of six: codepoint, x, y, w, h and 1 for an annotated box, 0 for one guessed between
its neighbors). A fully annotated page goes into train.csv as it is; of the others the annotated boxes go into train.csv
and the guessed ones into train_rough.csv.
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np

from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.truth import PageTruth, read_truth, write_truth
from kuzushiji_submit.training_data.prepare_pages import ROUGH_CSV


def read_interpolated(path: Path) -> dict[str, tuple[PageTruth, PageTruth]]:
    """Annotated and guessed characters of each page."""
    pages = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for image_id, labels in list(csv.reader(stream))[1:]:
            groups = np.array(labels.split()).reshape(-1, 6)
            boxes = groups[:, 1:5].astype(np.float32)
            boxes[:, 2:] += boxes[:, :2]
            annotated = groups[:, 5] == "1"
            exact, rough = (
                PageTruth(image_id, tuple(groups[which, 0].tolist()), boxes[which]) for which in (annotated, ~annotated)
            )
            pages[image_id] = exact, rough
    return pages


def main() -> int:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    full = {page.image_id: page for page in read_truth(options.real / "truth_exact.csv")}
    partial = {page.image_id: page for page in read_truth(options.real / "truth_partial.csv")}
    interpolated = read_interpolated(options.real / "truth_interpolated.csv")
    exact, rough = [], []
    for image_id, page in sorted(partial.items()):
        if image_id in full:
            exact.append(full[image_id])
        elif image_id in interpolated:
            exact.append(interpolated[image_id][0])
            rough.append(interpolated[image_id][1])
        else:
            print(f"{image_id}: only partly annotated, left out ({len(page)} characters)", file=sys.stderr)
    folder = DataFolder(options.out)
    folder.train_images.mkdir(parents=True, exist_ok=True)
    images = list_images(options.real / "images")
    for page in exact:
        target = folder.train_images / images[page.image_id].path.name
        if not target.exists():
            target.symlink_to(images[page.image_id].path.resolve())
    write_truth(folder.train_csv, exact)
    write_truth(options.out / ROUGH_CSV, rough)
    boxes = sum(map(len, exact)), sum(map(len, rough))
    print(f"{options.out}: {len(exact)} pages, {boxes[0]} annotated and {boxes[1]} guessed characters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
