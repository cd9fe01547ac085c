"""Fit the geometric cost of the ink detector's lattice to annotated pages and check it with every book left out.

Usage: python scripts/fit_detector.py --images DIR --truth exact.csv [--partial partial.csv] [--leave-one-book-out]
    [--least 0.3]

A semi-Markov conditional random field (Sarawagi & Cohen 2004) over the candidate characters of each column is fitted by
maximum likelihood. On fully annotated pages the right segmentation is known; on pages of `--partial`, where only some
boxes are given, every segmentation that contains those is right. Prints the tables of `detection/ink/geometry.py`.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from measure_detector import line, match
from numpy.typing import NDArray
from scipy.optimize import minimize

from detection.ink import geometry, segmentation
from detection.ink.cut_lattice import FEATURES, Candidates, column_candidates
from detection.ink.detector import InkDetector
from detection.ink.geometry import measures, skip_measures
from detection.ink.profiles import candidate_cuts, column_profiles
from detection.ink.semi_markov import Graph, marginals, sums
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.scoring import Counts, total
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.boxes import centers_inside
from kuzushiji_submit.core.page import read as images_on_disk
from kuzushiji_submit.core.page.prepared import prepare_page

SKIPS = 3


@dataclass
class Page:
    """One page's lattice and what its truth allows."""

    image_id: str
    candidates: list[Candidates]
    zoom: NDArray[np.float64]
    truth: PageTruth
    partial: bool


def read_page(truth: PageTruth, images: Path, *, partial: bool) -> Page:
    """Run the detector up to the lattice."""
    page = images_on_disk.read_page(images / f"{truth.image_id}.jpg")
    detector = InkDetector()
    settings, unit = detector.config.segmentation, detector.config.layout.unit
    layout = detector.explain_part(prepare_page(page)).layout
    candidates = []
    for profile in column_profiles(layout.columns):
        cuts = candidate_cuts(profile, unit, settings.cut_spacing, settings.longest_piece)
        found = column_candidates(profile, cuts, unit, settings.tallest)
        if len(found.begin):
            candidates.append(found)
    return Page(truth.image_id, candidates, np.tile(layout.zoom_xy, 2), truth, partial)


def allowed(page: Page) -> tuple[list[NDArray[np.bool_]], list[NDArray[np.bool_]]]:
    """Per column: which candidates, and which skipped pieces, a right segmentation may contain."""
    keep, skips = [], []
    for one in page.candidates:
        overlap = best_overlap(one.boxes / page.zoom, page.truth.boxes)
        gold = best_chain(one, np.maximum(0, overlap - 0.5))
        keep.append(np.full(len(one.begin), page.partial))
        skips.append(np.ones(int(one.end.max()), bool))
        for k in gold:
            keep[-1][(one.begin < one.end[k]) & (one.end > one.begin[k])] = False
            skips[-1][one.begin[k] : one.end[k]] = False
        keep[-1][gold] = True
    return keep, skips


def best_chain(one: Candidates, gain: NDArray[np.float32]) -> NDArray[np.intp]:
    """Disjoint candidates of one column with most gain, those without gain left out."""
    best = np.zeros(int(one.end.max()) + 1)
    chosen = np.full(len(best), -1)
    for node in range(1, len(best)):
        best[node] = best[node - 1]
        for k in np.flatnonzero((one.end == node) & (gain > 0)):
            if best[one.begin[k]] + gain[k] > best[node]:
                best[node], chosen[node] = best[one.begin[k]] + gain[k], k
    path: list[int] = []
    node = len(best) - 1
    while node > 0:
        path += [int(chosen[node])] if chosen[node] >= 0 else []
        node = int(one.begin[chosen[node]]) if chosen[node] >= 0 else node - 1
    return np.asarray(path, np.intp)


def best_overlap(boxes: NDArray[np.float64], truth: NDArray[np.float32]) -> NDArray[np.float32]:
    """For every box the best intersection over union, along the column, with a truth box that its center lies in."""
    if len(truth) == 0:
        return np.zeros(len(boxes), np.float32)
    shared = np.minimum(boxes[:, 3, None], truth[:, 3]) - np.maximum(boxes[:, 1, None], truth[:, 1])
    joint = np.maximum(boxes[:, 3, None], truth[:, 3]) - np.minimum(boxes[:, 1, None], truth[:, 1])
    overlap = np.where(centers_inside(boxes.astype(np.float32), truth), shared / joint, 0).max(axis=1)
    return np.asarray(overlap, np.float32)


