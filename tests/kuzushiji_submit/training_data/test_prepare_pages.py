"""Training pages of a data folder: what is prepared, what is left out, what goes on."""

import os

import numpy as np
import pytest

from detection.training.page_store import EXACT, ROUGH
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.errors import CompetitionFileError, DetectionError, OutputError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.training_data import prepare_pages as module
from kuzushiji_submit.training_data.prepare_pages import prepare_pages


def labels(boxes, codepoint="U+306E"):
    return " ".join(f"{codepoint} {x0} {y0} {x1 - x0} {y1 - y0}" for x0, y0, x1, y1 in boxes)


@pytest.fixture
def data(tmp_path, write_csv, draw_page, save_drawn_page):
    """Two books: a page of 12 crosses, an empty one, one of 6; and a row without an image."""
    rows = ["image_id,labels"]
    for image_id, columns in (("b_1", 2), ("b_2", 0), ("c_1", 1)):
        page, boxes = draw_page(columns)
        save_drawn_page(tmp_path / "data" / "train_images" / f"{image_id}.jpg", page)
        rows.append(f"{image_id},{labels(boxes)}")
    write_csv("data/train.csv", [*rows, "c_9,U+306E 1 1 5 5"])
    return DataFolder(tmp_path / "data")


def test_every_page_with_an_image_is_prepared(data, tmp_path, caplog, capsys):
    store = prepare_pages(data, tmp_path / "pages")
    assert "1 pages without image are left out" in caplog.text
    assert "prepare pages" in capsys.readouterr().err
    assert store.page_ids() == ["b_1", "b_2", "c_1"]
    pages = [store.open(page_id) for page_id in store.page_ids()]
    assert [page.book_id for page in pages] == ["b", "b", "c"]
    assert [len(page.boxes) for page in pages] == [12, 0, 6]
    assert [page.codepoints for page in pages] == [("U+306E",) * 12, (), ("U+306E",) * 6]
    assert all((page.kinds == EXACT).all() for page in pages)
    assert pages[0].character_size == pytest.approx(40, rel=0.02)
    # Every box holds ink.
    for left, top, right, bottom in pages[0].boxes.round().astype(int):
        assert pages[0].image[top:bottom, left:right].min() < 90


def test_rows_in_another_form_are_prepared_under_the_files_names(data, tmp_path, write_csv):
    rows = ["train_images/b_1.jpg,U+306E 560 90 70 70", "C_1,"]
    write_csv("data/train.csv", ["image_id,labels", *rows])
    write_csv("data/train_rough.csv", ["image_id,labels", "c_1.jpg,U+306E 560 90 70 70"])
    store = prepare_pages(data, tmp_path / "pages")
    assert store.page_ids() == ["b_1", "c_1"]
    assert [store.open(page_id).book_id for page_id in store.page_ids()] == ["b", "c"]
    assert store.open("c_1").kinds.tolist() == [ROUGH]


def test_finished_pages_are_not_prepared_again(data, tmp_path, monkeypatch):
    store = prepare_pages(data, tmp_path / "pages")
    whole = store.open("c_1").image.tobytes()
    (store.folder / "pages" / "c_1.json").unlink()
    prepared = []
    store_page = module.store_page
    monkeypatch.setattr(module, "store_page", lambda job: prepared.append(job.image_id) or store_page(job))
    assert prepare_pages(data, tmp_path / "pages").page_ids() == ["b_1", "b_2", "c_1"]
    assert prepared == ["c_1"]
    assert store.open("c_1").image.tobytes() == whole
    prepare_pages(data, tmp_path / "pages")
    assert prepared == ["c_1"]


