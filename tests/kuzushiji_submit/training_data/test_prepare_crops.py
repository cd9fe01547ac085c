"""Training crops from a data folder."""

import os

import numpy as np
import pytest

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.truth import PageTruth, read_truth, write_truth
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CompetitionFileError, CropStoreError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.training_data.prepare_crops import prepare_crops
from recognition.crops import CropConfig
from recognition.training.crop_store import NO_CHARACTER, NO_PLACE, CropStore

CHARSET = Charset(("U+306E", "U+306F"))
CROP = CropConfig(size=32)


@pytest.fixture
def data(tmp_path, draw_page, save_drawn_page):
    """Two books: a page of 6 boxes, one of them in no charset; a page whose boxes lie badly; one without boxes."""
    folder = DataFolder(tmp_path / "data")
    page, boxes = draw_page(1)
    good = np.array(boxes, np.float32)
    odd = np.array([[10, 10, 10, 40], [5000, 10, 5040, 40], [650, 850, 760, 960]], np.float32)
    pages = [
        PageTruth("a_1", ("U+306E",) * 5 + ("U+4E00",), good),
        PageTruth("b_1", ("U+306E", "U+306F", "U+306F"), odd),
        PageTruth("b_2", (), np.zeros((0, 4), np.float32)),
        PageTruth("b_3", ("U+306E",), good[:1]),
    ]
    write_truth(folder.train_csv, pages)
    for name in ("a_1", "b_1", "b_2"):
        save_drawn_page(folder.train_images / f"{name}.jpg", page)
    return folder


@pytest.mark.parametrize("workers", [1, 2])
def test_good_boxes_become_crops_and_the_rest_is_counted(data, tmp_path, workers):
    left_out = prepare_crops(data, tmp_path / "store", CHARSET, CROP, InkConfig(), workers=workers)
    store = CropStore(tmp_path / "store")
    assert store.class_ids.tolist() == [0] * 5 + [1]
    assert store.book_ids == ("a", "b")
    page = store.page(store.page_ids.index("a_1"))
    assert (page.page.size_hw, page.page.fingerprint is not None) == ((900, 700), True)
    np.testing.assert_array_equal(page.boxes, read_truth(data.train_csv)[0].boxes[:5])
    assert page.order.tolist() == [0, 1, 2, 3, 4]
    crops = store.read(range(6)).pixels
    assert (crops[:5].reshape(5, -1).max(axis=1) > 150).all()  # the crosses are ink ...
    assert crops[5].max() < 60  # ... and the corner of the page is paper, even where the box sticks out
    assert left_out == {
        "no-area": 1,
        "pages without image": 1,
        "characters the charset lacks": 1,
        "boxes without area": 1,
        "boxes outside the page": 1,
    }


def test_an_unreadable_page_stops_nothing_and_is_tried_again(data, tmp_path):
    path = data.train_images / "a_1.jpg"
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    assert prepare_crops(data, tmp_path / "store", CHARSET, CROP, InkConfig())["unreadable pages"] == 1
    assert len(CropStore(tmp_path / "store")) == 1
    path.write_bytes(whole)
    assert "unreadable pages" not in prepare_crops(data, tmp_path / "store", CHARSET, CROP, InkConfig())
    assert len(CropStore(tmp_path / "store")) == 6


def test_no_image_at_all_is_named(data, tmp_path):
    for path in data.train_images.iterdir():
        path.unlink()
    with pytest.raises(CompetitionFileError, match=r"no image of any page in train\.csv"):
        prepare_crops(data, tmp_path / "store", CHARSET, CROP, InkConfig())


class FixedBoxes:
    """A detector that finds the same boxes on every page: two on characters, one beside them, one over half of one."""

    def __call__(self, page):
        return np.array(
            [[554, 84, 637, 167], [580, 110, 600, 120], [100, 100, 180, 180], [554, 84, 590, 167]], np.float32
        )

    def __repr__(self):
        return "FixedBoxes()"


