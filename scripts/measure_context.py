"""What the text prior adds to readers that have not seen the books they read.

Usage: python scripts/measure_context.py --images DIR --complete truth_exact.csv --transcriptions JSON --prior FILE
           --readers BOOK[,BOOK ...]=WEIGHTS ... --cache DIR [--detector heatmap] [--rows train_subset.csv]

Neither the prior nor a reader may have seen the books that it is asked for (make the prior with --leave-out). Readers
are calibrated, weights and thresholds chosen, for each group of books on the other groups. Four tables:

- boxes     top-1 on the true boxes of the complete pages, by group, without and with context
- pages     F1 on the complete pages as detected, bag-of-characters F1 and character error rate on the transcribed ones
- settings  the same F1 and top-1 by weight and discount, all groups together: how flat the optimum is
- strong    --rows: pages of the same books without images, read by a simulated reader: the ranks and scores of the real
            ones, made as good as asked by a bonus for the truth; what context does to a reader of 0.95
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from measure_transcriptions import TextCounts, compare
from numpy.typing import NDArray

from detection.detections import Detector
from kuzushiji_submit.calibration.threshold import best_threshold
from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.competition.scoring import Counts, match_page
from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.charset import Charset, to_character
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.context.ngram_context import NgramContext
from kuzushiji_submit.reading.default_weights import detector_weights
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, load_detector, load_recognizer
from kuzushiji_submit.reading.order import read_order
from kuzushiji_submit.reading.prior.prior_file import load_prior
from kuzushiji_submit.reading.prior.text_prior import TextPrior
from kuzushiji_submit.training_data.alignment.transcribed_pages import read_transcriptions
from recognition.calibration import fit_temperature
from recognition.crops import crop_boxes
from recognition.recognizer import Recognizer
from recognition.scoring_recognizer import ScoringRecognizer

KEPT = 24
GRID = [(0.0, 0.0), *((w, d) for w in (0.3, 0.5, 0.7, 0.9) for d in (0.0, 0.2, 0.4, 0.6))]
STRENGTHS = (0.5, 0.7, 0.9, 0.95, 0.98)


@dataclass(frozen=True, eq=False)
class Seen:
    """What the eye said of N places: boxes, points, detection scores, the best classes with logits, and the truth.

    `rest` is the logarithm of what the softmax sums over; `truth` are class ids, empty where unknown.
    """

    image_id: str
    boxes: NDArray[np.float32]
    points: NDArray[np.float32]
    detection: NDArray[np.float32]
    ids: NDArray[np.int64]
    logits: NDArray[np.float32]
    rest: NDArray[np.float32]
    truth: NDArray[np.int64]

    @property
    def scores(self) -> NDArray[np.float32]:
        """Softmax scores of the best classes, float32 (N, KEPT)."""
        return np.asarray(np.exp(self.logits - self.rest[:, None]), np.float32)


Read = Callable[[Seen], tuple[NDArray[np.int64], NDArray[np.float32]]]


def main() -> int:
    """Prints the tables."""
    args = parse_arguments()
    prior = load_prior(args.prior)
    groups = {tuple(books.split(",")): Path(path) for books, path in (one.split("=", 1) for one in args.readers)}
    complete = {page.image_id: page for page in read_repaired_truth(args.complete)}
    texts = read_transcriptions(args.transcriptions)
    charset = Recognizer.load(next(iter(groups.values())), "cpu").charset
    true, found = look(args, groups, complete)
    tables = Tables(prior, charset, complete, texts, list(groups))
    tables.boxes(true)
    tables.pages(true, found)
    tables.settings(true, found)
    if args.rows:
        books = {book for group in groups for book in group}
        rows = [page for page in read_repaired_truth(args.rows) if book_of(page.image_id) in books and len(page)]
        tables.strong([page for group in true.values() for page in group], rows)
    return 0


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--complete", type=Path, required=True, help="pages with every character annotated")
    parser.add_argument("--transcriptions", type=Path, required=True, help="JSON object of image_id and text")
    parser.add_argument("--prior", type=Path, required=True, help="text prior without the books")
    parser.add_argument("--readers", nargs="+", required=True, help="BOOK[,BOOK ...]=WEIGHTS that have not seen them")
    parser.add_argument("--detector", choices=("heatmap", "ink"), default="heatmap")
    parser.add_argument("--detector-weights", type=Path, nargs="+")
    parser.add_argument("--rows", type=Path, help="more annotated pages of the same books, images not needed")
    parser.add_argument("--cache", type=Path, required=True, help="folder for what the eyes said")
    return parser.parse_args()


Groups = dict[tuple[str, ...], list[Seen]]


def look(
    args: argparse.Namespace, groups: dict[tuple[str, ...], Path], complete: dict[str, PageTruth]
) -> tuple[Groups, Groups]:
    """Every page as its group's reader sees it: true boxes of the complete pages, detected boxes of all."""
    images = list_images(args.images)
    args.cache.mkdir(parents=True, exist_ok=True)
    raw: dict[tuple[str, ...], list[list[Seen]]] = {}
    for books, weights in groups.items():
        pipeline = load_stages(args, weights)
        for image_id in (one for one in images if book_of(one) in books):
            path = args.cache / f"{args.detector}-{image_id}.npz"
            if not path.is_file():
                keep(path, image_id, see(pipeline, read_page(images[image_id]), image_id, complete.get(image_id)))
            raw.setdefault(books, []).append(load_seen(path, image_id))
    true, found = {}, {}
    for books in groups:
        others = [pages[0] for key, group in raw.items() if key != books for pages in group if len(pages[0].truth)]
        temperature = temperature_of(others)
        true[books] = [heated(pages[0], temperature) for pages in raw[books] if len(pages[0].truth)]
        found[books] = [heated(pages[1], temperature) for pages in raw[books]]
        print(f"{books[0]:10} temperature {temperature:.2f}, {len(true[books])} complete of {len(found[books])} pages")
    return true, found