def test_a_killed_preparation_goes_on(data, tmp_path, monkeypatch):
    store_page = module.store_page

    def killed(job):
        if job.image_id == "b_2":
            raise KeyboardInterrupt
        return store_page(job)

    with monkeypatch.context() as patch:
        patch.setattr(module, "store_page", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare_pages(data, tmp_path / "pages")
    assert sorted(os.listdir(tmp_path / "pages" / "pages")) == ["b_1.json", "b_1.npy"]
    assert prepare_pages(data, tmp_path / "pages").page_ids() == ["b_1", "b_2", "c_1"]


def test_an_unreadable_page_stops_no_other(data, tmp_path, caplog):
    image = data.train_images / "b_1.jpg"
    image.write_bytes(image.read_bytes()[:1500])
    store = prepare_pages(data, tmp_path / "pages")
    assert store.page_ids() == ["b_2", "c_1"]
    assert "b_1.jpg: cannot be decoded" in caplog.text
    assert caplog.text.count("left out") == 2


def test_roughly_placed_characters_lie_in_a_second_file(data, write_csv, tmp_path):
    rough = [(10, 10, 60, 60), (20, 200, 80, 260)]
    write_csv("data/train_rough.csv", ["image_id,labels", f"c_1,{labels(rough, 'U+4E00')}", f"x_1,{labels(rough)}"])
    page = prepare_pages(data, tmp_path / "pages").open("c_1")
    assert page.kinds.tolist() == [EXACT] * 6 + [ROUGH] * 2
    assert page.codepoints == ("U+306E",) * 6 + ("U+4E00",) * 2
    exact = page.boxes[0] / (page.image.shape[0] / 900)
    np.testing.assert_allclose(exact, (554, 84, 637, 167), atol=2)


def test_boxes_without_area_are_left_out(data, write_csv, tmp_path, draw_page):
    _, boxes = draw_page(1)
    odd = [(5, 5, 5, 9), (5, 5, 9, 5)]
    write_csv("data/train.csv", ["image_id,labels", f"c_1,{labels(odd, 'U+4E00')} {labels(boxes)}"])
    page = prepare_pages(data, tmp_path / "pages").open("c_1")
    assert len(page.boxes) == len(page.kinds) == 6
    assert page.codepoints == ("U+306E",) * 6


@pytest.mark.slow
def test_several_processes_prepare_the_same(data, tmp_path):
    alone, together = prepare_pages(data, tmp_path / "1"), prepare_pages(data, tmp_path / "2", workers=2)
    assert alone.page_ids() == together.page_ids()
    for page_id in alone.page_ids():
        assert (alone.open(page_id).image == together.open(page_id).image).all()
        assert (alone.open(page_id).boxes == together.open(page_id).boxes).all()


def test_a_folder_without_any_image_is_an_error(data, tmp_path):
    for image in data.train_images.iterdir():
        image.unlink()
    with pytest.raises(CompetitionFileError, match=r"train_images: no image of any page in train\.csv: fetch them"):
        prepare_pages(data, tmp_path / "pages")
    data.train_csv.unlink()
    with pytest.raises(CompetitionFileError, match=r"train\.csv"):
        prepare_pages(data, tmp_path / "pages")


def test_a_place_that_cannot_be_written_is_an_error(data, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/pages/.*: cannot be written .* name another place"):
        prepare_pages(data, tmp_path / "file" / "pages")


def test_pages_or_boxes_that_changed_are_refused(data, write_csv, tmp_path, draw_page, save_drawn_page):
    prepare_pages(data, tmp_path / "pages")
    before = data.train_csv.read_text(encoding="utf-8")
    data.train_csv.write_text(before.replace("b_1,U+306E", "b_1,U+306F"), encoding="utf-8")
    with pytest.raises(DetectionError, match=r"changed since they were prepared: b_1 \(its truth\): remove the folder"):
        prepare_pages(data, tmp_path / "pages")
    data.train_csv.write_text(before.replace("b_1,U+306E 554", "b_1,U+306E 555"), encoding="utf-8")
    with pytest.raises(DetectionError, match=r"changed since they were prepared: b_1 \(its truth\): remove the folder"):
        prepare_pages(data, tmp_path / "pages")
    data.train_csv.write_text("\n".join(before.splitlines()[:-2]), encoding="utf-8")
    with pytest.raises(DetectionError, match=r"c_1 \(no longer annotated\)"):
        prepare_pages(data, tmp_path / "pages")
    data.train_csv.write_text(before, encoding="utf-8")
    save_drawn_page(data.train_images / "c_1.jpg", draw_page(2)[0])
    with pytest.raises(DetectionError, match=r"c_1 \(its image\)"):
        prepare_pages(data, tmp_path / "pages")
    (data.train_images / "c_1.jpg").unlink()
    assert prepare_pages(data, tmp_path / "pages").page_ids() == ["b_1", "b_2", "c_1"]


def test_pages_of_another_ink_are_refused(data, tmp_path):
    prepare_pages(data, tmp_path / "pages")
    with pytest.raises(DetectionError, match=r"another ink \(floor 0\.25, not 0\.5"):
        prepare_pages(data, tmp_path / "pages", InkConfig(floor=0.5))