class Likelihood:
    """The negative log likelihood of the right segmentations, and its gradient."""

    def __init__(self, pages: list[Page], penalty: float) -> None:
        candidates = [one for page in pages for one in page.candidates]
        self.graph: Graph = segmentation.graph_of(candidates)[0]
        self.table = np.stack(list(measures(np.concatenate([one.features for one in candidates])).values()), axis=1)
        self.mean, self.deviation = self.table.mean(axis=0), self.table.std(axis=0) + 1e-6
        self.mean[0], self.deviation[0] = 0, 1
        self.table = (self.table - self.mean) / self.deviation
        self.skip_table = np.zeros((*self.graph.shape[:2], SKIPS))
        self.skip_allowed = np.ones(self.graph.shape[:2], bool)
        rules = [allowed(page) for page in pages]
        for number, (one, ok) in enumerate(zip(candidates, [s for _, skips in rules for s in skips], strict=True)):
            self.skip_table[number, : len(ok)] = skip_measures(one, len(ok))
            self.skip_allowed[number, : len(ok)] = ok
        self.allowed = np.concatenate([k for keeps, _ in rules for k in keeps])
        self.penalty = np.full(SKIPS + self.table.shape[1], penalty)
        self.penalty[:SKIPS] *= 0.1
        self.penalty[SKIPS] = 0

    def __call__(self, weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        skip, potential = self.skip_table @ weights[:SKIPS], self.table @ weights[SKIPS:]
        right_skip, right = np.where(self.skip_allowed, skip, -np.inf), np.where(self.allowed, potential, -np.inf)
        value, gradient = 0.0, np.zeros(len(weights))
        finite = np.isfinite(sums(self.graph, right, right_skip)[2])
        for sign, some_potential, some_skip in ((1, potential, skip), (-1, right, right_skip)):
            forward, backward, partition = sums(self.graph, some_potential, some_skip)
            value += sign * partition[finite].sum()
            share = marginals(self.graph, some_potential, some_skip) * finite[self.graph.column]
            with np.errstate(invalid="ignore"):
                skipped = np.exp(forward[:, :-1] + some_skip + backward[:, 1:] - partition[:, None])
            skipped = np.nan_to_num(skipped) * finite[:, None]
            gradient += sign * np.concatenate([np.einsum("cp,cpk->k", skipped, self.skip_table), share @ self.table])
        return value + 0.5 * float(self.penalty @ weights**2), gradient + self.penalty * weights

    def fit(self, iterations: int) -> tuple[dict[str, float], tuple[float, ...]]:
        """The weights of candidates and of skips."""
        start = np.zeros(len(self.penalty))
        found = minimize(self, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations}).x
        weights = found[SKIPS:] / self.deviation
        weights[0] -= float(self.mean @ weights)
        names = measures(np.zeros((1, len(FEATURES)), np.float32))
        return dict(zip(names, weights.tolist(), strict=True)), tuple(found[:SKIPS].tolist())


def use(weights: dict[str, float], skips: tuple[float, ...]) -> None:
    """Put weights into the detector of this process."""
    geometry.WEIGHTS.clear()
    geometry.WEIGHTS.update(weights)
    geometry.SKIP_WEIGHTS = skips  # type: ignore[assignment]


def tally(page: Page, least: float) -> Counts:
    """Score one page with the weights in use."""
    if not page.candidates:
        return Counts(fn=len(page.truth))
    points = segmentation.choose(page.candidates, least)[2] / page.zoom[:2]
    return match(page.truth, points.astype(np.float32)).counts


def report(title: str, tallies: dict[str, Counts]) -> None:
    """Print a line a book and the pooled line."""
    for book, one in tallies.items():
        print(f"{title} {book:14s} {line(one)}")
    print(f"{title} {'pooled':14s} {line(total(tallies.values()))}", flush=True)


def main(arguments: Iterable[str] | None = None) -> int:
    """Fit, check, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--partial", type=Path)
    parser.add_argument("--penalty", type=float, default=1.0, help="weight of the squared weights")
    parser.add_argument("--iterations", type=int, default=100)
    parser.add_argument("--least", type=float, default=segmentation.SegmentationConfig().least)
    parser.add_argument("--leave-one-book-out", action="store_true")
    options = parser.parse_args(None if arguments is None else list(arguments))
    cv2.setNumThreads(1)
    exact = read_repaired_truth(options.truth)
    pages = [read_page(truth, options.images, partial=False) for truth in exact]
    partial = read_repaired_truth(options.partial) if options.partial else []
    known = {truth.image_id for truth in exact}
    pages += [read_page(truth, options.images, partial=True) for truth in partial if truth.image_id not in known]
    books = list(dict.fromkeys(book_of(page.image_id) for page in pages if not page.partial))
    if options.leave_one_book_out:
        out: dict[str, Counts] = {}
        for book in books:
            use(*Likelihood([p for p in pages if book_of(p.image_id) != book], options.penalty).fit(options.iterations))
            out[book] = Counts()
            for page in pages:
                if book_of(page.image_id) == book and not page.partial:
                    out[book] += tally(page, options.least)
        report("left out", out)
    weights, skips = Likelihood(pages, options.penalty).fit(options.iterations)
    use(weights, skips)
    within = {book: Counts() for book in books}
    for page in pages:
        if not page.partial:
            within[book_of(page.image_id)] += tally(page, options.least)
    report("fitted", within)
    print("WEIGHTS: dict[str, float] = {")
    for name, weight in weights.items():
        print(f'    "{name}": {weight:.4f},')
    print("}")
    print(f"SKIP_WEIGHTS = ({', '.join(f'{one:.4f}' for one in skips)})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
