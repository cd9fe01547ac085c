"""`kuzushiji held-out`: pages of books that training did not see, read without a threshold and kept."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kuzushiji_submit.cli.arguments import (
    add_context_arguments,
    add_settings_arguments,
    add_time_budget_argument,
    add_weights_arguments,
)
from kuzushiji_submit.core.time_budget import TIME_IS_UP

if TYPE_CHECKING:
    from kuzushiji_submit.competition.data_folder import DataFolder


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "held-out",
        help="read the pages of held-out books and keep all that was found; scored by book",
        description="Reads annotated pages without a threshold into a file that `calibrate --readings` and "
        "`second-level --readings` take, also together with those of other runs that held out other books.",
        example="kuzushiji held-out --data data --books b --recognizer-weights run/recognizer.safetensors "
        "--out held_out.jsonl",
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DATA", help="data folder with complete truth")
    parser.add_argument(
        "--books",
        nargs="+",
        metavar="BOOK",
        help="only pages of these books (default: those that the recognizer's weights say were held out)",
    )
    add_weights_arguments(parser)
    parser.add_argument("--detector", choices=("heatmap", "ink"), help="as in predict")
    add_context_arguments(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="JSONL", help="the readings; beside it F1 by book, as .csv"
    )
    parser.add_argument(
        "--before",
        type=Path,
        nargs="+",
        default=[],
        metavar="JSONL",
        help="readings of earlier runs: F1 of the same books before is shown beside it",
    )
    unfinished = parser.add_mutually_exclusive_group()
    unfinished.add_argument("--resume", action="store_true", help="go on with an unfinished run")
    unfinished.add_argument("--restart", action="store_true", help="forget what is there and begin anew")
    parser.add_argument("--workers", type=int, default=1, help="threads that find characters ahead")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ... (default: %(default)s)")
    add_time_budget_argument(parser)
    add_settings_arguments(parser)
    parser.set_defaults(run=run, stoppable=True)


def run(args: argparse.Namespace) -> int:
    """Reads the pages and prints F1 by book; 3 if time was up before all of them were read."""
    from kuzushiji_submit.calibration.calibrate import truth_of
    from kuzushiji_submit.competition.books import book_of
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.competition.page_images import PageImages
    from kuzushiji_submit.core.files import try_file
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.reading.default_weights import all_recognizer_weights, detector_weights
    from kuzushiji_submit.reading.journal import Journal
    from kuzushiji_submit.reading.load_pipeline import PipelineConfig, describe, load_pipeline
    from kuzushiji_submit.reading.step_files import StepFiles
    from kuzushiji_submit.training_data.adaptation.read_folder import read_folder

    try_file(args.out, "--out", "held_out.jsonl")
    config = replace(read_settings(PipelineConfig(), args.config, args.set), min_score=0.0)
    weights = all_recognizer_weights(args.recognizer_weights)
    detector = detector_weights(args.detector, args.detector_weights)
    files = StepFiles.chosen(config, args.prior, args.column)
    data, books = DataFolder(args.data), args.books or _held_out(weights)
    scans = {page.image_id: file for file, page in truth_of(data, lambda image_id: book_of(image_id) in books)}
    images = PageImages(scans, scans, data.train_images)
    pipeline = load_pipeline(config, weights, detector, args.device, files)
    made_by = describe(config, pipeline, weights, detector, files)
    if args.restart:
        args.out.unlink(missing_ok=True)
    with Journal(args.out, made_by, pipeline.recognizer.charset, resume=args.resume) as journal:
        complete = read_folder(pipeline, images, journal, args.time_budget, max(1, args.workers))
        read = len(journal)
    _report(args, data)
    if complete:
        return 0
    sys.stderr.write(f"time is up: {read} of {len(images)} pages are read: run again with --resume\n")
    return TIME_IS_UP


def _held_out(weights: tuple[Path, ...]) -> tuple[str, ...]:
    """The books that no weights file has seen, as the files say."""
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.core.training.book_split import books_of_description
    from kuzushiji_submit.core.weights_record import read_record

    books = [set(books_of_description(read_record(path).provenance.split)) for path in weights]
    unseen = sorted(set.intersection(*books))
    if not unseen:
        raise ConfigError(f"{weights[0]}: does not say which books were held out: name them with --books")
    return tuple(unseen)


def _report(args: argparse.Namespace, data: "DataFolder") -> None:
    """F1 by book, each with a threshold chosen on the others, beside what it was before."""
    from kuzushiji_submit.calibration.held_out import choose_threshold, load_readings, show_table, table_of_books
    from kuzushiji_submit.core.errors import CompetitionFileError
    from kuzushiji_submit.core.files import atomic_text

    pages = load_readings([args.out], data)
    choice = choose_threshold(pages)
    columns = {"F1": choice.by_book}
    if args.before:
        read = {page.image_id for page, _ in pages}
        try:
            if earlier := [page for page in load_readings(args.before, data) if page[0].image_id in read]:
                columns = {"F1 before": choose_threshold(earlier).by_book, **columns}
        except CompetitionFileError as error:
            sys.stderr.write(f"{error}\n")
    table = table_of_books(columns)
    with atomic_text(args.out.with_suffix(".csv")) as stream:
        table.to_csv(stream, index=False, float_format="%.5f")
    sys.stdout.write(show_table(table))
    sys.stdout.write(
        f"{args.out}: {len(pages)} pages of {len(choice.by_book)} books that were not trained on: F1 "
        f"{choice.judged.f1:.4f}\n"
    )
