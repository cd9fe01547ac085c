"""Finding things however Kaggle mounts them."""

import json
from pathlib import Path

import pytest

from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.kaggle_kernels.find_inputs import (
    find_competition,
    find_earlier_run,
    find_files,
    is_output,
    read_record,
)


def make(root: Path, *names: str, content: bytes = b"") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_bytes(content)


@pytest.mark.parametrize(
    "names", [(), ("other/train.csv",), ("c/sample_submission.csv",), ("c/test_images.zip",), ("c/test_images/",)]
)
def test_no_competition_is_named_with_what_to_do(tmp_path, names):
    make(tmp_path, *names)
    with pytest.raises(KernelError, match="add the competition kuzushiji-recognition to the kernel's inputs") as error:
        find_competition(tmp_path)
    there = names[0].split("/")[0] if names else "it is empty"
    assert f"({there})" in str(error.value)


def test_no_input_folder_at_all(tmp_path):
    with pytest.raises(KernelError, match="no such folder"):
        find_competition(tmp_path / "none")


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        (".", ("sample_submission.csv", "test_images/")),
        ("kuzushiji-recognition", ("sample_submission.csv", "test_images/")),
        ("competitions/kuzushiji-recognition", ("sample_submission.csv", "test_images.zip")),
        ("datasets/owner/copy/kuzushiji", ("sample_submission.csv.zip", "test_images.zip")),
    ],
)
def test_every_place_it_may_lie(tmp_path, folder, names):
    make(tmp_path / folder, *names)
    make(tmp_path, "datasets/owner/fonts/a.ttf")
    assert find_competition(tmp_path) == tmp_path / folder


def test_the_competition_goes_before_copies_of_it(tmp_path):
    for folder in ("copy", "competitions/kuzushiji-recognition", "datasets/a/b"):
        make(tmp_path / folder, "sample_submission.csv", "test_images.zip")
    assert find_competition(tmp_path) == tmp_path / "competitions" / "kuzushiji-recognition"


def test_image_folders_are_not_searched(tmp_path):
    make(tmp_path, "train_images/kuzushiji-recognition/sample_submission.csv")
    make(tmp_path, "train_images/kuzushiji-recognition/test_images.zip")
    with pytest.raises(KernelError):
        find_competition(tmp_path)


NAME = "recognizer.safetensors"


def test_files_wherever_they_lie_each_content_once(tmp_path):
    assert find_files(tmp_path, NAME) == ()
    make(tmp_path, f"notebooks/owner/train/copy/{NAME}", f"notebooks/owner/train/{NAME}", content=b"same")
    assert find_files(tmp_path, NAME) == (tmp_path / "notebooks" / "owner" / "train" / NAME,)
    assert find_files(tmp_path, "detector.safetensors") == ()
    make(tmp_path, f"b/{NAME}", content=b"other")
    nearest = tmp_path / "b"
    assert find_files(tmp_path, NAME) == (nearest / NAME, tmp_path / "notebooks" / "owner" / "train" / NAME)
    assert find_files(tmp_path, NAME, without=nearest) == (tmp_path / "notebooks" / "owner" / "train" / NAME,)


def test_of_a_kernel_s_output_the_top_counts(tmp_path):
    """Below it lie weights that were not calibrated yet."""
    make(tmp_path, "train/kuzushiji_run.json", content=b"{}")
    make(tmp_path, f"train/runs/recognizer/{NAME}", content=b"raw")
    assert find_files(tmp_path, NAME) == ()
    make(tmp_path, f"train/{NAME}", content=b"calibrated")
    assert find_files(tmp_path, NAME) == (tmp_path / "train" / NAME,)
    assert (is_output(tmp_path / "train"), is_output(tmp_path)) == (True, False)


def test_given_files_go_before_all_others(tmp_path):
    make(tmp_path, f"a/{NAME}", content=b"one")
    make(tmp_path, f"b/{NAME}", content=b"two")
    assert find_files(tmp_path, NAME, [f"b/{NAME}"]) == (tmp_path / "b" / NAME,)
    with pytest.raises(KernelError, match="no such file"):
        find_files(tmp_path, NAME, ["nowhere"])


def record(folder: Path, **values: object) -> Path:
    folder.mkdir(parents=True)
    (folder / "kuzushiji_run.json").write_text(json.dumps(values))
    return folder


def test_the_newest_earlier_run_of_the_same_kernel(tmp_path):
    assert find_earlier_run(tmp_path, "train") is None
    record(tmp_path / "a", kernel="train", written="2026-01-02T00:00:00+00:00")
    newest = record(tmp_path / "notebooks" / "o" / "b", kernel="train", written="2026-01-03T00:00:00+00:00")
    record(tmp_path / "c", kernel="predict", written="2026-01-04T00:00:00+00:00")
    make(tmp_path, "d/kuzushiji_run.json", content=b"{")
    make(tmp_path, "e/kuzushiji_run.json", content=b"[]")
    found = find_earlier_run(tmp_path, "train")
    assert found is not None
    assert found[0] == newest
    assert found[1]["kernel"] == "train"


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"3"])
def test_a_record_that_cannot_be_read_is_none(tmp_path, content):
    make(tmp_path, "kuzushiji_run.json", content=content)
    assert read_record(tmp_path) is None
