"""What several readers together read of real books that none of them has seen: true boxes, and whole pages.

Usage: python scripts/measure_ensemble.py --real DATA --complete CSV --groups BOOK[,BOOK ...] [GROUP ...]
           --recognizer-weights 'A/aligned-{group}/recognizer.safetensors' ... ['DENSE/{group}/dense.safetensors']
           [--detector-weights 'FOLDS/{book}/detector.safetensors'] [--prior FILE] [--column FILE]
           [--temperature 0.75] [--pipeline KEY=VALUE ...]

{group} stands for the first book of the group that is read, {book} for the book. DATA is the folder of exact boxes (see
scripts/make_real_folder.py), CSV the truth of its pages whose every character is annotated: these are read as `predict`
reads them, with the other pages of their books. Prior and column model must be made without these books. Prints

- top-1 and top-5 at the true boxes, of all, of those on complete pages, and of classes of which no other group has one;
- the best temperature on top of --temperature;
- F1 of whole pages at its best threshold: each character by itself, with the book's pages, with the text, with both;
  with the column model, with text and column model, with all, where there is a column model.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from kuzushiji_submit.calibration.threshold import best_threshold, judge
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.errors import KuzushijiError
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.reading.default_weights import detector_weights
from kuzushiji_submit.reading.load_pipeline import (
    PipelineConfig,
    load_detector,
    load_recognizer,
    load_second_opinion,
    make_pipeline,
)
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.step_files import StepFiles
from recognition.calibration import Calibration, fit_temperature, log_loss
from recognition.crops import crop_page
from recognition.join_opinions import join_opinions
from recognition.opinions import Opinions

WAYS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "by itself": (False, ()),
    "book's pages": (True, ()),
    "the text": (False, ("prior",)),
    "both": (True, ("prior",)),
    "column model": (False, ("column",)),
    "text, column": (False, ("prior", "column")),
    "all": (True, ("prior", "column")),
}
"""Of whole pages: whether the pages of a book help each other, and which files of the text around a character do."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """What was said at the true boxes of a group.

    Attributes:
        group: its first book.
        logits: float32 (N, C), or (N, C + 1) with "not a character" last.
        classes: C.
        class_ids: int64 (N,).
        complete: bool (N,), which are on pages whose every character is annotated.
        unseen: bool (N,), which are of classes that no other group has.
    """

    group: str
    logits: NDArray[np.float32]
    classes: int
    class_ids: NDArray[np.int64]
    complete: NDArray[np.bool_]
    unseen: NDArray[np.bool_]


def main() -> int:
    """Reads every group and prints two tables."""
    args = parse_arguments()
    torch.set_num_threads(1)
    truths = read_repaired_truth(DataFolder(args.real).train_csv)
    complete = {page.image_id: page for page in read_repaired_truth(args.complete)}
    boxes = [read_boxes(args, group, truths, complete) for group in args.groups]
    show_boxes(boxes)
    for way, (hand, kinds) in WAYS.items():
        files = StepFiles(**{kind: getattr(args, kind) for kind in kinds})
        if all(getattr(files, kind) for kind in kinds):
            overrides = [f"hand.enabled={str(hand).lower()}"]
            show_pages(way, list(read_whole(args, overrides, files, complete)), args.min_score)
    return 0


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--complete", type=Path, required=True)
    parser.add_argument("--groups", nargs="+", required=True, type=lambda text: tuple(text.split(",")))
    parser.add_argument("--recognizer-weights", nargs="+", required=True)
    parser.add_argument("--detector-weights")
    parser.add_argument("--prior", type=Path)
    parser.add_argument("--column", type=Path)
    parser.add_argument("--temperature", type=float, default=1.0, help="of all together (default: %(default)s)")
    parser.add_argument("--min-score", type=float, help="F1 at this threshold, too, which was not chosen on the pages")
    parser.add_argument("--pipeline", nargs="*", default=[], metavar="KEY=VALUE")
    return parser.parse_args()


def weights_of(args: argparse.Namespace, group: Sequence[str]) -> list[Path]:
    """The files that have not seen a group."""
    return [Path(pattern.format(group=group[0])) for pattern in args.recognizer_weights]


def read_boxes(
    args: argparse.Namespace, group: Sequence[str], truths: Sequence[PageTruth], complete: dict[str, PageTruth]
) -> Boxes:
    """What is said at the true boxes of a group's pages."""
    config = read_settings(PipelineConfig(), None, args.pipeline)
    recognizer = load_recognizer(config, weights_of(args, group), "cpu")
    opinion = load_second_opinion(config, weights_of(args, group), recognizer, "cpu")
    images = list_images(DataFolder(args.real).train_images)
    elsewhere = {code for page in truths if book_of(page.image_id) not in group for code in page.codepoints}
    logits, ids, on_complete, unseen = [], [], [], []
    for truth in (page for page in truths if book_of(page.image_id) in group and len(page)):
        page = prepare_page(read_page(images[truth.image_id]), recognizer.ink)
        kept = np.flatnonzero(~truth.without_area)
        boxes = truth.boxes[kept]
        said = recognizer.logits(crop_page(page, boxes, recognizer.crop_config, recognizer.ink))
        if opinion is not None:
            opinions = Opinions(opinion.of_page(page, boxes), opinion.share)
            said = join_opinions(torch.from_numpy(said), opinions).numpy()
        logits.append(said)
        codepoints = [truth.codepoints[place] for place in kept]
        ids.append(np.array(recognizer.charset.class_ids(codepoints), np.int64))
        on_complete.append(np.full(len(kept), truth.image_id in complete))
        unseen.append(np.array([code not in elsewhere for code in codepoints]))
    parts = np.concatenate(ids), np.concatenate(on_complete), np.concatenate(unseen)
    return Boxes(group[0], np.concatenate(logits), len(recognizer.charset), *parts)


