"""Writes a synthetic competition into a folder, in parallel, resumable at any page."""

import csv
import hashlib
import json
import logging
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import cv2

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.hidden_books import refuse_hidden_books
from kuzushiji_submit.competition.truth import PageTruth, read_truth, write_truth
from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.core.engine import Failure, map_pages
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError, OutputError
from kuzushiji_submit.core.files import atomic_bytes, atomic_text
from kuzushiji_submit.core.progress import progress
from kuzushiji_submit.core.scratch import sweep_beside
from kuzushiji_submit.synthetic.fonts import FontSet
from kuzushiji_submit.synthetic.plan import PageTask, SynthesisSettings, Synthesizer
from kuzushiji_submit.synthetic.real_hand import RealHands
from kuzushiji_submit.synthetic.types import Image

logger = logging.getLogger(__name__)

SETTINGS_FILE = "synthesis.json"
TEST_TRUTH_FILE = "test_truth.csv"
PARTS_FOLDER = ".truth_parts"
# What follows from the other settings, and is written for those who read the folder.
DERIVED = {"manuscripts"}
PLACEHOLDER_LABELS = "U+003F 1 1 U+FF2F 2 2"

_worker_synthesizer: Synthesizer | None = None


@dataclass(frozen=True)
class SynthesisReport:
    """What a run has made.

    Attributes:
        train_pages: pages in train.csv.
        test_pages: pages in test_truth.csv.
        books: distinct books.
        characters: annotated characters.
        classes: distinct codepoints.
        kept: pages that an earlier run had finished.
        undrawn: characters of this run's layouts that no font could draw.
    """

    train_pages: int
    test_pages: int
    books: int
    characters: int
    classes: int
    kept: int
    undrawn: int


def synthesize(
    out: Path,
    settings: SynthesisSettings,
    font_paths: Sequence[Path],
    layout: Path | None = None,
    workers: int = 1,
    *,
    real: RealHands | None = None,
    without_books: Collection[str] = (),
) -> SynthesisReport:
    """Makes a competition, or finishes one.

    Args:
        out: the folder; made if missing.
        settings: what to make.
        font_paths: font files.
        layout: a truth file whose pages are re-inked; None to draw layouts.
        workers: number of processes; the result does not depend on it.
        real: real hands that write some of the train books.
        without_books: real books whose layouts are not used; `real` must have been read without them.

    Raises:
        ConfigError: if `real` holds glyphs of a book that is to be left out.
        HiddenBookError: if the layout file holds a book that may be in the competition's hidden test set.
        FontError: if a font cannot be read or the fonts hold none of the characters.
        CompetitionFileError: if the layout file cannot be read or holds no page.
        OutputError: if the folder cannot be written, or holds a competition of other settings; or if a page could not
            be drawn, after all others were.
    """
    without = sorted(set(map(book_of, without_books)))
    if real is not None and not real.glyphs.books.keys().isdisjoint(without):
        raise ConfigError(f"{', '.join(without)}: glyphs of a book to be left out were read: read them without it")
    layouts = _read_layouts(layout, without)
    synthesizer = Synthesizer(settings, FontSet(font_paths), layouts, real)
    tasks = synthesizer.tasks()
    _claim_folder(out, _record(settings, font_paths, layout, real, without, synthesizer.manuscripts()))
    finished = _finished_pages(out, tasks)
    missing = [task for task in tasks if task.image_id not in finished]
    undrawn = 0
    results = _run(synthesizer, missing, out, workers, font_paths)
    failures: list[Exception] = []
    for made in progress(results, "synthesize" if missing else None, total=len(missing)):
        if isinstance(made, Failure):
            logger.warning("%s", made.error)
            failures.append(made.error)
        else:
            undrawn += made
    if failures:
        raise OutputError(
            f"{len(failures)} of {len(tasks)} pages could not be drawn, the first for this: {failures[0]}: "
            "run again; the others are kept"
        )
    return _write_tables(out, tasks, synthesizer, kept=len(finished), undrawn=undrawn)


def _read_layouts(path: Path | None, without: Collection[str]) -> list[PageTruth] | None:
    if path is None:
        return None
    layouts = [page for page in read_truth(path) if book_of(page.image_id) not in without]
    refuse_hidden_books((page.image_id for page in layouts), str(path))
    if not any(len(page.boxes) for page in layouts):
        raise CompetitionFileError(f"{path}: holds no annotated page: name a train.csv with characters")
    return layouts


def _record(
    settings: SynthesisSettings,
    font_paths: Sequence[Path],
    layout: Path | None,
    real: RealHands | None,
    without: Sequence[str],
    manuscripts: list[str],
) -> dict[str, object]:
    """All that the pages are made of; "real" and "without_books" are there only if they say something."""
    record: dict[str, object] = {
        **asdict(settings),
        "fonts": [path.name for path in font_paths],
        "layout": None
        if layout is None
        else {"name": layout.name, "sha256": hashlib.sha256(layout.read_bytes()).hexdigest()},
    }
    if real is not None:
        record["real"] = real.record()
    if without:
        record["without_books"] = list(without)
    record["manuscripts"] = manuscripts
    return record