@pytest.mark.parametrize("workers", [1, 2])
def test_boxes_that_hit_nothing_are_kept_as_no_character(data, tmp_path, workers):
    prepare_crops(data, tmp_path / "store", CHARSET, CROP, InkConfig(), detector=FixedBoxes(), workers=workers)
    store = CropStore(tmp_path / "store")
    of_page = {page: store.class_ids[store.page_index == place].tolist() for place, page in enumerate(store.page_ids)}
    assert of_page["a_1"] == [0] * 5 + [NO_CHARACTER]
    assert of_page["b_2"] == [NO_CHARACTER] * 4  # a page without a character
    on_page = store.page(store.page_ids.index("a_1"))
    assert on_page.boxes[5].tolist() == [100, 100, 180, 180]
    assert on_page.order.tolist() == [0, 1, 2, 3, 4, NO_PLACE]
    assert store.manifest.negatives == "false alarms of FixedBoxes()"


def test_crops_with_and_without_false_alarms_are_not_mixed(data, tmp_path):
    prepare_crops(data, tmp_path / "store", CHARSET, CROP, InkConfig())
    with pytest.raises(CropStoreError, match=r"no negatives\); this run needs .*FixedBoxes"):
        prepare_crops(data, tmp_path / "store", CHARSET, CROP, InkConfig(), detector=FixedBoxes())


def test_characters_left_out_keep_their_place_in_reading_order(data, tmp_path):
    """Two columns, annotated from left to right and from below, one character in no charset."""
    corners = np.array([[100, 150], [100, 100], [200, 150], [200, 100]], np.float32)
    boxes = np.concatenate([corners, corners + 40], axis=1)
    write_truth(data.train_csv, [PageTruth("a_1", ("U+306E", "U+306F", "U+4E00", "U+306F"), boxes)])
    prepare_crops(data, tmp_path / "store", CHARSET, CROP, InkConfig())
    store = CropStore(tmp_path / "store")
    assert store.page(0).order.tolist() == [3, 2, 0]
    assert store.page(0).in_reading_order.tolist() == [2, 1, 0]


def test_crops_of_another_ink_are_refused(data, tmp_path):
    prepare_crops(data, tmp_path / "store", CHARSET, CROP, InkConfig())
    with pytest.raises(CropStoreError, match=r"another ink \(floor 0\.25, not 0\.7, remove_lines True, not"):
        prepare_crops(data, tmp_path / "store", CHARSET, CROP, InkConfig(floor=0.7, remove_lines=False))
    assert CropStore(tmp_path / "store").ink == InkConfig()


def test_pages_or_truth_that_changed_are_refused_and_the_store_stays(data, tmp_path, draw_page, save_drawn_page):
    def cut():
        return prepare_crops(data, tmp_path / "store", CHARSET, CROP, InkConfig())

    cut()
    before = data.train_csv.read_text(encoding="utf-8")
    data.train_csv.write_text(before.replace("U+306E", "U+306F", 1), encoding="utf-8")
    with pytest.raises(CropStoreError, match=r"changed since their crops were cut: a_1 \(its truth\): remove"):
        cut()
    write_truth(data.train_csv, read_truth(data.train_csv)[2:])
    with pytest.raises(CropStoreError, match=r"a_1 \(no longer annotated\), b_1 \(no longer annotated\)"):
        cut()
    data.train_csv.write_text(before, encoding="utf-8")
    image = data.train_images / "a_1.jpg"
    os.utime(image, (1, 1))
    cut()  # a copy of the same image has another date
    content = image.read_bytes()
    image.write_bytes(content[:-2] + b"\0\0")
    with pytest.raises(CropStoreError, match=r"a_1 \(its image\)"):
        cut()
    image.unlink()
    assert cut()["pages without image"] == 2
    assert len(CropStore(tmp_path / "store")) == 6