def show_boxes(groups: Sequence[Boxes]) -> None:
    """One line a part of the boxes, and the temperature."""
    logits = np.concatenate([group.logits for group in groups]).astype(np.float32)
    ids = np.concatenate([group.class_ids for group in groups])
    names = np.repeat([group.group for group in groups], [len(group.class_ids) for group in groups])
    parts = {
        "all": np.ones(len(ids), np.bool_),
        "complete pages": np.concatenate([group.complete for group in groups]),
        "no real crop": np.concatenate([group.unseen for group in groups]),
        **{str(name): names == name for name in dict.fromkeys(names)},
    }
    order = np.argsort(-logits[:, : groups[0].classes], axis=1)[:, :5]
    right = order == ids[:, None]
    for name, part in parts.items():
        if not part.any():
            continue
        first, among_five = right[part, 0].mean(), right[part].any(axis=1).mean()
        print(f"{name:16} {part.sum():5} boxes  top-1 {first:.4f}  top-5 {among_five:.4f}", flush=True)
    temperature = fit_temperature(logits, ids)
    before, after = log_loss(logits, ids, 1.0), log_loss(logits, ids, temperature)
    print(f"temperature {temperature:.3f}: log loss {before:.3f} to {after:.3f}")


def read_whole(
    args: argparse.Namespace, overrides: Sequence[str], files: StepFiles, complete: dict[str, PageTruth]
) -> Iterator[tuple[PageReading, PageTruth]]:
    """Pages read without a threshold, each with all pages of its book, beside their truth."""
    config = replace(read_settings(PipelineConfig(), None, [*overrides, *args.pipeline]), min_score=0.0)
    images = list_images(DataFolder(args.real).train_images)
    for group in args.groups:
        recognizer = load_recognizer(config, weights_of(args, group), "cpu")
        recognizer.calibrate(Calibration(args.temperature))
        opinion = load_second_opinion(config, weights_of(args, group), recognizer, "cpu")
        for book in sorted({book_of(image_id) for image_id in complete} & set(group)):
            detector = load_detector(config, detector_of(args, book), recognizer, "cpu")
            pipeline = make_pipeline(config, detector, recognizer, files, opinion)
            of_book = {image_id: file for image_id, file in images.items() if book_of(image_id) == book}
            pages = [pipeline.detect(image_id, pipeline.prepare(read_page(file))) for image_id, file in of_book.items()]
            for reading in pipeline.recognize(pages):
                if reading.image_id in complete:
                    yield reading, complete[reading.image_id]


def detector_of(args: argparse.Namespace, book: str) -> tuple[Path, ...]:
    """The detector's weights that have not seen a book."""
    return detector_weights(None, [Path(args.detector_weights.format(book=book))] if args.detector_weights else None)


def show_pages(way: str, read: Sequence[tuple[PageReading, PageTruth]], min_score: float | None) -> None:
    """F1 at the best threshold, of the books at it, and at a given one."""
    scores, hits, truths = judge(read)
    best = best_threshold(scores, hits, truths)
    everything = Counts(int(hits.sum()), len(scores) - int(hits.sum()), truths - int(hits.sum()))
    by_book = []
    for book in sorted({book_of(truth.image_id) for _, truth in read}):
        of_book = judge([pair for pair in read if book_of(pair[1].image_id) == book])
        kept = of_book[0] >= best.min_score
        tp = int(of_book[1][kept].sum())
        by_book.append(f"{book} {Counts(tp, int(kept.sum()) - tp, of_book[2] - tp).f1:.3f}")
    if min_score is not None:
        sure = scores >= min_score
        tp = int(hits[sure].sum())
        given = Counts(tp, int(sure.sum()) - tp, truths - tp)
        print(f"{way:12} from {min_score:.3f} on F1 {given.f1:.4f} ({given.precision:.3f}, {given.recall:.3f})")
    counts = best.counts
    print(
        f"{way:12} {len(read)} pages  F1 {counts.f1:.4f} from {best.min_score:.3f} on (precision "
        f"{counts.precision:.3f}, recall {counts.recall:.3f}), {everything.f1:.4f} of everything; {', '.join(by_book)}",
        flush=True,
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KuzushijiError as error:
        sys.exit(str(error))