def _claim_folder(out: Path, wanted: dict[str, object]) -> None:
    """Writes the settings into the folder, or compares them with those it was begun with."""
    path = out / SETTINGS_FILE
    if path.exists():
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise OutputError(f"{path}: cannot be read ({error}): remove it or name another folder") from error
        held = held if isinstance(held, dict) else {}
        differing = sorted(key for key in {*wanted, *held} - DERIVED if held.get(key) != wanted.get(key))
        if differing:
            raise OutputError(
                f"{out}: begun with another {', '.join(differing)}: use the same options or another folder"
            )
        return
    if (out / "train.csv").exists():
        raise OutputError(f"{out}: already holds a competition that was not synthesized: name another folder")
    with atomic_text(path) as stream:
        stream.write(json.dumps(wanted, indent=2, ensure_ascii=False) + "\n")


def _finished_pages(out: Path, tasks: list[PageTask]) -> set[str]:
    """The ids of pages whose image and truth are both there; parts of a killed run's files are removed."""
    folder = DataFolder(out)
    known = {part.stem for part in (out / PARTS_FOLDER).glob("*.csv")}
    for path in (folder.train_csv, out / TEST_TRUTH_FILE):
        if path.exists():
            known.update(page.image_id for page in read_truth(path))
    for images in (folder.train_images, folder.test_images, out / PARTS_FOLDER):
        try:
            images.mkdir(parents=True, exist_ok=True)
            sweep_beside(images)
        except OSError as error:
            raise OutputError(f"{images}: cannot be written ({error.strerror}): name another place") from error
    return {task.image_id for task in tasks if task.image_id in known and image_path(out, task).exists()}


def image_path(out: Path, task: PageTask) -> Path:
    """Where a page's image lies."""
    folder = DataFolder(out)
    return (folder.test_images if task.test else folder.train_images) / f"{task.image_id}.jpg"


def _run(
    synthesizer: Synthesizer, tasks: list[PageTask], out: Path, workers: int, font_paths: Sequence[Path]
) -> Iterator[int | Failure[PageTask]]:
    """Draws and writes pages; yields for each how many characters could not be drawn, or why the page could not."""
    if workers <= 1 or len(tasks) < 2:
        yield from map_pages(partial(_draw_and_write, synthesizer, out), tasks, kind="serial", catch=())
        return
    start = partial(
        _start_worker, synthesizer.settings, [str(path) for path in font_paths], synthesizer.layouts, synthesizer.real
    )
    yield from map_pages(partial(_work, out), tasks, workers, catch=(), initializer=start)


def _start_worker(
    settings: SynthesisSettings, font_paths: list[str], layouts: list[PageTruth] | None, real: RealHands | None
) -> None:
    global _worker_synthesizer  # noqa: PLW0603 - a process's one place to keep what its tasks share
    cv2.setNumThreads(1)
    _worker_synthesizer = Synthesizer(settings, FontSet([Path(path) for path in font_paths]), layouts, real)


def _work(out: Path, task: PageTask) -> int:
    if _worker_synthesizer is None:
        raise RuntimeError("the worker was not started with a synthesizer")
    return _draw_and_write(_worker_synthesizer, out, task)


def _draw_and_write(synthesizer: Synthesizer, out: Path, task: PageTask) -> int:
    drawn = synthesizer.draw(task)
    write_image(image_path(out, task), drawn.image, synthesizer.settings.jpeg_quality)
    # The truth comes second: a page counts as finished when both are there.
    write_truth(out / PARTS_FOLDER / f"{task.image_id}.csv", [PageTruth(task.image_id, drawn.codepoints, drawn.boxes)])
    return drawn.undrawn


def write_image(path: Path, image: Image, quality: int) -> None:
    """Writes a JPEG, atomically.

    Args:
        path: the file.
        image: uint8 (H, W, 3) RGB.
        quality: 1 to 100.

    Raises:
        OutputError: if the file cannot be written.
    """
    encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    atomic_bytes(path, encoded.tobytes())


def _write_tables(
    out: Path, tasks: list[PageTask], synthesizer: Synthesizer, *, kept: int, undrawn: int
) -> SynthesisReport:
    folder = DataFolder(out)
    truth = _collect_truth(out)
    train = [truth[task.image_id] for task in tasks if not task.test]
    test = [truth[task.image_id] for task in tasks if task.test]
    used = {codepoint for page in truth.values() for codepoint in page.codepoints}
    known = {f"U+{ord(character):04X}" for character in synthesizer.statistics.counts}
    codepoints = sorted(known | used, key=lambda codepoint: int(codepoint[2:], 16))
    _write_csv(
        folder.translation_csv, ("Unicode", "char"), ((codepoint, to_character(codepoint)) for codepoint in codepoints)
    )
    _write_csv(folder.sample_csv, ("image_id", "labels"), ((page.image_id, PLACEHOLDER_LABELS) for page in test))
    write_truth(out / TEST_TRUTH_FILE, test)
    write_truth(folder.train_csv, train)
    shutil.rmtree(out / PARTS_FOLDER)
    return SynthesisReport(
        train_pages=len(train),
        test_pages=len(test),
        books=len({task.book for task in tasks}),
        characters=sum(len(page.codepoints) for page in (*train, *test)),
        classes=len(used),
        kept=kept,
        undrawn=undrawn,
    )


def _collect_truth(out: Path) -> dict[str, PageTruth]:
    """Truth by image_id: of an earlier, finished run, overlaid by that of pages written since."""
    tables = [path for path in (DataFolder(out).train_csv, out / TEST_TRUTH_FILE) if path.exists()]
    parts = sorted((out / PARTS_FOLDER).glob("*.csv"))
    return {page.image_id: page for path in (*tables, *parts) for page in read_truth(path)}


def _write_csv(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with atomic_text(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
