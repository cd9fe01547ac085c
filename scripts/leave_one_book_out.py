"""What real boxes and aligned transcriptions add to a reader that has seen synthetic pages only, book by book.

Usage: python scripts/leave_one_book_out.py --base WEIGHTS --real DATA --synthetic DATA ... --out DIR [...]

Every group of real books is held out in turn. For each, the base is fine-tuned on synthetic crops and the real boxes of
the other books ("boxes"); what comes out labels the transcribed pages of the other books, and the base is fine-tuned
once more on synthetic crops, real boxes and aligned ones ("aligned"), as often as --rounds says, each time with the
labels of the round before ("aligned-2", ...). All are measured on the exact boxes of the books
held out; the figures are pooled over the groups. With --complete the pages held out are also read as `predict` would,
and temperature and threshold are fitted on what was held out. A run that was interrupted goes on where it was.
"""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.calibration.threshold import best_threshold, judge
from kuzushiji_submit.cli.arguments import add_settings_arguments
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.csv_table import read_rows
from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth, write_truth
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.page.same_ink import require_trained_ink
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.reading.default_weights import detector_weights
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, load_detector, load_recognizer, make_pipeline
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.step_files import StepFiles
from kuzushiji_submit.training_data.alignment.transcribed_pages import align_folder, read_transcriptions
from kuzushiji_submit.training_data.prepare_crops import prepare_crops
from kuzushiji_submit.training_data.recognizer_sources import (
    DEFAULT_PRESET,
    RecognizerTraining,
    TrainingFolder,
    make_sources,
)
from recognition.calibration import Calibration, fit_temperature, log_loss
from recognition.interpretation.interpretation import Interpretation
from recognition.recognizer import Recognizer
from recognition.training.config import SplitConfig
from recognition.training.crop_store import CropStore
from recognition.training.sources import CropSource
from recognition.training.train import train
from recognition.weights_file import read_metadata, with_calibration

HEAD = 500
BATCH = 512
PLACES = ("exact boxes of books held out", "on their complete pages", "test folder", "classes without a real crop")


