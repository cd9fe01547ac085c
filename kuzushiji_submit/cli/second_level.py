"""`kuzushiji second-level`: which characters are worth a row, learned from pages of books that were held out."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kuzushiji_submit.cli.arguments import add_context_arguments, add_settings_arguments

if TYPE_CHECKING:
    from kuzushiji_submit.calibration.read_candidates import Task
    from kuzushiji_submit.calibration.second_level import Candidates


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "second-level",
        help="learn from held-out books which characters are worth a row; predict takes the file",
        example="kuzushiji second-level --data data --recognizer-weights run/recognizer.safetensors "
        "--out second-level.safetensors",
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DATA", help="data folder with complete truth")
    parser.add_argument(
        "--books", nargs="+", metavar="BOOK", help="only pages of these books, unseen by the weights (default: all)"
    )
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument("--recognizer-weights", type=Path, metavar="FILE", help="weights (default: the project's own)")
    weights.add_argument(
        "--readers",
        nargs="+",
        type=_reader,
        metavar="BOOK[,BOOK ...]=FILE",
        help="instead of --books and --recognizer-weights: weights by the books they were trained without",
    )
    weights.add_argument(
        "--readings",
        type=Path,
        nargs="+",
        metavar="JSONL",
        help="instead of weights: what `held-out` read, in runs that held out different books",
    )
    parser.add_argument(
        "--teach",
        type=Path,
        nargs="+",
        default=[],
        metavar="DATA",
        help="more data folders, of synthetic pages say, to learn from and not to measure on",
    )
    parser.add_argument("--detector", choices=("heatmap", "ink"), help="as in predict")
    parser.add_argument("--detector-weights", type=Path, metavar="FILE", help="weights (default: the project's own)")
    add_context_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="second level to write")
    unfinished = parser.add_mutually_exclusive_group()
    unfinished.add_argument("--resume", action="store_true", help="go on with an unfinished run")
    unfinished.add_argument("--restart", action="store_true", help="forget an unfinished run and begin anew")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ... (default: %(default)s)")
    add_settings_arguments(parser)
    parser.set_defaults(run=run, stoppable=True)


def _reader(text: str) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    books, sign, path = text.partition("=")
    names = tuple(book.strip() for book in books.split(","))
    if not sign or not path or not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} is not BOOK[,BOOK ...]=FILE")
    return names, (Path(path),)


def run(args: argparse.Namespace) -> int:
    """Reads the pages, learns, prints what it is worth on books left out."""
    from kuzushiji_submit.calibration.held_out import show_table, table_of_books
    from kuzushiji_submit.calibration.read_candidates import forget_candidates, read_candidates
    from kuzushiji_submit.calibration.second_level import fit_second_level
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.core.files import try_file
    from kuzushiji_submit.reading.second_level.second_level_file import save_second_level

    try_file(args.out, "--out", "second_level.safetensors")
    count = len(args.readers or [None]) + len(args.teach)
    if args.restart:
        forget_candidates(args.out, count)
    if args.readings and args.teach:
        raise ConfigError("--teach needs weights to read with: leave it out, or name weights instead of --readings")
    candidates = _kept(args) if args.readings else read_candidates(args.out, _tasks(args), resume=args.resume)
    folders = ", ".join(path.resolve().name for path in (args.data, *args.teach))
    result = fit_second_level(candidates, notes=f"{len(candidates)} pages of {folders}")
    save_second_level(args.out, result.level)
    forget_candidates(args.out, count)
    without, judged = result.plain, result.judged
    verdict = "it helps" if result.level.active else "no more than chance: predict will leave pages as they are"
    columns = {"F1 without": result.plain_by_book, "F1 with": result.judged_by_book}
    sys.stdout.write(show_table(table_of_books(columns)))
    sys.stdout.write(
        f"{args.out}\n"
        f"{result.candidates} characters of {result.books} books; on books left out F1 {without.f1:.4f} to "
        f"{judged.f1:.4f} (standard error of the gain {result.error:.4f}): {verdict}\n"
        f"min_score {result.level.min_score:.3f}, calibration error {result.calibration:.3f}\n"
    )
    return 0


def _kept(args: argparse.Namespace) -> "list[Candidates]":
    """The candidates of pages that were read before."""
    from kuzushiji_submit.calibration.held_out import load_readings
    from kuzushiji_submit.calibration.second_level import candidates_of
    from kuzushiji_submit.competition.books import book_of
    from kuzushiji_submit.competition.data_folder import DataFolder

    pages = load_readings(args.readings, DataFolder(args.data))
    return [candidates_of(*page) for page in pages if not args.books or book_of(page[1].image_id) in args.books]


def _tasks(args: argparse.Namespace) -> "Iterator[Task]":
    """What each reader is to read; the first reader also reads what is only to teach."""
    from kuzushiji_submit.calibration.calibrate import truth_of
    from kuzushiji_submit.calibration.read_candidates import Task
    from kuzushiji_submit.competition.books import book_of
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.competition.truth import PageTruth
    from kuzushiji_submit.core.page.page_files import PageFile
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.reading.default_weights import all_recognizer_weights, detector_weights
    from kuzushiji_submit.reading.load_pipeline import PipelineConfig, describe, load_pipeline
    from kuzushiji_submit.reading.step_files import StepFiles

    config = replace(read_settings(PipelineConfig(), args.config, args.set), min_score=0.0)
    detector = detector_weights(args.detector, [args.detector_weights] if args.detector_weights else None)
    files = StepFiles.chosen(config, args.prior, args.column)
    given = [args.recognizer_weights] if args.recognizer_weights else None
    readers = args.readers or [(args.books, all_recognizer_weights(given))]
    sources = [(args.data, books, weights, True) for books, weights in readers]
    sources += [(folder, None, readers[0][1], False) for folder in args.teach]

    def pages_of(folder: Path, books: Sequence[str] | None) -> list[tuple[PageFile, PageTruth]]:
        return truth_of(DataFolder(folder), lambda image_id: not books or book_of(image_id) in books)

    pages = [pages_of(folder, books) for folder, books, _, _ in sources]
    for (_, _, weights, measured), own in zip(sources, pages, strict=True):
        pipeline = load_pipeline(config, weights, detector, args.device, files)
        yield Task(own, pipeline, describe(config, pipeline, weights, detector, files), measured)
