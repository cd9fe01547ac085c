"""Fixtures of the training tests: stores of small pages, and settings that train in a second."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detection.training.config import HeatmapOptimizer, HeatmapTraining
from detection.training.page_store import EXACT, PageStore
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.training.config import BookSplit, RuntimeConfig
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
