import json
import os
import resource
from pathlib import Path

import numpy as np
import pytest

from detection.training.page_store import CHARACTER_PX, EXACT, ROUGH, PageStore
from kuzushiji_submit.core.errors import DetectionError
from kuzushiji_submit.core.page.fingerprint import PageFingerprint
from kuzushiji_submit.core.page.ink import DEFAULT_INK, InkConfig
from kuzushiji_submit.core.page.lines import LineConfig
from kuzushiji_submit.core.page.prepared import prepare_page
from tests.detection.heatmap.conftest import blob_page

NO_BOXES, NO_KINDS = np.zeros((0, 4), np.float32), np.zeros(0, np.uint8)


@pytest.mark.parametrize(("size", "zoom"), [(80, 0.5), (40, 1.0), (16, 1.25)])
def test_a_page_is_stored_at_the_size_of_training(tmp_path: Path, size: int, zoom: float) -> None:
    page, boxes = blob_page(size=size, columns=2, rows=3, gap=size)
    store = PageStore(tmp_path / "store")
    assert store.page_ids() == []
    store.add("page", "book", prepare_page(page), boxes, np.array([EXACT] * 5 + [ROUGH], np.uint8))
    assert "page" in store
    assert store.page_ids() == ["page"]
    stored = store.open("page")
    assert (stored.page_id, stored.book_id) == ("page", "book")
    assert stored.image.shape == (round(page.shape[0] * zoom), round(page.shape[1] * zoom), 3)
    assert stored.image.dtype == np.uint8
    np.testing.assert_allclose(stored.boxes, boxes * zoom, atol=0.5)
    assert stored.kinds.tolist() == [EXACT] * 5 + [ROUGH]
    assert stored.character_size == pytest.approx(size * zoom, rel=0.02)
    # Levelled: paper is white, characters stay dark where their boxes are.
    left, top, right, bottom = stored.boxes[2].round().astype(int)
    assert stored.image[top:bottom, left:right].min() < 60
    assert np.median(stored.image) == 255


@pytest.mark.parametrize(("shape", "expected"), [((1, 1, 3), (1280, 1280)), ((2560, 40, 3), (1280, 20))])
def test_a_page_without_characters_is_stored_at_a_fixed_size(
    tmp_path: Path, shape: tuple[int, int, int], expected: tuple[int, int]
) -> None:
    store = PageStore(tmp_path)
    store.add("empty", "book", prepare_page(np.full(shape, 200, np.uint8)), NO_BOXES, NO_KINDS)
    stored = store.open("empty")
    assert stored.image.shape[:2] == expected
    assert stored.boxes.shape == (0, 4)
    assert stored.kinds.shape == (0,)
    assert stored.character_size == CHARACTER_PX


def test_pages_hold_no_file_open(tmp_path: Path) -> None:
    """Thousands of open pages are more files than many systems let a process have."""
    store, page = PageStore(tmp_path), prepare_page(np.full((9, 9, 3), 200, np.uint8))
    store.add("page", "book", page, NO_BOXES, NO_KINDS)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 20, limits[1]))
    try:
        pages = [store.open("page") for _ in range(50)]
        images = [np.array(stored.image) for stored in pages]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert all(np.array_equal(image, images[0]) for image in images)
    assert images[0].shape == (1280, 1280, 3)


def test_a_page_that_vanishes_is_named_when_it_is_looked_at(tmp_path: Path) -> None:
    store = PageStore(tmp_path)
    store.add("page", "book", prepare_page(np.full((9, 9, 3), 200, np.uint8)), NO_BOXES, NO_KINDS)
    stored = store.open("page")
    (tmp_path / "pages" / "page.npy").write_bytes(b"")
    with pytest.raises(DetectionError, match=r"page\.npy: cannot be read"):
        _ = stored.image
    (tmp_path / "pages" / "page.npy").unlink()
    with pytest.raises(DetectionError, match=r"page\.npy: cannot be read"):
        _ = stored.image


def test_boxes_without_area_are_left_out(tmp_path: Path) -> None:
    page, boxes = blob_page(columns=1, rows=2)
    odd = np.array([(5, 5, 5, 40), (40, 40, 5, 5), (7, 7, 7, 7)], np.float32)
    store = PageStore(tmp_path)
    kinds = np.array([ROUGH, EXACT, EXACT, EXACT, EXACT], np.uint8)
    codepoints = ["U+306E", "U+4E00", "U+4E00", "U+4E00", "U+306F"]
    store.add("page", "book", prepare_page(page), np.concatenate([boxes[:1], odd, boxes[1:]]), kinds, None, codepoints)
    stored = store.open("page")
    np.testing.assert_allclose(stored.boxes, boxes * 1.25, atol=0.5)
    assert stored.kinds.tolist() == [ROUGH, EXACT]
    assert stored.codepoints == ("U+306E", "U+306F")