def main() -> int:
    """Runs every group and prints one table."""
    args = parse_arguments()
    settings = read_settings(RecognizerTraining(), args.config or DEFAULT_PRESET, args.set)
    settings = dataclasses.replace(settings, initial_weights=str(args.base), export="last")
    charset = read_metadata(args.base).charset
    counts = class_counts(args.counts, charset)
    real = open_store(args.real, args.out / "crops" / "real", charset, settings)
    extra = open_store(args.test, args.out / "crops" / "test", charset, settings) if args.test else None
    complete = {page.image_id: page for page in read_repaired_truth(args.complete)} if args.complete else {}
    held_out_logits: list[tuple[NDArray[np.float32], NDArray[np.int64]]] = []
    last: list[tuple[tuple[str, ...], Path]] = []
    rounds = ["aligned" if number == 1 else f"aligned-{number}" for number in range(1, args.rounds + 1)]
    rounds = rounds if args.transcriptions else []
    pooled = {name: [Interpretation(len(charset)) for _ in PLACES] for name in ("synthetic", "boxes", *rounds)}
    for group in groups(args, real):
        aligner = args.aligner and Path(args.aligner.format(book=group[0]))
        models = {"synthetic": args.base, "boxes": aligner or fine_tune(args, settings, charset, group, "boxes", None)}
        for before, name in zip(["boxes", *rounds], rounds, strict=False):
            models[name] = fine_tune(args, settings, charset, group, name, models[before])
        for name, weights in models.items():
            recognizer = Recognizer.load(weights, args.device, half=True)
            held_out = np.flatnonzero(np.isin(real.book_index, [real.book_ids.index(book) for book in group]))
            measure(recognizer, real, held_out, pooled[name][0])
            on_complete = np.array([page in complete for page in real.page_ids])[real.page_index[held_out]]
            measure(recognizer, real, held_out[on_complete], pooled[name][1])
            measure(recognizer, real, held_out[unseen_classes(real, held_out)], pooled[name][3])
            if extra is not None and not pooled[name][2].crops:
                # The models of all groups have seen the same of this folder: nothing.
                measure(recognizer, extra, np.flatnonzero(extra.class_ids >= 0), pooled[name][2])
            show(f"so far, with {' '.join(group)}", name, pooled[name][0], counts)
        held_out_logits.append((recognizer.logits(real.read(held_out)), real.class_ids[held_out]))
        last.append((group, models[name]))
    for place, what in enumerate(PLACES):
        for name, interpretations in pooled.items():
            if interpretations[place].crops:
                show(what, name, interpretations[place], counts)
    temperature = show_temperature(held_out_logits)
    read = [
        one
        for group, weights in last
        for one in read_pages(
            args, weights, temperature, [page for page in complete.values() if book_of(page.image_id) in group]
        )
    ]
    calibration = Calibration(temperature, show_threshold(read)) if read else Calibration(temperature)
    if args.calibrate:
        with_calibration(args.calibrate, args.calibrate, calibration)
    return 0


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help="weights that have seen synthetic pages only")
    parser.add_argument("--real", type=Path, required=True, help="data folder of exact boxes of real pages")
    parser.add_argument("--complete", type=Path, help="truth of the fully annotated pages among them")
    parser.add_argument("--transcriptions", type=Path, help="JSON object of image_id and text")
    parser.add_argument("--synthetic", type=Path, nargs="+", required=True, help="data folders of synthetic pages")
    parser.add_argument("--synthetic-crops", type=Path, required=True, help="folder of their crops, cut or not")
    parser.add_argument("--false-alarms", type=Path, nargs="*", default=[], help="those whose crops hold false alarms")
    parser.add_argument(
        "--hands",
        help="synthetic pages with real characters, made without the group whose first book {book} stands for",
    )
    parser.add_argument("--hands-share", type=share, help="of the draws (default: as many as the pages are)")
    parser.add_argument("--also", help="data folder of crops from elsewhere; {book} in it stands for the group's first")
    parser.add_argument("--also-share", type=share, default=0.1, help="of the draws (default: %(default)s)")
    parser.add_argument("--test", type=Path, help="data folder to measure every model on as well")
    parser.add_argument("--counts", type=Path, required=True, help="CSV of codepoint and train_count")
    parser.add_argument("--groups", nargs="+", help="books held out together, joined by commas (default: each alone)")
    parser.add_argument("--rounds", type=int, default=1, help="of aligning and training (default: %(default)s)")
    parser.add_argument("--aligner", help="weights for the first round instead of those fine-tuned on boxes; {book}")
    parser.add_argument("--real-share", type=share, default=0.5, help="of the draws (default: %(default)s)")
    parser.add_argument("--detector", choices=("heatmap", "ink"), default="ink", help="what finds boxes to align")
    parser.add_argument("--detector-weights", type=Path, help="{book} in it stands for the book that is read")
    parser.add_argument(
        "--prior", type=Path, help="text prior without these books, to read with the text (default: none)"
    )
    parser.add_argument("--column", type=Path, help="column model without these books (default: none)")
    parser.add_argument("--pipeline", nargs="*", default=[], help="KEY=VALUE settings of the reading of whole pages")
    parser.add_argument("--calibrate", type=Path, help="weights file that gets the temperature and the threshold")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    add_settings_arguments(parser)
    return parser.parse_args()


