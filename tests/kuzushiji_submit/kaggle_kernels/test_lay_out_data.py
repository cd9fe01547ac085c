"""One data folder out of every way in which the files may come."""

import shutil
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.kaggle_kernels import lay_out_data as module
from kuzushiji_submit.kaggle_kernels.lay_out_data import lay_out_data

PAGES = ("a.jpg", "b.JPG", "c.png")


@pytest.fixture
def competition(tmp_path) -> Path:
    folder = tmp_path / "competition"
    folder.mkdir()
    for name in ("train.csv", "sample_submission.csv"):
        (folder / name).write_text(name)
    return folder


def put_pages(folder: Path) -> None:
    folder.mkdir(parents=True)
    for page in PAGES:
        (folder / page).write_bytes(page.encode())


def zip_pages(path: Path, prefix: str = "") -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for page in PAGES:
            archive.writestr(f"{prefix}{page}", page.encode())
        archive.writestr(f"__MACOSX/{prefix}._a.jpg", b"no page")
        archive.writestr(f"{prefix}.b.jpg", b"no page")
        archive.writestr("readme.txt", b"no page")


def pages(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


WAYS = {
    "plain": lambda folder: put_pages(folder / "test_images"),
    "nested": lambda folder: put_pages(folder / "test_images" / "test_images"),
    "deeper": lambda folder: put_pages(folder / "test_images" / "version 1" / "test_images"),
    "zip": lambda folder: zip_pages(folder / "test_images.zip"),
    "zip of a folder": lambda folder: zip_pages(folder / "test_images.zip", "test_images/"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same_folder(competition, tmp_path, way):
    WAYS[way](competition)
    data = lay_out_data(competition, tmp_path / "scratch", ["test_images"])
    assert pages(data.test_images) == {page: page.encode() for page in PAGES}
    assert data.train_csv.read_text() == "train.csv"
    assert data.sample_csv.read_text() == "sample_submission.csv"
    assert not data.translation_csv.exists()
    assert data.root.name == "kuzushiji-recognition"
    # Where it is there already it is taken as it is.
    again = lay_out_data(competition, tmp_path / "scratch", ["test_images"])
    assert pages(again.test_images) == pages(data.test_images)


def test_zipped_tables(competition, tmp_path):
    put_pages(competition / "test_images")
    (competition / "train.csv").unlink()
    with zipfile.ZipFile(competition / "train.csv.zip", "w") as archive:
        archive.writestr("train.csv", "zipped")
    assert lay_out_data(competition, tmp_path / "scratch", []).train_csv.read_text() == "zipped"


def test_an_interrupted_unzipping_goes_on(competition, tmp_path, monkeypatch):
    zip_pages(competition / "test_images.zip")
    copy, copied = shutil.copyfileobj, []

    def breaks(source, target):
        if len(copied) == 1:
            raise KeyboardInterrupt
        copied.append(target)
        copy(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "copyfileobj", breaks)
        with pytest.raises(KeyboardInterrupt):
            lay_out_data(competition, tmp_path / "scratch", ["test_images"])
    assert not (tmp_path / "scratch" / "kuzushiji-recognition" / "test_images").exists()
    data = lay_out_data(competition, tmp_path / "scratch", ["test_images"])
    assert pages(data.test_images) == {page: page.encode() for page in PAGES}


def test_no_images(competition, tmp_path):
    (competition / "test_images").mkdir()
    with pytest.raises(KernelError, match=r"neither test_images with images in it nor test_images\.zip"):
        lay_out_data(competition, tmp_path / "scratch", ["test_images"])


def test_an_archive_without_images(competition, tmp_path):
    with zipfile.ZipFile(competition / "test_images.zip", "w") as archive:
        archive.writestr("readme.txt", b"")
    with pytest.raises(KernelError, match="holds no image"):
        lay_out_data(competition, tmp_path / "scratch", ["test_images"])


def test_what_is_no_archive(competition, tmp_path):
    (competition / "test_images.zip").write_bytes(b"no archive")
    with pytest.raises(KernelError, match="is no zip archive"):
        lay_out_data(competition, tmp_path / "scratch", ["test_images"])


def test_a_damaged_archive_names_the_page(competition, tmp_path):
    zip_pages(competition / "test_images.zip")
    content = (competition / "test_images.zip").read_bytes()
    place = content.index(b"b.JPG" * 2) + len(b"b.JPG")
    (competition / "test_images.zip").write_bytes(content[:place] + b"X" + content[place + 1 :])
    with pytest.raises(KernelError, match=r"b\.JPG cannot be unzipped"):
        lay_out_data(competition, tmp_path / "scratch", ["test_images"])


def test_a_disk_that_is_too_small(competition, tmp_path, monkeypatch):
    zip_pages(competition / "test_images.zip")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage(10, 9, 1))
    with pytest.raises(KernelError, match=r"GB of pages do not fit.*KUZUSHIJI_SCRATCH_ROOT"):
        lay_out_data(competition, tmp_path / "scratch", ["test_images"])
