"""Fixtures of the training tests: stores of small pages, and settings that train in a second."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detection.training.augment import TileAugmentConfig
from detection.training.config import HeatmapOptimizer, HeatmapTraining
from detection.training.dense_config import BoxNoise, DenseOptimizer, DenseTraining
from detection.training.page_store import EXACT, PageStore
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.training.config import BookSplit, RuntimeConfig
from tests.detection.dense.conftest import CHARSET, glyph_page
from tests.detection.dense.conftest import TINY as TINY_DENSE
from tests.detection.heatmap.conftest import TINY, blob_page
from tests.one_thread import one_thread  # noqa: F401 - a fixture of every test here

Page = tuple[str, str, int]
"""Its id, its book, and how many columns of characters it has."""


def write_store(folder: Path, *pages: Page, kind: int = EXACT, rows: int = 3) -> Path:
    """A store of pages of black squares of 32 pixels."""
    store = PageStore(folder)
    for page_id, book_id, columns in pages:
        image, boxes = blob_page(columns=max(columns, 1), rows=rows)
        boxes = boxes if columns else boxes[:0]
        image = image if columns else np.full_like(image, 215)
        store.add(page_id, book_id, prepare_page(image), boxes, np.full(len(boxes), kind, np.uint8))
    return folder


@pytest.fixture
def make_store(tmp_path: Path) -> Callable[..., Path]:
    """A store of pages below the test's folder."""

    def make(*pages: Page, name: str = "store", kind: int = EXACT) -> Path:
        return write_store(tmp_path / name, *pages, kind=kind)

    return make


@pytest.fixture
def store(make_store: Callable[..., Path]) -> Path:
    """Three books of two pages."""
    return make_store(*((f"page{n}", f"book{n % 3}", 2) for n in range(6)))


def match(boxes: np.ndarray, points: np.ndarray) -> tuple[int, int, int]:
    """Each box is hit at most once, each point hits at most one box."""
    free = list(range(len(points)))
    hits = 0
    for left, top, right, bottom in boxes:
        inside = [n for n in free if left < points[n][0] < right and top < points[n][1] < bottom]
        if inside:
            free.remove(inside[0])
            hits += 1
    return hits, len(points) - hits, len(boxes) - hits


def tiny_config() -> HeatmapTraining:
    return HeatmapTraining(
        network=TINY,
        split=BookSplit(validation_books=("book0",)),
        optimizer=HeatmapOptimizer(learning_rate=0.01, ema_decay=0.5),
        runtime=RuntimeConfig(accelerator="cpu", progress=False),
        epochs=3,
        tiles_per_epoch=8,
        batch_size=4,
        tile_size=64,
    )


@pytest.fixture
def config() -> HeatmapTraining:
    return tiny_config()


def write_glyphs(folder: Path, *pages: Page, kind: int = EXACT, told: bool = True) -> Path:
    """A store of pages of four shapes in three rows, told which they are or not."""
    store = PageStore(folder)
    for seed, (page_id, book_id, columns) in enumerate(pages):
        image, boxes, ids = glyph_page(columns=columns, rows=3, seed=seed)
        codepoints = [CHARSET.codepoints[shape] for shape in ids] if told else []
        kinds = np.full(len(boxes), kind, np.uint8)
        store.add(page_id, book_id, prepare_page(image), boxes, kinds, codepoints=codepoints)
    return folder


@pytest.fixture
def glyphs(tmp_path: Path) -> Path:
    """Two books of two pages of shapes."""
    return write_glyphs(tmp_path / "glyphs", *((f"page{n}", f"book{n % 2}", 3) for n in range(4)))


def tiny_dense_config() -> DenseTraining:
    return DenseTraining(
        network=TINY_DENSE,
        split=BookSplit(validation_books=("book0",)),
        augment=TileAugmentConfig(smallest=30, largest=34, rotate=1, shear=0.02, show_through=0.2, seal=0.0),
        boxes=BoxNoise(usual=0.03, far=0.0, elastic=0.01),
        optimizer=DenseOptimizer(learning_rate=0.02, weight_decay=0.0, ema_decay=0.5),
        runtime=RuntimeConfig(accelerator="cpu", progress=False),
        epochs=2,
        tiles_per_epoch=8,
        batch_size=4,
        tile_size=96,
        tries=2,
    )
