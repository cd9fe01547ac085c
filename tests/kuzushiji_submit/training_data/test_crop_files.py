"""Crops as files."""

import csv

import cv2
import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.training_data.crop_files import MANIFEST, cut_box, export_crops


@pytest.fixture
def page():
    return np.random.default_rng(0).integers(0, 256, (60, 50, 3), np.uint8)


@pytest.fixture
def data(tmp_path, write_csv, page, save_drawn_page):
    rows = [
        "a_1,U+306E 10 20 5 6 U+306F 40 50 30 30 U+306E 3 3 0 4 U+306E 90 3 4 4",
        "a_2,",
        "a_3,U+306F 1 2 3 4",
        "a_4,U+306F 1 2 3 4",
        "a_5,U+306F 1 2 3 4",
    ]
    write_csv("data/train.csv", ["image_id,labels", *rows])
    for name in ("a_1", "a_3"):
        save_drawn_page(tmp_path / "data" / "train_images" / f"{name}.png", page)
    (tmp_path / "data" / "train_images" / "a_4.png").write_bytes(b"no image")
    return DataFolder(tmp_path / "data")


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ((0, 0, 0, 0), (0, 0)),
        ((2, 3, 6, 8), (5, 4)),
        ((-5, -5, 2, 2), (2, 2)),
        ((48, 58, 90, 90), (2, 2)),
        ((1.5, 1.5, 2.5, 2.5), (2, 2)),
        ((60, 0, 70, 9), (9, 0)),
    ],
)
def test_boxes_are_cut_at_the_border(page, box, shape):
    assert cut_box(page[:, :, 0], np.array(box, np.float32)).shape == shape


def test_ids_with_a_folder_make_no_folders(data, tmp_path, write_csv):
    write_csv("data/train.csv", ["image_id,labels", "../train_images/A_1.png,U+306E 10 20 5 6"])
    assert export_crops(data, tmp_path / "out").files == 1
    assert [path.name for path in (tmp_path / "out" / "U+306E").iterdir()] == ["a_1_0.png"]


def test_files_have_the_seeds_names_and_the_pages_gray(data, page, tmp_path):
    made = export_crops(data, tmp_path / "out")
    assert (made.files, made.pages, made.kept) == (3, 2, 0)
    assert made.left_out == {
        "pages without image": 1,
        "unreadable pages": 1,
        "boxes without area or outside the page": 2,
    }
    gray = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    crop = np.asarray(Image.open(tmp_path / "out" / "U+306E" / "a_1_0.png"))
    np.testing.assert_array_equal(crop, gray[20:26, 10:15])
    assert np.asarray(Image.open(tmp_path / "out" / "U+306F" / "a_1_1.png")).shape == (10, 10)
    rows = list(csv.DictReader((tmp_path / "out" / MANIFEST).read_text(encoding="utf-8").splitlines()))
    assert [row["file"] for row in rows] == ["U+306E/a_1_0.png", "U+306F/a_1_1.png", "", "", "U+306F/a_3_0.png"]
    assert (rows[0]["x0"], rows[0]["y1"]) == ("10", "26")


@pytest.mark.parametrize("cut", [0, 1, 30, 70])
def test_stopped_run_goes_on(data, tmp_path, cut):
    """Whatever a kill left of the manifest, pages it does not wholly list are cut again."""
    out = tmp_path / "out"
    export_crops(data, out)
    whole = (out / MANIFEST).read_text()
    (out / MANIFEST).write_text(whole[:-cut] if cut else whole)
    (out / "U+306F" / "a_3_0.png").unlink()
    made = export_crops(data, out)
    assert sorted((out / MANIFEST).read_text().splitlines()) == sorted(whole.splitlines())
    assert made.kept == (2 if cut == 0 else 1 if cut < 70 else 0)
    assert (out / "U+306F" / "a_3_0.png").exists() == (cut > 0)


def test_two_processes_write_jpegs(data, tmp_path):
    made = export_crops(data, tmp_path / "out", "jpg", workers=2)
    assert made.files == 3
    with Image.open(tmp_path / "out" / "U+306E" / "a_1_0.jpg") as image:
        assert (image.format, image.mode) == ("JPEG", "L")
    with pytest.raises(OutputError, match="another format than png"):
        export_crops(data, tmp_path / "out", "png")