def share(text: str) -> float:
    """A share of the draws: a number above 0 and below 1."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is no share: give a number between 0 and 1")
    return value


def groups(args: argparse.Namespace, real: CropStore) -> list[tuple[str, ...]]:
    """The books that are held out together."""
    return [tuple(group.split(",")) for group in args.groups] if args.groups else [(book,) for book in real.book_ids]


def fine_tune(
    args: argparse.Namespace,
    settings: RecognizerTraining,
    charset: Charset,
    group: Sequence[str],
    name: str,
    aligner: Path | None,
) -> Path:
    """The weights fine-tuned without a group; with an aligner its labels of the other books are trained on, too."""
    out = args.out / f"{name}-{group[0]}"
    weights: Path = out / "recognizer.safetensors"
    if weights.is_file():
        return weights
    folder = args.real if aligner is None else write_aligned(args, group, aligner, out)
    sources = mix(args, settings, charset, group[0])
    sources += make_sources([TrainingFolder(DataFolder(folder), args.real_share)], out / "crops", settings, charset)
    # The books held out must be among those of the real folder, even where only the training pages were aligned.
    books = tuple(book for book in group if book in sources[-1].data.book_ids)
    split = SplitConfig(folds=0, validation_books=books)
    train(dataclasses.replace(settings.run, split=split), sources, out, resume=True)
    return weights


def mix(args: argparse.Namespace, settings: RecognizerTraining, charset: Charset, book: str) -> list[CropSource]:
    """Everything that is drawn beside real crops; the shares of all of it add up to what these leave."""
    folders = [
        TrainingFolder(DataFolder(path), None, validate=False, false_alarms=path in args.false_alarms)
        for path in args.synthetic
    ]
    given: dict[int, float | None] = dict.fromkeys(range(len(folders)))
    for path, part in (
        (args.hands and Path(args.hands.format(book=book)), args.hands_share),
        (args.also and Path(args.also.format(book=book)), args.also_share),
    ):
        if path:
            given[len(folders)] = part
            folders.append(TrainingFolder(DataFolder(path), None, validate=False))
    sources = make_sources(folders, args.synthetic_crops, settings, charset)
    by_size = sum(source.share for number, source in enumerate(sources) if given[number] is None)
    left = 1 - args.real_share - sum(part for part in given.values() if part is not None)
    if left <= 0:
        raise ConfigError("--real-share, --hands-share and --also-share leave nothing for the synthetic pages")
    return [
        dataclasses.replace(source, share=given[number] or source.share / by_size * left)
        for number, source in enumerate(sources)
    ]


def write_aligned(args: argparse.Namespace, group: Sequence[str], aligner: Path, out: Path) -> Path:
    """A data folder of the real boxes and of the aligned ones, pages of the group left out."""
    folder = out / "data"
    folder.mkdir(parents=True, exist_ok=True)
    images = DataFolder(args.real).train_images
    if not (folder / "train_images").exists():
        (folder / "train_images").symlink_to(images.resolve())
    config = PipelineConfig(ask_recognizer=False)
    recognizer = load_recognizer(config, [aligner], args.device)
    detector = load_detector(config, chosen_detector(args, group[0]), recognizer, args.device)
    pipeline = make_pipeline(config, detector, recognizer)
    known = [
        page for page in read_repaired_truth(DataFolder(args.real).train_csv) if book_of(page.image_id) not in group
    ]
    texts = read_transcriptions(args.transcriptions)
    texts = {image_id: text for image_id, text in texts.items() if book_of(image_id) not in group}
    pages = list(align_folder(images, texts, known, recognizer, pipeline))
    done = {page.truth.image_id for page in pages}
    write_truth(
        DataFolder(folder).train_csv, [*(page.truth for page in pages), *(p for p in known if p.image_id not in done)]
    )
    sys.stdout.write(f"{' '.join(group)}: {sum(page.aligned for page in pages)} boxes aligned on {len(pages)} pages\n")
    return folder


def open_store(data: Path, store: Path, charset: Charset, settings: RecognizerTraining) -> CropStore:
    """The crops of a data folder, cut where they are not yet."""
    prepare_crops(DataFolder(data), store, charset, settings.crop, settings.ink)
    return CropStore(store)


def measure(recognizer: Recognizer, store: CropStore, places: NDArray[np.int64], into: Interpretation) -> None:
    """Reads crops and counts what was right."""
    require_trained_ink(store.ink, recognizer.ink, f"{store.folder}: the ink of its crops")
    for start in range(0, len(places), BATCH):
        batch = places[start : start + BATCH]
        logits = recognizer.logits(store.read(batch))[:, : len(store.charset)]
        into.update(softmax(logits), store.class_ids[batch], batch)


def unseen_classes(store: CropStore, held_out: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the crops held out, bool (N,), are of classes of which no other book of the folder has a crop."""
    elsewhere = np.setdiff1d(np.arange(len(store.class_ids)), held_out)
    return ~np.isin(store.class_ids[held_out], np.unique(store.class_ids[elsewhere]))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores (N, C) of logits (N, C)."""
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(scores / scores.sum(axis=1, keepdims=True), np.float32)


def class_counts(path: Path, charset: Charset) -> NDArray[np.int64]:
    """How often each class occurs in all annotations, int64 (C,)."""
    counts = {row.cells[0]: int(row.cells[1]) for row in read_rows(path, ("codepoint", "train_count"))}
    return np.array([counts.get(codepoint, 0) for codepoint in charset.codepoints], np.int64)


def read_pages(
    args: argparse.Namespace, weights: Path, temperature: float, truths: Sequence[PageTruth]
) -> list[tuple[PageReading, PageTruth]]:
    """Pages read without a threshold, each with all pages of its book, beside their truth."""
    images = list_images(DataFolder(args.real).train_images)
    config = read_settings(PipelineConfig(min_score=0.0), None, args.pipeline)
    recognizer = load_recognizer(config, [weights], args.device)
    recognizer.calibrate(Calibration(temperature))
    read = []
    for book in sorted({book_of(truth.image_id) for truth in truths}):
        detector = load_detector(config, chosen_detector(args, book), recognizer, args.device)
        pipeline = make_pipeline(config, detector, recognizer, StepFiles(args.prior, args.column))
        pages = [
            pipeline.detect(image_id, pipeline.prepare(read_page(file)))
            for image_id, file in images.items()
            if book_of(image_id) == book
        ]
        readings = {reading.image_id: reading for reading in pipeline.recognize(pages)}
        read += [(readings[truth.image_id], truth) for truth in truths if truth.image_id in readings]
    return read


def chosen_detector(args: argparse.Namespace, book: str) -> tuple[Path, ...]:
    """The detector's weights that have not seen a book."""
    named = str(args.detector_weights).format(book=book) if args.detector_weights else None
    return detector_weights(args.detector, [Path(named)] if named else None)


