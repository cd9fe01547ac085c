"""What context and second level do to a strong reader: they must not hurt it.

Usage: python scripts/measure_second_level.py --data DATA --prior FILE --journal JSONL [--second-level FILE]
           [--recognizer-weights FILE] [--every 10] [--strengths 0.7 0.9 0.95 0.98]

Pages of a data folder are read by detector and reader as they are (kept in --journal, an interrupted run goes on). Then
the reader is made as strong as asked: the logarithm of the truth's score gets a bonus at each place that a true box
holds, so large that this share of them is read right, and the scores are calibrated; where nothing is annotated it
says what it says. Then: F1 with the best threshold of the other books, of the eye alone, with context, with a second
level learned on the other books of the same reader, and with --second-level, that was learned from another reader.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from kuzushiji_submit.calibration.calibrate import truth_of
from kuzushiji_submit.calibration.second_level import candidates_of, fit_second_level
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.scoring import match_page
from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.context.ngram_context import NgramContext
from kuzushiji_submit.reading.context.step import ContextStep
from kuzushiji_submit.reading.default_weights import all_recognizer_weights, detector_weights
from kuzushiji_submit.reading.journal import Journal
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, describe, load_pipeline
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.prior.prior_file import load_prior
from kuzushiji_submit.reading.second_level.candidate_judge import SecondLevel
from kuzushiji_submit.reading.second_level.second_level_file import load_second_level
from recognition.calibration import fit_temperature

SMALLEST = 1e-9


def main() -> int:
    """Prints the table."""
    args = parse_arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    read = read_pages(args)
    context = ContextStep(NgramContext(load_prior(args.prior), read[0][0].charset.codepoints, ContextConfig()))
    other = load_second_level(args.second_level) if args.second_level else None
    print(f"{len(read)} pages, {sum(len(truth) for _, truth in read)} characters")
    names = f"{'reader':>7} {'top-1':>7} {'F1 eye':>8} {'context':>8} {'second level':>13}"
    print(f"{names} {'gain':>8} {'error':>7} {'other':>7}")
    for strength in (None, *args.strengths):
        pages, right = (read, 0.0) if strength is None else strengthen(read, strength)
        eye = fit_second_level(candidates_of(page, truth) for page, truth in pages).plain
        after = [(context(page), truth) for page, truth in pages]
        found = fit_second_level(candidates_of(page, truth) for page, truth in after)
        row = f"{strength or 'as is':>7} {right:7.4f} {eye.f1:8.4f} {found.plain.f1:8.4f} {found.judged.f1:13.4f}"
        print(f"{row} {found.gain:+8.4f} {found.error:7.4f} {f1_with(other, after):7.4f}", flush=True)
    return 0


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="data folder with complete truth")
    parser.add_argument("--prior", type=Path, required=True, help="text prior")
    parser.add_argument("--journal", type=Path, required=True, help="file for what was read")
    parser.add_argument("--second-level", type=Path, help="a second level learned elsewhere")
    parser.add_argument("--recognizer-weights", type=Path)
    parser.add_argument("--every", type=int, default=10, help="only every n-th page")
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.7, 0.9, 0.95, 0.98])
    return parser.parse_args()


Read = list[tuple[PageReading, PageTruth]]


def read_pages(args: argparse.Namespace) -> Read:
    """Every page as detector and reader see it, nothing dropped."""
    config = PipelineConfig(min_score=0.0, alternatives=12)
    given = [args.recognizer_weights] if args.recognizer_weights else None
    weights, detector = all_recognizer_weights(given), detector_weights("heatmap", None)
    pipeline = load_pipeline(config, weights, detector, "cpu")
    pages = truth_of(DataFolder(args.data))[:: args.every]
    made_by = describe(config, pipeline, weights, detector)
    with Journal(args.journal, made_by, pipeline.recognizer.charset, resume=args.journal.exists()) as journal:
        for path, truth in pages:
            if truth.image_id not in journal:
                journal.add(next(pipeline.read([(truth.image_id, read_page(path))])))
        return [(journal[truth.image_id], truth) for _, truth in pages]


def strengthen(read: Read, strength: float) -> tuple[Read, float]:
    """The same pages read by a reader that is right this often, with calibrated scores; and how often it is right."""
    places = [true_classes(page, truth) for page, truth in read]
    logs = [np.log(np.maximum(page.top_scores.astype(np.float64), SMALLEST)) for page, _ in read]
    ids = [ids_with_truth(page, classes) for (page, _), classes in zip(read, places, strict=True)]
    hits = [(table == classes[:, None]) & (classes >= 0)[:, None] for table, classes in zip(ids, places, strict=True)]
    all_logs, all_hits = np.concatenate(logs), np.concatenate(hits)
    known = all_hits.any(axis=1)
    margins = np.where(all_hits, -np.inf, all_logs).max(axis=1) - np.where(all_hits, all_logs, -np.inf).max(axis=1)
    bonus = max(float(np.quantile(margins[known], strength)) + 1e-6, 0.0)
    all_logs = all_logs + bonus * all_hits
    temperature = fit_temperature(all_logs[known].astype(np.float32), all_hits[known].argmax(axis=1))
    stronger: Read = []
    for (page, truth), table, own, values in zip(read, ids, hits, logs, strict=True):
        scores = np.exp((values + bonus * own) / temperature)
        # Where nothing is annotated the reader keeps its doubt: what it gave to no character stays there.
        scores *= np.where(own.any(axis=1), 1, np.exp(values).sum(axis=1))[:, None] / scores.sum(axis=1, keepdims=True)
        best_first = np.argsort(-scores, axis=1, kind="stable")
        top = np.take_along_axis(scores, best_first, axis=1).astype(np.float32)
        again = page.reread(np.take_along_axis(table, best_first, axis=1), top)
        stronger.append((replace(again, eye_ids=None, eye_scores=None), truth))
    return stronger, float((all_logs.argmax(axis=1) == all_hits.argmax(axis=1))[known].mean())


def true_classes(page: PageReading, truth: PageTruth) -> NDArray[np.int64]:
    """The class of the true box that each point lies in, int64 (N,); -1 where none is."""
    match = match_page(truth, PagePoints(page.image_id, page.codepoints, page.centers), detection_only=True)
    classes = np.array([*page.charset.class_ids(truth.codepoints), -1], np.int64)
    return classes[match.box_of_prediction]


def ids_with_truth(page: PageReading, classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The readings of each character, the truth in the place of the last where it was not among them."""
    ids = page.top_ids.copy()
    missing = (classes >= 0) & ~(ids == classes[:, None]).any(axis=1)
    ids[missing, -1] = classes[missing]
    return ids


def f1_with(level: SecondLevel | None, pages: Sequence[tuple[PageReading, PageTruth]]) -> float:
    """F1 with a second level that was learned elsewhere, and its own threshold; NaN without one."""
    if level is None:
        return float("nan")
    tp = kept = truths = 0
    for page, truth in pages:
        own = candidates_of(page, truth)
        sure = level.trees.probabilities(own.rows) >= level.min_score
        tp, kept, truths = tp + int(own.hits[sure].sum()), kept + int(sure.sum()), truths + len(truth)
    return 2 * tp / max(kept + truths, 1)


if __name__ == "__main__":
    sys.exit(main())
