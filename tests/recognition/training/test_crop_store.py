import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CropStoreError, OutputError
from recognition.crops import CropConfig, Crops
from recognition.training.crop_store import CropStore
from recognition.training.crop_store_writer import CropStoreWriter

SMALL = CropConfig(size=32)


def crops_of(*values: int) -> Crops:
    """Even crops, whose geometry is their value, too."""
    pixels = np.array(values, np.uint8)[:, None, None] * np.ones((1, 32, 32), np.uint8)
    return Crops(pixels, np.tile(np.float32(values)[:, None], (1, 3)))


def test_store_without_pages(tmp_path: Path, charset: Charset) -> None:
    with CropStoreWriter(tmp_path / "s", charset, SMALL):
        pass
    store = CropStore(tmp_path / "s")
    assert len(store) == 0
    assert store.read([]).pixels.shape == (0, 32, 32)
    assert store.book_ids == ()


def test_page_without_crops(tmp_path: Path, charset: Charset) -> None:
    with CropStoreWriter(tmp_path / "s", charset, SMALL) as writer:
        writer.add_page("p", "b", Crops.empty(32), np.zeros(0, np.int64))
    store = CropStore(tmp_path / "s")
    assert (len(store), store.page_ids, store.book_ids) == (0, ("p",), ("b",))


@pytest.mark.parametrize("shard_crops", [1, 3, 100])
def test_what_is_written_is_read_in_any_order(tmp_path: Path, charset: Charset, shard_crops: int) -> None:
    with CropStoreWriter(tmp_path / "s", charset, SMALL, source="a test", shard_crops=shard_crops) as writer:
        writer.add_page("p1", "z", crops_of(10, 11), np.array([0, 1]))
        writer.add_page("p2", "a", crops_of(12), np.array([5]))
        writer.add_page("p3", "z", crops_of(13, 14, 15), np.array([2, 3, 4]))
    store = CropStore(tmp_path / "s")
    read = store.read([5, 0, 2, 2, 4])
    assert read.pixels[:, 0, 0].tolist() == [15, 10, 12, 12, 14]
    assert read.geometry[:, 1].tolist() == [15, 10, 12, 12, 14]
    assert store.class_ids.tolist() == [0, 1, 5, 2, 3, 4]
    assert [store.page_ids[place] for place in store.page_index] == ["p1", "p1", "p2", "p3", "p3", "p3"]
    assert [store.book_ids[place] for place in store.book_index] == ["z", "z", "a", "z", "z", "z"]
    assert (store.charset, store.crop_config, store.manifest.source) == (charset, SMALL, "a test")


def test_interrupted_writing_is_taken_up(tmp_path: Path, charset: Charset) -> None:
    folder = tmp_path / "s"

    def write_and_stop() -> None:
        with CropStoreWriter(folder, charset, SMALL, shard_crops=1) as writer:
            writer.add_page("p1", "b", crops_of(1), np.array([1]))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_stop()
    with pytest.raises(CropStoreError, match="interrupted"):
        CropStore(folder)
    assert len(CropStore(folder, allow_unfinished=True)) == 1
    with CropStoreWriter(folder, charset, SMALL) as writer:
        assert writer.has_page("p1")
        assert not writer.has_page("p2")
        writer.add_page("p2", "b", crops_of(2), np.array([2]))
    assert CropStore(folder).class_ids.tolist() == [1, 2]


def test_arrays_of_a_killed_writer_are_written_again(tmp_path: Path, charset: Charset) -> None:
    """A kill between the arrays of a shard and the manifest leaves files that no manifest names."""
    folder = tmp_path / "s"
    writer = CropStoreWriter(folder, charset, SMALL)
    writer.manifest.write(folder)
    np.save(folder / "shard-00000.crops.npy", crops_of(9, 9, 9))
    with CropStoreWriter(folder, charset, SMALL) as again:
        again.add_page("p", "b", crops_of(4), np.array([4]))
    assert CropStore(folder).read([0]).pixels[0, 0, 0] == 4


def test_manifest_comes_after_its_arrays(tmp_path: Path, charset: Charset, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "s"
    with CropStoreWriter(folder, charset, SMALL, shard_crops=1) as writer:
        writer.add_page("p1", "b", crops_of(1), np.array([1]))
    monkeypatch.setattr(np, "save", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    writer = CropStoreWriter(folder, charset, SMALL, shard_crops=1)
    with pytest.raises(OutputError, match="disk full"):
        writer.add_page("p2", "b", crops_of(2), np.array([2]))
    assert CropStore(folder).page_ids == ("p1",)


@pytest.mark.parametrize(
    ("crops", "class_ids", "error", "message"),
    [
        (crops_of(1), [], ValueError, r"shape \(0, 32, 32\)"),
        (Crops.empty(48), [], ValueError, r"shape \(0, 32, 32\)"),
        (crops_of(1), [6], CropStoreError, r"the charset has 0\.\.5"),
        (crops_of(1), [-2], CropStoreError, "leave out boxes"),
    ],
    ids=["count", "size", "class-too-high", "class-unknown"],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, charset: Charset, crops: np.ndarray, class_ids: list[int], error: type, message: str
) -> None:
    writer = CropStoreWriter(tmp_path / "s", charset, SMALL)
    with pytest.raises(error, match=message):
        writer.add_page("p", "b", crops, np.array(class_ids, np.int64))


def test_page_twice_is_refused(tmp_path: Path, charset: Charset) -> None:
    writer = CropStoreWriter(tmp_path / "s", charset, SMALL)
    writer.add_page("p", "b", crops_of(1), np.array([1]))
    with pytest.raises(CropStoreError, match="there already"):
        writer.add_page("p", "b", crops_of(1), np.array([1]))


@pytest.mark.parametrize("other", ["charset", "crop"])
def test_store_of_another_kind_is_not_continued(store: CropStore, other: str) -> None:
    charset = Charset(("U+3042",)) if other == "charset" else store.charset
    crop = CropConfig(size=32, margin=0.5) if other == "crop" else store.crop_config
    with pytest.raises(CropStoreError, match="another charset or cut"):
        CropStoreWriter(store.folder, charset, crop)


def set_key(key: str, value: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        plain = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps({**plain, key: value}))

    return change


def truncate(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-10])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "cut the crops first"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "damaged"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "damaged"),
        (set_key("format", "x"), "not a crop store"),
        (set_key("format_version", 1), "not a crop store"),
        (set_key("charset", ["U+3042"]), "fingerprint"),
        (set_key("crop", {"size": 300}), "size"),
        (set_key("shards", [{"name": "shard-00000", "pages": [["p", "b", 1]]}]), "the manifest says"),
        (truncate("shard-00000.crops.npy"), "cannot be read"),
        (truncate("shard-00000.class_ids.npy"), "cannot be read"),
        (lambda folder: (folder / "shard-00001.crops.npy").unlink(), "cannot be read"),
    ],
    ids=[
        "none",
        "broken",
        "list",
        "format",
        "version",
        "charset",
        "crop",
        "count",
        "short-crops",
        "short-ids",
        "shard-gone",
    ],
)
def test_damaged_store_is_refused(store: CropStore, damage: Callable[[Path], object], message: str) -> None:
    damage(store.folder)
    with pytest.raises(CropStoreError, match=message):
        CropStore(store.folder)