def show_temperature(held_out: Sequence[tuple[NDArray[np.float32], NDArray[np.int64]]]) -> float:
    """The temperature of the books held out together."""
    logits, class_ids = (np.concatenate(parts) for parts in zip(*held_out, strict=True))
    temperature = fit_temperature(logits, class_ids)
    sys.stdout.write(
        f"temperature {temperature:.3f} on {len(logits)} boxes: log loss {log_loss(logits, class_ids, 1.0):.3f} to "
        f"{log_loss(logits, class_ids, temperature):.3f}\n"
    )
    return temperature


def show_threshold(read: Sequence[tuple[PageReading, PageTruth]]) -> float:
    """The threshold with the best F1 on pages of books held out, and what it scores by book."""
    best = best_threshold(*judge(read))
    everything = score_of_everything(read)
    sys.stdout.write(
        f"min_score {best.min_score:.3f} on {len(read)} pages: F1 {everything.f1:.4f} to {best.counts.f1:.4f} "
        f"(precision {best.counts.precision:.4f}, recall {best.counts.recall:.4f})\n"
    )
    for book in sorted({book_of(truth.image_id) for _, truth in read}):
        scores, hits, truths = judge([one for one in read if book_of(one[1].image_id) == book])
        kept = scores >= best.min_score
        tp = int(hits[kept].sum())
        sys.stdout.write(f"{book:12} F1 {Counts(tp, int(kept.sum()) - tp, truths - tp).f1:.4f}\n")
    return best.min_score


def score_of_everything(read: Sequence[tuple[PageReading, PageTruth]]) -> Counts:
    """What keeping every character scores."""
    scores, hits, truths = judge(read)
    tp = int(hits.sum())
    return Counts(tp, len(scores) - tp, truths - tp)


def show(what: str, name: str, found: Interpretation, counts: NDArray[np.int64]) -> None:
    """One line of the table."""
    figures = found.figures()
    head, tail = found.buckets(counts, (HEAD, 0))
    sys.stdout.write(
        f"{what:32} {name:10} {found.crops:6} crops  top-1 {figures['top1']:.3f}  top-5 {figures['top5']:.3f}  macro "
        f"{figures['macro']:.3f}  head {head.right / max(head.crops, 1):.3f} ({head.crops})  tail "
        f"{tail.right / max(tail.crops, 1):.3f} ({tail.crops})\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