def test_what_boxes_hold_is_kept_where_it_is_known(tmp_path: Path) -> None:
    store, (page, boxes) = PageStore(tmp_path), blob_page(columns=1, rows=2)
    kinds = np.zeros(2, np.uint8)
    store.add("told", "book", prepare_page(page), boxes, kinds, codepoints=("U+306E", "U+20B9F"))
    store.add("untold", "book", prepare_page(page), boxes, kinds)
    store.add("empty", "book", prepare_page(page), NO_BOXES, NO_KINDS, codepoints=())
    assert [store.open(page_id).codepoints for page_id in ("told", "untold", "empty")] == [
        ("U+306E", "U+20B9F"),
        (),
        (),
    ]
    with pytest.raises(DetectionError, match="half: 1 codepoints for 2 boxes: give one a box"):
        store.add("half", "book", prepare_page(page), boxes, kinds, codepoints=("U+306E",))
    assert "half" not in store


def test_characters_of_a_hair_or_of_a_mile_do_not_blow_the_page_up(tmp_path: Path) -> None:
    store, page = PageStore(tmp_path), np.full((60, 40, 3), 200, np.uint8)
    for name, side in (("hair", 1e-3), ("mile", 1e6)):
        store.add(
            name, "book", prepare_page(page), np.array([(0, 0, side, side)], np.float32), np.array([EXACT], np.uint8)
        )
    assert store.open("hair").image.shape == (75, 50, 3)
    assert store.open("mile").image.shape == (1, 1, 3)


@pytest.mark.parametrize("page_id", ["a.b", "100241706_00004_1", "頁 一", "x*[1]", "-", "..."])
def test_odd_ids(tmp_path: Path, page_id: str) -> None:
    store = PageStore(tmp_path)
    store.add(page_id, "book", prepare_page(np.full((9, 9, 3), 200, np.uint8)), NO_BOXES, NO_KINDS)
    assert store.page_ids() == [page_id]
    assert store.open(page_id).page_id == page_id


def test_a_page_without_a_name_is_refused(tmp_path: Path) -> None:
    store = PageStore(tmp_path / "store")
    with pytest.raises(DetectionError, match="cannot be the id of a page"):
        store.add("", "book", prepare_page(np.full((9, 9, 3), 200, np.uint8)), NO_BOXES, NO_KINDS)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "page_id", ["vol1/001", "../b", "/b", ".", "..", "頁" * 85, "x" * 251, "x" * 255, "book-0123456789"]
)
def test_ids_that_are_no_file_names_are_kept(tmp_path: Path, page_id: str) -> None:
    store = PageStore(tmp_path / "store")
    page = prepare_page(np.full((9, 9, 3), 200, np.uint8))
    for added in (page_id, f"{page_id}2"):
        store.add(added, "book", page, NO_BOXES, NO_KINDS)
    assert store.page_ids() == sorted([page_id, f"{page_id}2"])
    assert page_id in store
    assert f"{page_id}3" not in store
    assert store.open(page_id).page_id == page_id
    assert os.listdir(tmp_path) == ["store"]
    assert len(os.listdir(tmp_path / "store" / "pages")) == 4


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 9, 3)])
def test_a_page_without_pixels_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(DetectionError, match="page: the page has no pixels"):
        PageStore(tmp_path).add("page", "book", prepare_page(np.zeros(shape, np.uint8)), NO_BOXES, NO_KINDS)


