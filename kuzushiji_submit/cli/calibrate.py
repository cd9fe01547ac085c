"""`kuzushiji calibrate`: a weights file whose scores are probabilities, with the threshold that suits them."""

import argparse
import sys
from pathlib import Path

from kuzushiji_submit.cli.arguments import add_context_arguments, add_settings_arguments, add_weights_arguments


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "calibrate",
        help="fit temperature and threshold on books that were held out",
        example="kuzushiji calibrate --data data --books b --recognizer-weights run/recognizer.safetensors "
        "--out calibrated.safetensors",
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DATA", help="data folder with complete truth")
    parser.add_argument("--books", nargs="+", metavar="BOOK", help="only pages of these books (default: all)")
    parser.add_argument(
        "--pages",
        type=int,
        default=0,
        metavar="N",
        help="so many pages at most, of each book the same share, evenly over it (default: all)",
    )
    parser.add_argument(
        "--readings",
        type=Path,
        nargs="+",
        metavar="JSONL",
        help="instead of weights: what `held-out` read, also in several runs; chooses min_score for a .toml alone",
    )
    add_weights_arguments(parser)
    parser.add_argument("--detector", choices=("heatmap", "ink"), help="as in predict: the threshold depends on it")
    add_context_arguments(parser)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="calibrated copy of the weights; ending in .toml, settings for predict --config: for several weights",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ... (default: %(default)s)")
    add_settings_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Calibrates and prints what it changes."""
    return _choose_threshold(args) if args.readings else _calibrate(args)


def _choose_threshold(args: argparse.Namespace) -> int:
    """The threshold of pages that were read before, in settings for predict."""
    from kuzushiji_submit.calibration.held_out import (
        choose_threshold,
        load_readings,
        score_by_book,
        show_table,
        table_of_books,
        write_threshold,
    )
    from kuzushiji_submit.competition.books import book_of
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.core.files import try_file
    from recognition.calibration import Calibration

    if any((args.recognizer_weights, args.detector_weights, args.detector, args.prior, args.column, args.pages)):
        raise ConfigError("--readings were read already: leave out weights, detector, prior, column model and --pages")
    if args.out.suffix != ".toml":
        raise ConfigError(f"--out {args.out}: --readings give settings for predict: name a file ending in .toml")
    try_file(args.out, "--out", "calibration.toml")
    pages = load_readings(args.readings, DataFolder(args.data))
    pages = [page for page in pages if not args.books or book_of(page[1].image_id) in args.books]
    choice = choose_threshold(pages)
    write_threshold(args.out, choice, f"{len(pages)} pages of {', '.join(choice.by_book)}")
    untouched = Calibration().min_score
    columns = {f"from {untouched:g} on": score_by_book(pages, untouched), "chosen": choice.by_book}
    sys.stdout.write(
        f"{show_table(table_of_books(columns))}{args.out}\n"
        f"min_score {choice.min_score:.3f} on {len(pages)} pages: F1 {choice.counts.f1:.4f} (precision "
        f"{choice.counts.precision:.4f}, recall {choice.counts.recall:.4f}), {choice.judged.f1:.4f} where it is chosen "
        "on the other books\n"
    )
    return 0


def _calibrate(args: argparse.Namespace) -> int:
    from kuzushiji_submit.calibration.calibrate import calibrate, spread, truth_of, write_calibration
    from kuzushiji_submit.competition.books import book_of
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.core.files import try_file
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.reading.default_weights import all_recognizer_weights, detector_weights
    from kuzushiji_submit.reading.load_pipeline import (
        PipelineConfig,
        detector_asks,
        load_detector,
        load_recognizer,
        load_second_opinion,
        make_pipeline,
    )
    from kuzushiji_submit.reading.step_files import NO_FILES, StepFiles
    from kuzushiji_submit.reading.text_readers import TextReaders
    from kuzushiji_submit.reading.weights_by_kind import split_by_kind
    from recognition.weights_file import with_calibration

    as_settings = args.out.suffix == ".toml"
    try_file(args.out, "--out", "recognizer.safetensors")
    config = read_settings(PipelineConfig(), args.config, args.set)
    weights = all_recognizer_weights(args.recognizer_weights)
    crops, _ = split_by_kind(weights)
    if len(crops) > 1 and not as_settings:
        raise ConfigError(
            f"--out {args.out}: the mean of {len(crops)} recognizers fits into no weights file: name a file ending "
            "in .toml, which predict takes as --config"
        )
    detector = detector_weights(args.detector, args.detector_weights)
    pages = truth_of(DataFolder(args.data), lambda image_id: not args.books or book_of(image_id) in args.books)
    pages = spread(pages, args.pages) if args.pages else pages
    recognizer = load_recognizer(config, weights, args.device)
    files = StepFiles.chosen(config, args.prior, args.column)
    stages = load_detector(config, detector, recognizer, args.device), recognizer
    opinion = load_second_opinion(config, weights, recognizer, args.device)
    contexts = TextReaders(files, recognizer.charset.codepoints, config.column).to_choose_from(config.context)
    pipeline = make_pipeline(config, *stages, NO_FILES if contexts else files, opinion)
    result = calibrate(pages, recognizer, pipeline, contexts, detector_asks=detector_asks(config, detector))
    if as_settings:
        write_calibration(args.out, result.calibration, weights)
    else:
        # Of the reader of crops together with the dense readers that were named with it.
        with_calibration(crops[0], args.out, result.calibration)
    if result.f1_by_weight:
        tried = ", ".join(f"{weight:g} {f1:.4f}" for weight, f1 in result.f1_by_weight.items())
        sys.stdout.write(f"context.weight {result.calibration.context_weight:g} of (weight, best F1) {tried}\n")
    fit, before, after = result.fit, result.counts_before, result.counts
    sys.stdout.write(
        f"{args.out}\n"
        f"temperature {fit.temperature:.3f} on {fit.characters} characters: log loss {fit.loss_before:.3f} to "
        f"{fit.loss_after:.3f}, calibration error {fit.error_before:.3f} to {fit.error_after:.3f}\n"
        f"min_score {result.calibration.min_score:.3f} on {result.pages} pages: F1 {before.f1:.4f} to {after.f1:.4f} "
        f"(precision {after.precision:.4f}, recall {after.recall:.4f}), half of which is {after.f1 / 2:.3f}\n"
    )
    return 0