@dataclass(frozen=True)
class Stages:
    """What finds and what reads characters."""

    detector: Detector
    recognizer: ScoringRecognizer


def load_stages(args: argparse.Namespace, weights: Path) -> Stages:
    """The chosen detector and one reader; context comes later."""
    config = PipelineConfig(context=ContextConfig(enabled=False))
    recognizer = load_recognizer(config, [weights], "cpu")
    found = detector_weights(args.detector, args.detector_weights)
    return Stages(load_detector(config, found, recognizer, "cpu"), recognizer)


def see(pipeline: Stages, page: NDArray[np.uint8], image_id: str, truth: PageTruth | None) -> list[Seen]:
    """A page's true boxes (none where there is no truth) and its detected ones, as the reader sees them."""
    prepared = prepare_page(page)
    detections = pipeline.detector.detect(prepared)
    empty = PageTruth(image_id, (), np.zeros((0, 4), np.float32))
    known, found = truth or empty, detections
    class_ids = np.array(pipeline.recognizer.charset.class_ids(known.codepoints), np.int64)
    sets: list[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]] = [
        (
            known.boxes,
            ((known.boxes[:, :2] + known.boxes[:, 2:]) / 2).astype(np.float32),
            np.ones(len(known), np.float32),
            class_ids,
        ),
        (found.boxes, found.points, found.scores, np.zeros(0, np.int64)),
    ]
    seen = []
    for boxes, points, scores, ids in sets:
        logits = pipeline.recognizer.logits(crop_boxes(prepared.ink, boxes, pipeline.recognizer.crop_config))
        best = np.argsort(-logits[:, : len(pipeline.recognizer.charset)], axis=1)[:, :KEPT]
        rest = np.logaddexp.reduce(logits, axis=1) if len(logits) else np.zeros(0, np.float32)
        seen.append(Seen(image_id, boxes, points, scores, best, np.take_along_axis(logits, best, 1), rest, ids))
    return seen


FIELDS = ("boxes", "points", "detection", "ids", "logits", "rest", "truth")


def keep(path: Path, image_id: str, seen: Sequence[Seen]) -> None:
    """Writes what was seen on a page."""
    del image_id
    np.savez(path, **{f"{place}{field}": getattr(one, field) for place, one in enumerate(seen) for field in FIELDS})


def load_seen(path: Path, image_id: str) -> list[Seen]:
    """Reads what `keep` wrote."""
    with np.load(path) as file:
        return [Seen(image_id, *(file[f"{place}{field}"] for field in FIELDS)) for place in (0, 1)]


def temperature_of(pages: Sequence[Seen]) -> float:
    """The temperature under which the truth of these pages is most likely, among the classes that were kept."""
    logits = np.concatenate([page.logits for page in pages])
    hit = np.concatenate([page.ids == page.truth[:, None] for page in pages])
    known = hit.any(axis=1)
    return fit_temperature(logits[known], hit[known].argmax(axis=1))


def heated(page: Seen, temperature: float) -> Seen:
    """The page with calibrated logits; what the classes not kept sum up to stays as it was."""
    others = 1 - np.exp(page.logits - page.rest[:, None]).sum(axis=1)
    logits = page.logits / temperature
    kept = np.logaddexp.reduce(logits, axis=1) if len(logits) else page.rest
    return replace(page, logits=logits, rest=kept - np.log(np.clip(1 - others, 1e-3, 1)))


