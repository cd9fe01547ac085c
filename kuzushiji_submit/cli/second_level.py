"""`kuzushiji second-level`: which characters are worth a row, learned from pages of books that were held out."""

import argparse
import sys
from pathlib import Path

from kuzushiji_submit.cli.arguments import add_settings_arguments


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "second-level", help="learn from held-out books which characters are worth a row; predict takes the file"
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DATA", help="data folder with complete truth")
    parser.add_argument(
        "--books", nargs="+", metavar="BOOK", help="only pages of these books, unseen by the weights (default: all)"
    )
    parser.add_argument("--recognizer-weights", type=Path, metavar="FILE", help="weights (default: the project's own)")
    parser.add_argument("--detector", choices=("heatmap", "ink"), help="as in predict")
    parser.add_argument("--detector-weights", type=Path, metavar="FILE", help="weights (default: the project's own)")
    parser.add_argument("--prior", type=Path, metavar="FILE", help="text prior, as in predict")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="second level to write")
    unfinished = parser.add_mutually_exclusive_group()
    unfinished.add_argument("--resume", action="store_true", help="go on with an unfinished run")
    unfinished.add_argument("--restart", action="store_true", help="forget an unfinished run and begin anew")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ... (default: %(default)s)")
    add_settings_arguments(parser)
    parser.set_defaults(run=run, stoppable=True)


def run(args: argparse.Namespace) -> int:
    """Reads the pages, learns, prints what it is worth on books left out."""
    from dataclasses import replace

    from kuzushiji_submit.calibration.calibrate import truth_of
    from kuzushiji_submit.calibration.read_candidates import read_candidates
    from kuzushiji_submit.calibration.second_level import fit_second_level
    from kuzushiji_submit.competition.books import book_of
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.core.files import try_file
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.reading.default_weights import detector_weights, recognizer_weights, text_prior
    from kuzushiji_submit.reading.journal import forget
    from kuzushiji_submit.reading.load_pipeline import PipelineConfig, describe, load_pipeline
    from kuzushiji_submit.reading.second_level.second_level_file import save_second_level

    try_file(args.out, "--out", "second_level.safetensors")
    if args.restart:
        forget(args.out)
    config = replace(read_settings(PipelineConfig(), args.config, args.set), min_score=0.0)
    weights = recognizer_weights(args.recognizer_weights)
    detector = detector_weights(args.detector, args.detector_weights)
    prior = text_prior(args.prior) if config.context.changes_something else None
    pages = truth_of(DataFolder(args.data), lambda image_id: not args.books or book_of(image_id) in args.books)
    pipeline = load_pipeline(config, weights, detector, args.device, prior)
    made_by = describe(config, pipeline, weights, detector, prior)
    with read_candidates(args.out, pages, pipeline, made_by, resume=args.resume) as candidates:
        result = fit_second_level(candidates, notes=f"{weights.name}, {len(pages)} pages of {args.data.resolve().name}")
    save_second_level(args.out, result.level)
    forget(args.out)
    without, judged = result.plain, result.judged
    verdict = "it helps" if result.level.active else "no more than chance: predict will leave pages as they are"
    sys.stdout.write(
        f"{args.out}\n"
        f"{result.candidates} characters of {result.books} books; on books left out F1 {without.f1:.4f} to "
        f"{judged.f1:.4f} (standard error of the gain {result.error:.4f}): {verdict}\n"
        f"min_score {result.level.min_score:.3f}, calibration error {result.calibration:.3f}\n"
    )
    return 0
