import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CropStoreError, OutputError
from kuzushiji_submit.core.page.fingerprint import PageFingerprint
from kuzushiji_submit.core.page.ink import DEFAULT_INK, InkConfig
from recognition.crops import CropConfig, Crops
from recognition.training.crop_store import NO_CHARACTER, NO_PLACE, CropStore
from recognition.training.crop_store_writer import CropStoreWriter, PageCrops

SMALL = CropConfig(size=32)
SIZE = (90, 60)


def crops_of(*values: int) -> Crops:
    """Even crops, whose geometry is their value, too."""
    pixels = np.array(values, np.uint8)[:, None, None] * np.ones((1, 32, 32), np.uint8)
    return Crops(pixels, np.tile(np.float32(values)[:, None], (1, 3)))


def page_of(crops: Crops, class_ids: list[int]) -> PageCrops:
    """Crops whose boxes stand one below the other, read from the last to the first."""
    ids = np.array(class_ids, np.int64)
    boxes = np.array([(5, 10 * n, 15, 10 * n + 8) for n in range(len(ids))], np.float32).reshape(-1, 4)
    return PageCrops(crops, ids, boxes, np.where(ids == NO_CHARACTER, NO_PLACE, np.arange(len(ids))[::-1]))


def test_store_without_pages(tmp_path: Path, charset: Charset) -> None:
    with CropStoreWriter(tmp_path / "s", charset, SMALL, DEFAULT_INK):
        pass
    store = CropStore(tmp_path / "s")
    assert len(store) == 0
    assert store.read([]).pixels.shape == (0, 32, 32)
    assert store.book_ids == ()


def test_page_without_crops(tmp_path: Path, charset: Charset) -> None:
    with CropStoreWriter(tmp_path / "s", charset, SMALL, DEFAULT_INK) as writer:
        writer.add_page("p", "b", PageCrops.empty(32), SIZE)
    store = CropStore(tmp_path / "s")
    assert (len(store), store.page_ids, store.book_ids) == (0, ("p",), ("b",))