class Tables:
    """The four tables."""

    def __init__(
        self,
        prior: TextPrior,
        charset: Charset,
        complete: dict[str, PageTruth],
        texts: dict[str, str],
        groups: Sequence[tuple[str, ...]],
    ) -> None:
        self.prior, self.charset, self.complete, self.texts, self.groups = prior, charset, complete, texts, groups
        self.chosen: dict[tuple[str, ...], tuple[float, float]] = {}

    def reader(self, weight: float, discount: float) -> Read:
        """A page in, best ids and scores out."""
        config = ContextConfig(weight=weight, prior_discount=discount)
        context = NgramContext(self.prior, self.charset.codepoints, config)

        def read(page: Seen) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            reading = context.read(page.boxes, page.ids, page.scores, page.detection)
            return reading.top_ids[:, 0], reading.top_scores[:, 0]

        return read

    def right(self, pages: Sequence[Seen], read: Read) -> int:
        """Right readings on true boxes."""
        return sum(int((read(page)[0] == page.truth).sum()) for page in pages)

    def boxes(self, true: Groups) -> None:
        """Top-1 on true boxes; the settings of each group are the best of the others."""
        right = {
            setting: {books: self.right(true[books], self.reader(*setting)) for books in self.groups}
            for setting in GRID
        }
        print(f"\n{'boxes':12} {'count':>6} {'eye':>7} {'context':>8}   weight, discount chosen on the other groups")
        sums = np.zeros(3, np.int64)
        for books in self.groups:
            others = {s: sum(hits for key, hits in right[s].items() if key != books) for s in GRID}
            self.chosen[books] = max(GRID, key=others.__getitem__)
            count = sum(len(page.truth) for page in true[books])
            row = (count, right[GRID[0]][books], right[self.chosen[books]][books])
            sums += row
            weight, discount = self.chosen[books]
            print(f"{books[0]:12} {count:6} {row[1] / count:7.3f} {row[2] / count:8.3f}   {weight} {discount}")
        print(f"{'all':12} {sums[0]:6} {sums[1] / sums[0]:7.3f} {sums[2] / sums[0]:8.3f}")

    def judged(self, pages: Sequence[Seen], read: Read) -> tuple[NDArray[np.float64], NDArray[np.bool_], int]:
        """Scores and hits of what was read on complete pages, and boxes of the truth."""
        scores: list[NDArray[np.float64]] = [np.zeros(0)]
        hits: list[NDArray[np.bool_]] = [np.zeros(0, np.bool_)]
        truths = 0
        for page in (one for one in pages if one.image_id in self.complete):
            ids, best = read(page)
            joint = (page.detection * best).astype(np.float64)
            order = np.argsort(-joint, kind="stable")
            labels = tuple(self.charset.codepoints[class_id] for class_id in ids[order])
            points = PagePoints(page.image_id, labels, np.rint(page.points[order]).astype(np.float64))
            match = match_page(self.complete[page.image_id], points)
            scores.append(joint[order])
            hits.append(match.box_of_prediction >= 0)
            truths += len(self.complete[page.image_id])
        return np.concatenate(scores), np.concatenate(hits), truths

    def pages(self, true: Groups, found: Groups) -> None:
        """F1, bag F1 and error rate of pages as detected."""
        del true
        print(f"\n{'pages':12} {'F1 all':>7} {'F1':>7} {'bag F1':>7} {'CER':>7} {'ms/page':>8}")
        for name in ("eye", "context"):
            everything, kept, texts, spent, pages = Counts(), Counts(), TextCounts(), 0.0, 0
            for books in self.groups:
                own = self.reader(*(self.chosen[books] if name == "context" else GRID[0]))
                others = [page for key, group in found.items() if key != books for page in group]
                threshold = best_threshold(*self.judged(others, own)).min_score
                scores, hits, truths = self.judged(found[books], own)
                everything += counts(hits, truths)
                kept += counts(hits[scores >= threshold], truths)
                for page in found[books]:
                    started = time.process_time()
                    ids, best = own(page)
                    spent, pages = spent + time.process_time() - started, pages + 1
                    if page.image_id in self.texts:
                        order = read_order(page.boxes).text
                        order = order[(page.detection * best)[order] >= threshold]
                        written = "".join(to_character(self.charset.codepoints[one]) for one in ids[order])
                        texts += compare(written, self.texts[page.image_id])
            print(
                f"{name:12} {everything.f1:7.4f} {kept.f1:7.4f} {texts.bag_f1:7.4f} {texts.error_rate:7.4f} "
                f"{1000 * spent / pages:8.1f}"
            )

    def settings(self, true: Groups, found: Groups) -> None:
        """Every setting on all groups: chosen on what is measured, so only their differences count."""
        print(f"\n{'settings':12} {'discount':>8} {'top-1':>7} {'F1 best':>8}")
        boxes = [page for group in true.values() for page in group]
        pages = [page for group in found.values() for page in group]
        count = sum(len(page.truth) for page in boxes)
        for weight, discount in GRID:
            read = self.reader(weight, discount)
            best = best_threshold(*self.judged(pages, read)).counts.f1
            print(f"weight {weight:5} {discount:8} {self.right(boxes, read) / count:7.3f} {best:8.4f}")

    def strong(self, seen: Sequence[Seen], rows: Sequence[PageTruth]) -> None:
        """What context does to readers of a given strength."""
        print(f"\n{'strong':12} {'count':>6} {'eye':>7} {'context':>8} {'log loss':>9} {'context':>8}")
        read = NgramContext(self.prior, self.charset.codepoints).read
        for strength in STRENGTHS:
            pages = simulate(seen, rows, self.charset, strength)
            right, losses, count = np.zeros(2), np.zeros(2), 0
            for page in pages:
                after = read(page.boxes, page.ids, page.scores, page.detection)
                for place, (ids, scores) in enumerate(((page.ids, page.scores), (after.top_ids, after.top_scores))):
                    hit = ids == page.truth[:, None]
                    right[place] += hit[:, 0].sum()
                    losses[place] -= np.log(np.maximum(np.where(hit, scores, 0).sum(axis=1), 1e-4)).sum()
                count += len(page.truth)
            print(
                f"reader {strength:5} {count:6} {right[0] / count:7.4f} {right[1] / count:8.4f} "
                f"{losses[0] / count:9.3f} {losses[1] / count:8.3f}"
            )


