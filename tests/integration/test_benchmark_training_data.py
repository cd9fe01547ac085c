"""Stores of a wanted size, made by repetition, and the table of what they cost."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from detection.training.page_store import EXACT, PageStore
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CropStoreError, KuzushijiError
from kuzushiji_submit.core.page.ink import DEFAULT_INK
from kuzushiji_submit.core.page.prepared import prepare_page
from recognition.crops import CropConfig, Crops
from recognition.training.crop_store import CropStore
from recognition.training.crop_store_writer import CropStoreWriter, PageCrops
from tests.detection.heatmap.conftest import blob_page
from tests.load_module import load_script

SIZE = 32


@pytest.fixture(scope="module")
def script():
    return load_script("benchmark_training_data")


@pytest.fixture
def crops(tmp_path):
    """Three pages of 0, 4 and 5 crops in two shards."""
    random = np.random.default_rng(0)
    with CropStoreWriter(
        tmp_path / "source", Charset(("U+3042", "U+3044")), CropConfig(size=SIZE), DEFAULT_INK, shard_crops=4
    ) as writer:
        for name, count in (("a", 0), ("b", 4), ("c", 5)):
            pixels = random.integers(0, 256, (count, SIZE, SIZE)).astype(np.uint8)
            geometry = np.tile(np.float32([0.5, 0.5, 0.0]), (count, 1))
            boxes = random.uniform(0, 90, (count, 4)).astype(np.float32)
            page = PageCrops(Crops(pixels, geometry), np.arange(count) % 2, boxes, np.arange(count))
            writer.add_page(name, f"book-{name}", page, (100, 100))
    return CropStore(tmp_path / "source")


@pytest.fixture
def pages(tmp_path):
    store = PageStore(tmp_path / "prepared")
    image, boxes = blob_page(columns=1, rows=2)
    for name in ("p", "q"):
        store.add(name, f"book-{name}", prepare_page(image), boxes, np.full(len(boxes), EXACT, np.uint8))
    return store


@pytest.mark.parametrize("count", [1, 4, 8, 9, 10, 30])
def test_repeated_crops_are_those_of_the_source_as_many_as_asked(script, crops, tmp_path, count):
    made = script.repeat_crops(crops, tmp_path / "made", count)
    places = np.arange(count) % len(crops)
    assert len(made) == count
    assert np.array_equal(made.read(np.arange(count)).pixels, crops.read(places).pixels)
    assert np.array_equal(made.class_ids, crops.class_ids[places])
    assert len(set(made.page_ids)) == len(made.page_ids)
    assert sum(len(made.page(place).boxes) for place in range(len(made.pages))) == count


def test_a_made_store_is_taken_as_it_is_or_refused(script, crops, tmp_path):
    made = script.repeat_crops(crops, tmp_path / "made", 12)
    written = (made.folder / "manifest.json").stat().st_mtime_ns
    assert len(script.repeat_crops(crops, tmp_path / "made", 12)) == 12
    assert (made.folder / "manifest.json").stat().st_mtime_ns == written
    with pytest.raises(CropStoreError, match="holds 12 crops, not 13"):
        script.repeat_crops(crops, tmp_path / "made", 13)


def test_repeated_pages_are_links(script, pages, tmp_path):
    made = script.repeat_pages(pages, tmp_path / "made", 5)
    assert made.page_ids() == ["p-r0", "p-r1", "p-r2", "q-r0", "q-r1"]
    stored = made.open("q-r1")
    assert (stored.page_id, stored.book_id) == ("q-r1", "book-q")
    assert np.array_equal(stored.image, pages.open("q").image)
    assert (made.folder / "pages" / "q-r1.npy").is_symlink()


def test_nothing_to_repeat(script, tmp_path):
    with CropStoreWriter(tmp_path / "none", Charset(("U+3042",)), CropConfig(size=SIZE), DEFAULT_INK):
        pass
    with pytest.raises(CropStoreError, match="holds no crop to repeat"):
        script.repeat_crops(CropStore(tmp_path / "none"), tmp_path / "made", 3)
    with pytest.raises(KuzushijiError, match="holds no page to repeat"):
        script.repeat_pages(PageStore(tmp_path / "no"), tmp_path / "made", 3)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells memory apart as Linux does")
def test_the_tables(script, crops, pages, tmp_path, monkeypatch, capsys):
    reader, detector = tmp_path / "reader.toml", tmp_path / "detector.toml"
    reader.write_text("batch_size = 4\n[split]\nfolds = 0\n")
    detector.write_text("batch_size = 2\ntiles_per_epoch = 4\ntile_size = 64\n[split]\nfolds = 0\n")
    argv = ["x", "--out", str(tmp_path / "out"), "--crops", str(crops.folder), "--pages", str(pages.folder)]
    argv += ["--crop-count", "20", "--page-count", "3", "--batches", "7", "--reader", str(reader)]
    monkeypatch.setattr(sys, "argv", [*argv, "--detector", str(detector)])
    assert script.main() == 0
    text = capsys.readouterr().out
    assert "20 crops of 32 px, 8 pages, 5 shards" in text
    assert "3 prepared pages" in text
    assert len(CropStore(tmp_path / "out" / "crops")) == 20
    for name, rows in (("crop", 2), ("tile", 2)):  # more batches than an epoch has
        rates = [float(rate.replace(",", "")) for rate in re.findall(rf"([\d,]+) {name}s/s, [\d,]+ a CPU", text)]
        assert len(rates) == rows + (name == "crop")  # and the augmentation
        assert min(rates) > 0
    assert len(re.findall(r"MB own, [\d,]+ MB mapped", text)) == 2


def test_errors_are_told_in_one_line(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["x", "--out", str(tmp_path), "--crops", str(tmp_path / "missing")])
    assert script.main() == 1
    assert "benchmark_training_data: error:" in capsys.readouterr().err
