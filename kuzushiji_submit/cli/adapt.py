"""`kuzushiji adapt`: a reader that learns the hand of a book nobody has labeled."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kuzushiji_submit.cli.arguments import (
    add_context_arguments,
    add_images_argument,
    add_settings_arguments,
    add_time_budget_argument,
)
from kuzushiji_submit.core.time_budget import TIME_IS_UP

if TYPE_CHECKING:
    from kuzushiji_submit.training_data.adaptation.adapt import AdaptResult


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "adapt",
        help="adapt the reader to the pages of a book without labels",
        description="Reads the pages, trains briefly on what is read with confidence, mixed with labeled crops so that "
        "nothing is forgotten, and reads the pages again. The weights that adapt stay as they are; RUN gets new ones.",
        example="kuzushiji adapt --images pages --recognizer-weights run/recognizer.safetensors "
        "--crops run/crops/00-data --out adapted",
    )
    add_images_argument(parser, ", without labels", spreads=True)
    parser.add_argument(
        "--crops",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="stores of labeled crops, real or synthetic (RUN/crops/00-DATA of a training), cut as the weights "
        "need them",
    )
    parser.add_argument(
        "--labeled", type=Path, nargs="+", default=[], metavar="DATA", help="data folders to cut labeled crops of"
    )
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="where crops are cut to (default: the folder of the run)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    parser.add_argument(
        "--guard",
        type=Path,
        metavar="DATA",
        help="data folder with complete truth of books not trained on: a result that reads them worse is refused",
    )
    parser.add_argument(
        "--recognizer-weights",
        type=Path,
        metavar="FILE",
        help="what adapts (default: the project's first, taught by all of them)",
    )
    parser.add_argument(
        "--teachers",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="further recognizers: the labels are what all of them say together with the one that adapts",
    )
    parser.add_argument("--detector", choices=("heatmap", "ink"), help="what finds the boxes, as in predict")
    parser.add_argument(
        "--detector-weights", type=Path, nargs="+", metavar="FILE", help="weights (default: the project's own)"
    )
    add_context_arguments(parser)
    parser.add_argument("--device", default="auto", help="where pages are read (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="threads and processes beside (default: %(default)s)")
    begun = parser.add_mutually_exclusive_group()
    begun.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    begun.add_argument("--restart", action="store_true", help="forget the run that is in the folder and begin anew")
    add_time_budget_argument(parser)
    add_settings_arguments(parser)
    parser.set_defaults(run=run, stoppable=True)


def run(args: argparse.Namespace) -> int:
    """Adapts and says what changed; 3 if time was up before the end.

    Raises:
        TrainingError: if the guard refuses the result.
    """
    from kuzushiji_submit.core.claims import sole_writer
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.reading.default_weights import all_recognizer_weights, detector_weights
    from kuzushiji_submit.reading.step_files import StepFiles
    from kuzushiji_submit.training_data.adaptation.adapt import AdaptJob, adapt, forget_run
    from kuzushiji_submit.training_data.adaptation.config import DEFAULT_PRESET, AdaptConfig

    if not args.crops and not args.labeled:
        raise ConfigError(
            "a reader that sees no labeled crops forgets: name their stores (--crops) or folders (--labeled)"
        )
    config = read_settings(AdaptConfig(), args.config or DEFAULT_PRESET, args.set)
    adapting, *others = all_recognizer_weights([args.recognizer_weights] if args.recognizer_weights else None)
    job = AdaptJob(
        images=args.images,
        out=args.out,
        recognizer=adapting,
        detectors=detector_weights(args.detector, args.detector_weights),
        files=StepFiles.chosen(config.pipeline, args.prior, args.column),
        crops=tuple(args.crops),
        labeled=tuple(args.labeled),
        teachers=tuple(args.teachers or others),
        store=args.store,
        guard=args.guard,
        device=args.device,
        resume=args.resume,
        time_budget=args.time_budget,
        workers=max(1, args.workers),
        split_spreads=args.split_spreads,
    )
    with sole_writer(args.out, "--out"):
        if args.restart:
            forget_run(args.out, args.store)
        return _end(adapt(job, config))


def _end(result: "AdaptResult") -> int:
    from kuzushiji_submit.core.errors import TrainingError

    changes = result.changes
    if changes is None:
        sys.stderr.write("time is up before the pages were read again: run again with --resume\n")
        return TIME_IS_UP
    if result.adopted:
        sys.stdout.write(f"{result.weights}: adapted to {changes.pages} pages by {result.labels:,} sure readings\n")
    sys.stdout.write(
        f"characters read {changes.read_before:,} to {changes.read_after:,}, mean confidence "
        f"{changes.confidence_before:.3f} to {changes.confidence_after:.3f}, {100 * changes.share_changed:.1f} % of "
        f"{changes.both:,} read as another character\n"
    )
    before, after = result.guard_before, result.guard_after
    if before is None or after is None:
        sys.stderr.write("nothing says whether this is better: name labeled pages of other books with --guard\n")
        return 0
    sys.stdout.write(f"guard: F1 {before.f1:.4f} to {after.f1:.4f}\n")
    if not result.adopted:
        raise TrainingError(
            f"the guard's pages are read worse than before (F1 {before.f1:.4f} to {after.f1:.4f}): {result.weights} is "
            "not for use; raise least_score, lower share or training.optimizer.learning_rate, or leave it at that"
        )
    return 0
