"""The glyphs of real books: which books are allowed, and what was cut from their annotated pages."""

import hashlib
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.hidden_books import refuse_hidden_books
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.engine import Failure, map_pages
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.synthetic.fonts import BaseGlyph
from kuzushiji_submit.synthetic.glyph_cutting import CutGlyph, cut_glyphs
from kuzushiji_submit.synthetic.types import Mask, as_uint8

logger = logging.getLogger(__name__)

GLYPHS_A_CLASS = 60
"""Glyphs of one class that are kept of a book: more would fill the memory and teach little."""
GAUSSIAN_QUARTILES = 1.349
"""Distance between the quartiles of a normal distribution of deviation 1."""


@dataclass(frozen=True, eq=False)
class RealBook:
    """What one real book gives a hand.

    Attributes:
        book_id: the book.
        glyphs: its glyphs by codepoint.
        stroke: stroke width as `HandStyle.stroke` measures it.
        softness: deviation in pixels of the blur of the strokes' borders, which is the scanner's.
    """

    book_id: str
    glyphs: dict[str, tuple[BaseGlyph, ...]]
    stroke: float
    softness: float

    def __len__(self) -> int:
        return sum(map(len, self.glyphs.values()))


@dataclass(frozen=True, eq=False)
class RealGlyphs:
    """The glyphs of several real books.

    Attributes:
        books: by book_id, in ascending order.
        left_out: how many characters and pages gave none, by reason.
    """

    books: dict[str, RealBook]
    left_out: Counter[str] = field(default_factory=Counter)

    @cached_property
    def holders(self) -> dict[str, tuple[str, ...]]:
        """The books that hold a codepoint, by codepoint."""
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for name, book in sorted(self.books.items()):
            for codepoint in book.glyphs:
                holders[codepoint].append(name)
        return {codepoint: tuple(names) for codepoint, names in holders.items()}

    def __len__(self) -> int:
        return sum(map(len, self.books.values()))

    def digest(self) -> str:
        """SHA-256 of every glyph: two sets that write the same have the same."""
        total = hashlib.sha256()
        for name, book in sorted(self.books.items()):
            for codepoint, glyphs in sorted(book.glyphs.items()):
                for glyph in glyphs:
                    total.update(f"{name} {codepoint} {glyph.mask.shape}".encode())
                    total.update(glyph.mask.tobytes())
        return total.hexdigest()


def read_real_glyphs(
    folders: Sequence[Path], *, books: Collection[str] = (), without: Collection[str] = (), workers: int = 1
) -> RealGlyphs:
    """Cuts the glyphs of the annotated pages of data folders, with a progress bar.

    Pages without an image and pages that cannot be read are named and left out.

    Args:
        folders: data folders of the competition's layout; every box of their train.csv must be exact.
        books: the only books to use; empty for all. A volume's name stands for its book.
        without: books not to use.
        workers: processes; the result does not depend on it.

    Raises:
        ConfigError: if a named book has no page in the folders, so that a misspelled name leaves no book in.
        HiddenBookError: if a book to be used may be in the competition's hidden test set.
        CompetitionFileError: if a folder cannot be read, or not one glyph could be cut.
    """
    pages = [(folder, page) for folder in folders for page in read_repaired_truth(DataFolder(folder).train_csv)]
    where = ", ".join(map(str, folders))
    used = _allowed_books({book_of(page.image_id) for _, page in pages}, books, without, where)
    refuse_hidden_books(used, where)
    images = {folder: list_images(DataFolder(folder).train_images) for folder in folders}
    left_out: Counter[str] = Counter()
    jobs: dict[str, tuple[PageFile, PageTruth]] = {}
    for folder, page in pages:
        if not len(page) or book_of(page.image_id) not in used or page.image_id in jobs:
            continue
        if page.image_id in images[folder]:
            jobs[page.image_id] = images[folder][page.image_id], page
        else:
            left_out["pages without image"] += 1
    found: defaultdict[str, list[CutGlyph]] = defaultdict(list)
    tasks = [jobs[image_id] for image_id in sorted(jobs)]
    for (_, page), made in zip(tasks, map_pages(_cut_page, tasks, workers, progress="real glyphs"), strict=True):
        if isinstance(made, Failure):
            logger.warning("%s: left out", made.error)
            left_out["unreadable pages"] += 1
        else:
            found[book_of(page.image_id)] += made[0]
            left_out += made[1]
    glyphs = RealGlyphs({name: _real_book(name, found[name]) for name in sorted(found) if found[name]}, left_out)
    for reason, count in left_out.items():
        logger.info("real glyphs: left out %d: %s", count, reason)
    if not glyphs.books:
        raise CompetitionFileError(f"{where}: no glyph could be cut: name folders with train.csv and train_images")
    return glyphs


def _allowed_books(present: set[str], books: Collection[str], without: Collection[str], where: str) -> set[str]:
    unknown = sorted({book_of(name) for name in (*books, *without)} - present)
    if unknown:
        raise ConfigError(f"{where}: no page of {', '.join(unknown)}: the books are {', '.join(sorted(present))}")
    wanted = {book_of(name) for name in books} or present
    return wanted - {book_of(name) for name in without}


def _cut_page(job: tuple[PageFile, PageTruth]) -> tuple[list[CutGlyph], Counter[str]]:
    """The glyphs of a page and what was left out."""
    file, truth = job
    return cut_glyphs(read_page(file), truth)


def _real_book(name: str, cut: list[CutGlyph]) -> RealBook:
    glyphs: defaultdict[str, list[BaseGlyph]] = defaultdict(list)
    for item in cut:
        if len(glyphs[item.codepoint]) < GLYPHS_A_CLASS:
            glyphs[item.codepoint].append(item.glyph)
    strokes = [item.glyph.stroke / (item.nominal**0.6 * np.prod(item.glyph.mask.shape) ** 0.2) for item in cut]
    softness = [edge_softness(item.glyph.mask) for item in cut]
    kept = {codepoint: tuple(held) for codepoint, held in sorted(glyphs.items())}
    return RealBook(name, kept, float(np.median(strokes)), float(np.median(softness)))


def edge_softness(mask: Mask) -> float:
    """The deviation in pixels of the Gaussian blur that the strokes' borders show.

    Across an edge blurred with deviation s, the gray levels between the quartiles are 1.349 s wide. So many of them
    lie along each pixel of the outline.
    """
    padded = np.pad(mask, 1)
    solid = as_uint8(padded > 127)
    outline = int((solid - cv2.erode(solid, np.ones((3, 3), np.uint8))).sum())
    between = int(((padded > 63) & (padded < 192)).sum())
    return between / (GAUSSIAN_QUARTILES * max(outline, 1))
