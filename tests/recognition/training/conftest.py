"""Fixtures of the training tests: crops that are easy to tell apart, and settings that train in a second."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.page.ink import DEFAULT_INK, InkConfig
from kuzushiji_submit.core.training.config import RuntimeConfig
from recognition.crops import CropConfig, Crops
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.reader import ReaderConfig
from recognition.preprocess import PreprocessConfig
from recognition.training.config import OptimizerConfig, SplitConfig, TrainConfig
from recognition.training.crop_store import NO_CHARACTER, NO_PLACE, CropStore
from recognition.training.crop_store_writer import CropStoreWriter, PageCrops
from recognition.training.sources import CropSource, MixedCrops

Page = tuple[str, str, list[int]]


def with_geometry(pixels: np.ndarray) -> Crops:
    """Crops whose boxes fill half of their windows and are as large as any on their page."""
    return Crops(pixels.astype(np.uint8), np.tile(np.float32([0.5, 0.5, 0.0]), (len(pixels), 1)))


def in_a_column(crops: Crops, class_ids: list[int]) -> PageCrops:
    """Crops as if their boxes of 10 x 10 pixels stood one below the other, false alarms among them."""
    ids = np.array(class_ids, np.int64)
    tops = 20 * np.arange(len(ids))
    boxes = np.stack([tops * 0 + 5, tops, tops * 0 + 15, tops + 10], axis=1).astype(np.float32)
    order = np.where(ids == NO_CHARACTER, NO_PLACE, np.cumsum(ids != NO_CHARACTER) - 1)
    return PageCrops(crops, ids, boxes, order)


def draw(class_ids: list[int], seed: int = 0) -> np.ndarray:
    """Noisy crops uint8 (n, 32, 32): a class is a dark bar at its own height."""
    crops = np.random.default_rng([seed, len(class_ids)]).integers(0, 60, (len(class_ids), 32, 32)).astype(np.uint8)
    for crop, class_id in zip(crops, class_ids, strict=True):
        crop[5 * class_id : 5 * class_id + 5] += 180
    return crops


@pytest.fixture
def make_store(tmp_path: Path, charset: Charset) -> Callable[..., CropStore]:
    """A store of pages (page_id, book_id, class ids)."""

    def make(
        *pages: Page, name: str = "store", charset: Charset = charset, size: int = 32, floor: float = 0.25
    ) -> CropStore:
        ink = InkConfig(floor=floor)
        with CropStoreWriter(tmp_path / name, charset, CropConfig(size=size), ink, shard_crops=20) as writer:
            for place, (page_id, book_id, class_ids) in enumerate(pages):
                crops = (
                    draw(class_ids, place)[:, :size, :size] if size <= 32 else np.zeros((len(class_ids), size, size))
                )
                writer.add_page(page_id, book_id, in_a_column(with_geometry(crops), class_ids), (900, 20))
        return CropStore(tmp_path / name)

    return make


@pytest.fixture
def store(make_store: Callable[..., CropStore]) -> CropStore:
    """Four books of two pages, each page with two crops of every class."""
    return make_store(*((f"page{n}", f"book{n % 4}", [0, 1, 2, 3, 4, 5] * 2) for n in range(8)))


@pytest.fixture
def mixed(store: CropStore) -> MixedCrops:
    return MixedCrops([CropSource(store)])


@pytest.fixture
def config() -> TrainConfig:
    return TrainConfig(
        model=KuzuCharRecConfig(stage_widths=(4, 8), convs_per_stage=1),
        split=SplitConfig(validation_books=("book0",)),
        optimizer=OptimizerConfig(learning_rate=0.02),
        runtime=RuntimeConfig(accelerator="cpu", progress=False),
        epochs=2,
        batch_size=16,
    )


@pytest.fixture
def make_reader_store(tmp_path: Path, charset: Charset) -> Callable[..., CropStore]:
    """A store of pages (page_id, book_id, class ids) cut with context; class -1 is a box that holds no character."""

    def make(*pages: Page, name: str = "reader-store", charset: Charset = charset) -> CropStore:
        cut = CropConfig(size=48, resize="context", context=2.2)
        with CropStoreWriter(tmp_path / name, charset, cut, DEFAULT_INK, negatives="drawn", shard_crops=20) as writer:
            for place, (page_id, book_id, class_ids) in enumerate(pages):
                pixels = np.zeros((len(class_ids), 48, 48), np.uint8)
                pixels[:, 8:40, 8:40] = draw([max(0, one) for one in class_ids], place)
                pixels[np.array(class_ids) < 0] = 90
                writer.add_page(page_id, book_id, in_a_column(with_geometry(pixels), class_ids), (900, 20))
        return CropStore(tmp_path / name)

    return make


@pytest.fixture
def reader_store(make_reader_store: Callable[..., CropStore]) -> CropStore:
    """Four books of two pages, each page with two crops of every class and two of none."""
    return make_reader_store(*((f"page{n}", f"book{n % 4}", [0, 1, 2, 3, 4, 5, -1] * 2) for n in range(8)))


@pytest.fixture
def reader_config(config: TrainConfig) -> TrainConfig:
    return dataclasses.replace(
        config,
        model=ReaderConfig(widths=(4, 8, 16), blocks=(1, 1), embedding=32, dropout=0.0),
        preprocess=PreprocessConfig(context=1.5, input_size=32),
    )