@pytest.mark.parametrize("shard_crops", [1, 3, 100])
def test_what_is_written_is_read_in_any_order(tmp_path: Path, charset: Charset, shard_crops: int) -> None:
    with CropStoreWriter(
        tmp_path / "s", charset, SMALL, DEFAULT_INK, source="a test", shard_crops=shard_crops
    ) as writer:
        writer.add_page("p1", "z", page_of(crops_of(10, 11), [0, 1]), SIZE)
        writer.add_page("p2", "a", page_of(crops_of(12), [5]), SIZE)
        writer.add_page("p3", "z", page_of(crops_of(13, 14, 15), [2, 3, 4]), SIZE)
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
        with CropStoreWriter(folder, charset, SMALL, DEFAULT_INK, shard_crops=1) as writer:
            writer.add_page("p1", "b", page_of(crops_of(1), [1]), SIZE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_stop()
    with pytest.raises(CropStoreError, match="interrupted"):
        CropStore(folder)
    assert len(CropStore(folder, allow_unfinished=True)) == 1
    with CropStoreWriter(folder, charset, SMALL, DEFAULT_INK) as writer:
        assert list(writer.pages) == ["p1"]
        writer.add_page("p2", "b", page_of(crops_of(2), [2]), SIZE)
    assert CropStore(folder).class_ids.tolist() == [1, 2]


def test_arrays_of_a_killed_writer_are_written_again(tmp_path: Path, charset: Charset) -> None:
    """A kill between the arrays of a shard and the manifest leaves files that no manifest names."""
    folder = tmp_path / "s"
    writer = CropStoreWriter(folder, charset, SMALL, DEFAULT_INK)
    writer.manifest.write(folder)
    np.save(folder / "shard-00000.crops.npy", crops_of(9, 9, 9).pixels)
    with CropStoreWriter(folder, charset, SMALL, DEFAULT_INK) as again:
        again.add_page("p", "b", page_of(crops_of(4), [4]), SIZE)
    assert CropStore(folder).read([0]).pixels[0, 0, 0] == 4


def test_manifest_comes_after_its_arrays(tmp_path: Path, charset: Charset, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "s"
    with CropStoreWriter(folder, charset, SMALL, DEFAULT_INK, shard_crops=1) as writer:
        writer.add_page("p1", "b", page_of(crops_of(1), [1]), SIZE)
    monkeypatch.setattr(np, "save", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    writer = CropStoreWriter(folder, charset, SMALL, DEFAULT_INK, shard_crops=1)
    with pytest.raises(OutputError, match="disk full"):
        writer.add_page("p2", "b", page_of(crops_of(2), [2]), SIZE)
    assert CropStore(folder).page_ids == ("p1",)


@pytest.mark.parametrize(
    ("crops", "class_ids", "error", "message"),
    [
        (Crops.empty(48), [], ValueError, r"shape \(N, 32, 32\)"),
        (crops_of(1), [6], CropStoreError, r"the charset has 0\.\.5"),
        (crops_of(1), [-2], CropStoreError, "leave out boxes"),
    ],
    ids=["size", "class-too-high", "class-unknown"],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, charset: Charset, crops: Crops, class_ids: list[int], error: type, message: str
) -> None:
    writer = CropStoreWriter(tmp_path / "s", charset, SMALL, DEFAULT_INK)
    with pytest.raises(error, match=message):
        writer.add_page("p", "b", page_of(crops, class_ids), SIZE)


def test_page_twice_is_refused(tmp_path: Path, charset: Charset) -> None:
    writer = CropStoreWriter(tmp_path / "s", charset, SMALL, DEFAULT_INK)
    writer.add_page("p", "b", page_of(crops_of(1), [1]), SIZE)
    with pytest.raises(CropStoreError, match="there already"):
        writer.add_page("p", "b", page_of(crops_of(1), [1]), SIZE)


@pytest.mark.parametrize("other", ["charset", "crop"])
def test_store_of_another_kind_is_not_continued(store: CropStore, other: str) -> None:
    charset = Charset(("U+3042",)) if other == "charset" else store.charset
    crop = CropConfig(size=32, margin=0.5) if other == "crop" else store.crop_config
    with pytest.raises(CropStoreError, match="another charset or cut"):
        CropStoreWriter(store.folder, charset, crop, DEFAULT_INK)


def test_a_store_of_another_ink_is_not_continued(store: CropStore) -> None:
    assert store.ink == DEFAULT_INK
    with pytest.raises(CropStoreError, match=r"another ink \(floor 0\.25, not 0\.7 as this run needs\)"):
        CropStoreWriter(store.folder, store.charset, store.crop_config, InkConfig(floor=0.7))


def test_where_crops_lie_on_their_pages_is_kept(tmp_path: Path, charset: Charset) -> None:
    fingerprint = PageFingerprint("aa", "bb", 123, 456)
    with CropStoreWriter(tmp_path / "s", charset, SMALL, DEFAULT_INK, shard_crops=3) as writer:
        writer.add_page("empty", "b", PageCrops.empty(32), SIZE)
        writer.add_page("p1", "b", page_of(crops_of(1, 2, 3), [0, NO_CHARACTER, 2]), (90, 60), fingerprint)
        writer.add_page("p2", "c", page_of(crops_of(4), [4]), (70, 50))
        writer.add_page("last", "c", PageCrops.empty(32), SIZE)
    store = CropStore(tmp_path / "s")
    assert len(store.manifest.shards) == 2
    places = [store.page(place) for place in range(4)]
    assert [place.page.page_id for place in places] == ["empty", "p1", "p2", "last"]
    assert [place.indices.tolist() for place in places] == [[], [0, 1, 2], [3], []]
    assert [place.page.size_hw for place in places[1:3]] == [(90, 60), (70, 50)]
    assert [place.page.fingerprint for place in places[1:3]] == [fingerprint, None]
    assert places[1].boxes.tolist() == [[5, 0, 15, 8], [5, 10, 15, 18], [5, 20, 15, 28]]
    assert places[1].class_ids.tolist() == [0, NO_CHARACTER, 2]
    assert places[1].order.tolist() == [2, NO_PLACE, 0]
    assert places[1].in_reading_order.tolist() == [2, 0]
    assert store.read(places[1].in_reading_order).pixels[:, 0, 0].tolist() == [3, 1]
    assert places[3].boxes.shape == (0, 4)


@pytest.mark.parametrize("name", ["class_ids", "boxes", "order"])
def test_arrays_of_a_page_must_be_of_one_length(name: str) -> None:
    arrays = vars(page_of(crops_of(1, 2), [0, 1])) | {name: np.zeros((3, 4), np.float32)}
    with pytest.raises(ValueError, match=f"{name} of 2 crops must have shape"):
        PageCrops(**arrays)


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
        (set_key("format", "x"), "not the manifest of a crop store: name another folder"),
        (set_key("format_version", 2), "format 2, this version reads 3: remove the folder and cut the crops again"),
        (set_key("ink", {"floor": "x"}), r"damaged \(ink: floor"),
        (set_key("charset", ["U+3042"]), "fingerprint"),
        (set_key("crop", {"size": 300}), "size"),
        (set_key("shards", ["shard-00009"]), "shard-00009.pages.json: cannot be read"),
        (lambda folder: (folder / "shard-00000.pages.json").write_text("[]"), "the manifest says"),
        (lambda folder: (folder / "shard-00000.pages.json").write_text('[{"page_id": 3}]'), "cannot be read"),
        (lambda folder: np.save(folder / "shard-00000.order.npy", np.zeros(24)), "holds float64"),
        (truncate("shard-00000.boxes.npy"), "cannot be read"),
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
        "ink",
        "charset",
        "crop",
        "shard-unknown",
        "count",
        "pages",
        "type",
        "short-boxes",
        "short-crops",
        "short-ids",
        "shard-gone",
    ],
)
def test_damaged_store_is_refused(store: CropStore, damage: Callable[[Path], object], message: str) -> None:
    damage(store.folder)
    with pytest.raises(CropStoreError, match=message):
        CropStore(store.folder)