def counts(hits: NDArray[np.bool_], truths: int) -> Counts:
    """Hits among what was kept, as counts."""
    tp = int(hits.sum())
    return Counts(tp, len(hits) - tp, truths - tp)


def simulate(seen: Sequence[Seen], rows: Sequence[PageTruth], charset: Charset, strength: float) -> list[Seen]:
    """Pages without images as a reader of this top-1 would see them.

    Each place takes ranks and logits of one real crop, of the same class where there is one; the truth stands at its
    rank there (last where it was not among those kept), other classes keep their ids where the crop was of the same
    class and are drawn by their frequency where not. Then the truth's logit gets the bonus that gives the strength, and
    the scores are calibrated.
    """
    rng = np.random.default_rng(0)
    ids = np.concatenate([page.ids for page in seen])
    logits = np.concatenate([page.logits - page.rest[:, None] for page in seen]).astype(np.float64)
    truths = np.concatenate([page.truth for page in seen])
    by_class = {class_id: np.flatnonzero(truths == class_id) for class_id in set(truths.tolist())}
    frequent = np.array([one for page in rows for one in charset.class_ids(page.codepoints)])
    places = []
    for page in rows:
        wanted = np.array(charset.class_ids(page.codepoints))
        same = np.array([class_id in by_class for class_id in wanted.tolist()])
        crops = np.array([rng.choice(by_class.get(one, np.arange(len(truths)))) for one in wanted.tolist()])
        names = np.where(same[:, None], ids[crops], rng.choice(frequent, (len(wanted), KEPT)))
        hit = ids[crops] == truths[crops][:, None]
        rank = np.where(hit.any(axis=1), hit.argmax(axis=1), KEPT - 1)
        names[names == wanted[:, None]] = charset.class_id("U+3042")
        names[np.arange(len(wanted)), rank] = wanted
        places.append((page, names, logits[crops], rank, wanted))
    margins = np.concatenate([one[2].max(axis=1) - one[2][np.arange(len(one[3])), one[3]] for one in places])
    bonus = float(np.quantile(margins, strength)) + 1e-6
    for _, _, values, rank, _ in places:
        values[np.arange(len(rank)), rank] += bonus
    everything = np.concatenate([one[2] for one in places]).astype(np.float32)
    temperature = fit_temperature(everything, np.concatenate([one[3] for one in places]))
    pages = []
    for page, drawn, before, _, wanted in places:
        better = before / temperature
        order = np.argsort(-better, axis=1)
        values, names = np.take_along_axis(better, order, 1), np.take_along_axis(drawn, order, 1)
        scale = np.logaddexp.reduce(values, axis=1)
        nothing = np.zeros((len(wanted), 2), np.float32)
        ones = np.ones(len(wanted), np.float32)
        pages.append(Seen(page.image_id, page.boxes, nothing, ones, names, values.astype(np.float32), scale, wanted))
    return pages


if __name__ == "__main__":
    sys.exit(main())
