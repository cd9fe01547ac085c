"""`kuzushiji predict`: a folder of pages in, a submission out."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

from kuzushiji_submit.cli.arguments import add_settings_arguments, add_time_budget_argument
from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.reading.view_names import Orientation, Polarity


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser("predict", help="read a folder of pages and write submission.csv")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of page images, or one image")
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="submission to write")
    parser.add_argument("--sample", type=Path, metavar="CSV", help="sample_submission.csv: which rows, in which order")
    parser.add_argument(
        "--detector",
        choices=("heatmap", "ink"),
        help="where characters are sought: a network's map or the ink (default: heatmap if its weights are there)",
    )
    parser.add_argument("--detector-weights", type=Path, metavar="FILE", help="weights (default: the project's own)")
    parser.add_argument("--recognizer-weights", type=Path, metavar="FILE", help="weights (default: the project's own)")
    parser.add_argument("--prior", type=Path, metavar="FILE", help="text prior (default: the project's own)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ... (default: %(default)s)")
    parser.add_argument(
        "--characters", type=Path, metavar="JSONL", help="write every character with box, score, alternatives"
    )
    parser.add_argument(
        "--debug", type=Path, metavar="DIR", help="write one sheet a page that shows each stage of the detector"
    )
    parser.add_argument(
        "--orientation",
        choices=get_args(Orientation),
        help="degrees by which all pages are turned clockwise in their files (default: auto, page by page)",
    )
    parser.add_argument(
        "--polarity",
        choices=get_args(Polarity),
        help="whether ink is darker (positive) or lighter than paper (default: auto, page by page)",
    )
    unfinished = parser.add_mutually_exclusive_group()
    unfinished.add_argument("--resume", action="store_true", help="go on with an unfinished run")
    unfinished.add_argument("--restart", action="store_true", help="forget an unfinished run and begin anew")
    parser.add_argument(
        "--shard", type=_shard, default=(1, 1), metavar="I/N", help="read only every N-th page, from the I-th on"
    )
    parser.add_argument("--batch-pages", type=int, default=1, help="pages recognized together (default: %(default)s)")
    parser.add_argument(
        "--workers", type=int, default=1, help="threads that find characters ahead (default: %(default)s)"
    )
    add_time_budget_argument(parser)
    add_settings_arguments(parser)
    parser.set_defaults(run=run)


def _shard(text: str) -> tuple[int, int]:
    index, _, count = text.partition("/")
    try:
        shard = int(index), int(count)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not I/N, as in 1/2") from None
    if not 1 <= shard[0] <= shard[1]:
        raise argparse.ArgumentTypeError(f"{text!r}: I must lie between 1 and N")
    return shard


def run(args: argparse.Namespace) -> int:
    """Reads the pages; 1 if any of them could not be read, 3 if time was up before all of them were."""
    from kuzushiji_submit.competition.sample import read_sample_ids
    from kuzushiji_submit.core.errors import PageReadError
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.reading.default_weights import detector_weights, recognizer_weights, text_prior
    from kuzushiji_submit.reading.journal import forget
    from kuzushiji_submit.reading.load_pipeline import PipelineConfig, describe, load_pipeline
    from kuzushiji_submit.reading.predict import PredictJob, predict, try_targets

    config = read_settings(PipelineConfig(), args.config, args.set)
    given = {"orientation": args.orientation, "polarity": args.polarity}
    views = replace(config.views, **{name: value for name, value in given.items() if value is not None})
    config = replace(config, views=views)
    job = PredictJob(
        images=args.images,
        out=args.out,
        sample_ids=read_sample_ids(args.sample) if args.sample else None,
        shard=args.shard,
        characters=args.characters,
        debug=args.debug,
        resume=args.resume,
        batch_pages=max(1, args.batch_pages),
        workers=max(1, args.workers),
        time_budget=args.time_budget,
    )
    try_targets(job)
    if args.restart:
        forget(args.out)
    weights = recognizer_weights(args.recognizer_weights)
    detector = detector_weights(args.detector, args.detector_weights)
    prior = text_prior(args.prior) if config.context.changes_something else None
    pipeline = load_pipeline(config, weights, detector, args.device, prior)
    result = predict(job, pipeline, describe(config, pipeline, weights, detector, prior))
    sys.stdout.write(f"{args.out}: {result.characters} characters on {result.pages} pages\n")
    if result.failures:
        raise PageReadError(
            f"{len(result.failures)} of {result.pages} pages could not be read and have empty rows "
            f"({', '.join(list(result.failures)[:5])}): replace the images and run again with --resume"
        )
    if result.unread:
        sys.stderr.write(f"time is up: {result.unread} pages have empty rows yet: run again with --resume\n")
        return TIME_IS_UP
    return 0
