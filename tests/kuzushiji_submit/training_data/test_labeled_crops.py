"""Crops of data folders, cut for weights that are there."""

import numpy as np
import pytest

from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.core.errors import CompetitionFileError, WeightsError
from kuzushiji_submit.training_data.labeled_crops import cut_labeled
from recognition.training.crop_store import CropStore
from recognition.weights_file import read_metadata
from tests.kuzushiji_submit.conftest import CODEPOINTS


@pytest.fixture
def folders(tmp_path, draw_page, save_drawn_page):
    """Two data folders of a page each, with 6 and 12 characters."""
    made = []
    for columns in (1, 2):
        folder = tmp_path / f"data{columns}"
        page, boxes = draw_page(columns)
        save_drawn_page(folder / "train_images" / "a_1.jpg", page)
        write_truth(
            folder / "train.csv", [PageTruth("a_1", (CODEPOINTS[0],) * len(boxes), np.array(boxes, np.float32))]
        )
        made.append(folder)
    return made


def test_nothing_to_cut_needs_no_weights(tmp_path):
    assert cut_labeled([], tmp_path, tmp_path / "none") == []


def test_every_folder_becomes_a_store_cut_as_the_weights_say(folders, weights, tmp_path):
    stores = cut_labeled(folders, tmp_path / "cut", weights)
    assert [path.name for path in stores] == ["labeled-1", "labeled-2"]
    metadata = read_metadata(weights)
    for path, count in zip(stores, (6, 12), strict=True):
        store = CropStore(path)
        assert len(store) == count
        assert (store.crop_config, store.ink, store.charset) == (metadata.crop, metadata.ink, metadata.charset)
    files = {file: file.stat().st_mtime_ns for path in stores for file in path.iterdir() if file.suffix != ".json"}
    assert files
    assert cut_labeled(folders, tmp_path / "cut", weights) == stores
    assert {file: file.stat().st_mtime_ns for file in files} == files


def test_what_is_missing_is_named(folders, weights, tmp_path):
    with pytest.raises(WeightsError, match="none"):
        cut_labeled(folders, tmp_path, tmp_path / "none")
    with pytest.raises(CompetitionFileError, match="nowhere"):
        cut_labeled([tmp_path / "nowhere"], tmp_path, weights)
