"""`kuzushiji predict`: a folder of pages in, a submission out."""

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from kuzushiji_submit.cli.arguments import (
    add_context_arguments,
    add_images_argument,
    add_settings_arguments,
    add_time_budget_argument,
    add_weights_arguments,
)
from kuzushiji_submit.cli.export import FORMATS
from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.reading.view_names import Orientation, Polarity

if TYPE_CHECKING:
    from kuzushiji_submit.reading.predict import Exporter


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "predict",
        help="read a folder of pages and write submission.csv",
        example="kuzushiji predict --images pages --out submission.csv --characters characters.jsonl",
    )
    add_images_argument(parser, spreads=True)
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="submission to write (- for stdout)")
    parser.add_argument("--sample", type=Path, metavar="CSV", help="sample_submission.csv: which rows, in which order")
    parser.add_argument(
        "--detector",
        choices=("heatmap", "ink"),
        help="where characters are sought: a network's map or the ink (default: heatmap if its weights are there)",
    )
    add_weights_arguments(parser)
    add_context_arguments(parser)
    parser.add_argument(
        "--second-level", type=Path, metavar="FILE", help="what `kuzushiji second-level` made for these weights"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ... (default: %(default)s)")
    parser.add_argument(
        "--characters", type=Path, metavar="JSONL", help="write every character with box, score, alternatives"
    )
    parser.add_argument(
        "--export", nargs="+", choices=FORMATS, metavar="FORMAT", help=f"write pages as any of {', '.join(FORMATS)} too"
    )
    parser.add_argument(
        "--export-out", type=Path, metavar="DIR", help="folder for them (default: beside --out, ending in .export)"
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
    parser.add_argument(
        "--batch-pages",
        type=int,
        default=1,
        help="pages recognized together, beside those of a book that help each other (default: %(default)s)",
    )
    parser.add_argument(
        "--engine",
        choices=("local", "processes", "ray"),
        default="local",
        help="where pages are read: in this process, in several, or on a Ray cluster (default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        help="threads that find characters ahead (default: 1); of other engines, shards read at once "
        "(default: one on each processor)",
    )
    parser.add_argument(
        "--shard-pages",
        type=int,
        default=8,
        metavar="N",
        help="of other engines, pages that a worker reads at a time (default: %(default)s)",
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


def _exporter(args: argparse.Namespace) -> "Exporter | None":
    """What --export asks for, once it is sure that it can be written."""
    if not args.export:
        return None
    from kuzushiji_submit.export.export import export_readings
    from kuzushiji_submit.export.export_folder import Earlier, ExportFolder
    from kuzushiji_submit.export.formats import FORMATS as KINDS

    root = args.export_out or args.out.with_suffix(".export")
    folder = ExportFolder(root, [KINDS[name] for name in dict.fromkeys(args.export)], "--restart")
    folder.check(Earlier.REPLACE if args.resume or args.restart else Earlier.REFUSE)
    return lambda readings, images: export_readings(folder, readings, images, args.out)


def run(args: argparse.Namespace) -> int:
    """Reads the pages; 1 if any of them could not be read, 3 if time was up before all of them were."""
    from kuzushiji_submit.competition.sample import read_sample_ids
    from kuzushiji_submit.core.console import summary_stream
    from kuzushiji_submit.core.engine import available_workers
    from kuzushiji_submit.core.errors import ConfigError, PageReadError
    from kuzushiji_submit.core.memory import limit_caches
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.reading.default_weights import all_recognizer_weights, detector_weights
    from kuzushiji_submit.reading.journal import forget
    from kuzushiji_submit.reading.load_pipeline import PipelineConfig, describe, load_in_worker, load_pipeline
    from kuzushiji_submit.reading.predict import PredictJob, predict, try_targets
    from kuzushiji_submit.reading.step_files import StepFiles

    if args.sample and args.split_spreads:
        raise ConfigError("--split-spreads: the rows of --sample say which pages there are: leave one of the two out")
    config = read_settings(PipelineConfig(), args.config, args.set)
    given = {"orientation": args.orientation, "polarity": args.polarity}
    views = replace(config.page_views, **{name: value for name, value in given.items() if value is not None})
    config = replace(config, page_views=views)
    job = PredictJob(
        images=args.images,
        out=args.out,
        sample_ids=read_sample_ids(args.sample) if args.sample else None,
        shard=args.shard,
        characters=args.characters,
        debug=args.debug,
        resume=args.resume,
        batch_pages=max(1, args.batch_pages),
        engine=args.engine,
        workers=None if args.workers is None else max(1, args.workers),
        shard_pages=max(1, args.shard_pages),
        time_budget=args.time_budget,
        export=_exporter(args),
        split_spreads=args.split_spreads,
    )
    try_targets(job)
    limit_caches()  # before the first network
    if args.restart:
        forget(args.out)
    weights = all_recognizer_weights(args.recognizer_weights)
    detector = detector_weights(args.detector, args.detector_weights)
    files = StepFiles.chosen(config, args.prior, args.column, args.second_level)
    pipeline = load_pipeline(config, weights, detector, args.device, files)
    # Of processes side by side each has its share of the processors; Ray sees to that itself.
    processors = available_workers("processes")
    threads = max(1, processors // (job.workers or processors)) if job.engine == "processes" else None
    load = partial(load_in_worker, config, weights, detector, args.device, files, threads=threads)
    result = predict(job, pipeline, describe(config, pipeline, weights, detector, files), load)
    said = summary_stream(args.out, args.characters)
    said.write(f"{args.out}: {result.characters} characters on {result.pages} pages\n")
    if result.failures:
        raise PageReadError(
            f"{len(result.failures)} of {result.pages} pages could not be read and have empty rows "
            f"({', '.join(list(result.failures)[:5])}): replace the images and run again with --resume"
        )
    if result.unread:
        sys.stderr.write(f"time is up: {result.unread} pages have empty rows yet: run again with --resume\n")
        return TIME_IS_UP
    return 0