def test_an_unfinished_page_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = PageStore(tmp_path)
    page, boxes = blob_page(columns=1, rows=1)

    store.begin(DEFAULT_INK)

    def killed(*args: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("detection.training.page_store.atomic_text", killed)
        with pytest.raises(KeyboardInterrupt):
            store.add("page", "book", prepare_page(page), boxes, np.zeros(1, np.uint8))
    assert "page" not in store
    assert store.page_ids() == []
    store.add("page", "book", prepare_page(page), boxes, np.zeros(1, np.uint8))
    assert len(store.open("page").boxes) == 1
    assert sorted(os.listdir(tmp_path / "pages")) == ["page.json", "page.npy"]


def test_the_store_knows_the_ink_of_its_pages(tmp_path: Path) -> None:
    store = PageStore(tmp_path / "store")
    assert store.ink is None
    page = np.full((9, 9, 3), 200, np.uint8)
    fingerprint = PageFingerprint("aa", "bb", 123, 456)
    store.add("manifest", "book", prepare_page(page), NO_BOXES, NO_KINDS, fingerprint)
    again = PageStore(store.folder)
    assert (again.ink, again.page_ids(), again.open("manifest").fingerprint) == (DEFAULT_INK, ["manifest"], fingerprint)
    again.begin(DEFAULT_INK)
    other = InkConfig(floor=0.7, lines=LineConfig(level=50))
    with pytest.raises(
        DetectionError, match=r"another ink \(floor 0\.25, not 0\.7, lines\.level 40, not 50 as this run"
    ):
        again.begin(other)
    with pytest.raises(DetectionError, match="another ink"):
        again.add("other", "book", prepare_page(page, other), NO_BOXES, NO_KINDS)
    assert again.page_ids() == ["manifest"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("manifest.json", None, "pages of an earlier version, without manifest.json: remove the folder"),
        ("manifest.json", "{", "damaged"),
        ("manifest.json", "[]", "damaged"),
        ("manifest.json", '{"format": "kuzushiji-pages", "format_version": 1}', "no prepared pages that this version"),
        ("manifest.json", '{"format": "kuzushiji-pages", "format_version": 2}', "no prepared pages that this version"),
        ("manifest.json", '{"format": "kuzushiji-pages", "format_version": 3, "ink": {"x": 1}}', "damaged"),
    ],
)
def test_a_store_of_another_version_or_damaged_is_refused(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    store = PageStore(tmp_path)
    page = prepare_page(np.full((9, 9, 3), 200, np.uint8))
    store.add("page", "book", page, NO_BOXES, NO_KINDS)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_text(content)
    for use in (
        store.page_ids,
        lambda: store.begin(DEFAULT_INK),
        lambda: store.add("p", "b", page, NO_BOXES, NO_KINDS),
    ):
        with pytest.raises(DetectionError, match=message):
            use()


def test_a_store_of_the_first_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.json").write_text('{"book_id": "b", "boxes": [], "kinds": []}')
    with pytest.raises(DetectionError, match="earlier version"):
        PageStore(tmp_path).page_ids()


def _truth(**changes: object) -> bytes:
    told = {"book_id": "b", "boxes": [[1, 1, 9, 9]], "kinds": [0], "codepoints": ["U+306E"], "fingerprint": None}
    return json.dumps({**told, **changes}).encode()


def test_a_truth_as_the_damaged_ones_were_is_read(tmp_path: Path) -> None:
    store, (page, boxes) = PageStore(tmp_path), blob_page(columns=1, rows=1)
    store.add("page", "book", prepare_page(page), boxes, np.zeros(1, np.uint8))
    (tmp_path / "pages" / "page.json").write_bytes(_truth())
    assert store.open("page").codepoints == ("U+306E",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.json", b""),
        ("page.json", b"{"),
        ("page.json", b"\xff\xfe"),
        ("page.json", b"[]"),
        ("page.json", b"{}"),
        ("page.json", _truth(boxes=[[1, 2, 3]])),
        ("page.json", _truth(boxes="x")),
        ("page.json", _truth(boxes=[[1, 1, float("nan"), 9]])),
        ("page.json", _truth(kinds=[0, 1])),
        ("page.json", _truth(kinds=[300])),
        ("page.json", _truth(kinds=[None])),
        ("page.json", _truth(codepoints=["U+306E", "U+306E"])),
        ("page.json", _truth(codepoints=None)),
        ("page.json", _truth(fingerprint={"truth": "0"})),
        ("page.npy", b""),
        ("page.npy", b"no array"),
        ("page.npy", b"PK\x03\x04"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, content: bytes) -> None:
    store = PageStore(tmp_path)
    page, boxes = blob_page(columns=1, rows=1)
    store.add("page", "book", prepare_page(page), boxes, np.zeros(1, np.uint8))
    (tmp_path / "pages" / name).write_bytes(content)
    with pytest.raises(DetectionError, match=rf"{tmp_path}: page page .*prepare it again"):
        store.open("page")


@pytest.mark.parametrize("array", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))])
def test_pictures_of_another_kind_are_named(tmp_path: Path, array: np.ndarray) -> None:
    store = PageStore(tmp_path)
    page, boxes = blob_page(columns=1, rows=1)
    store.add("page", "book", prepare_page(page), boxes, np.zeros(1, np.uint8))
    np.save(tmp_path / "pages" / "page.npy", array)
    with pytest.raises(DetectionError, match="page page is damaged"):
        store.open("page")


def test_truncated_and_missing_pictures_are_named(tmp_path: Path) -> None:
    store = PageStore(tmp_path)
    page, boxes = blob_page(columns=1, rows=1)
    store.add("page", "book", prepare_page(page), boxes, np.zeros(1, np.uint8))
    picture = tmp_path / "pages" / "page.npy"
    picture.write_bytes(picture.read_bytes()[:-1])
    with pytest.raises(DetectionError, match="page page cannot be read"):
        store.open("page")
    picture.unlink()
    with pytest.raises(DetectionError, match="page page cannot be read"):
        store.open("page")
    with pytest.raises(DetectionError, match="page other cannot be read"):
        store.open("other")
