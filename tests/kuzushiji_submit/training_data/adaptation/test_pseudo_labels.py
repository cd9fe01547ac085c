"""Sure readings as training crops."""

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.core.errors import CropStoreError
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.reading.view import View
from kuzushiji_submit.training_data.adaptation import pseudo_labels
from kuzushiji_submit.training_data.adaptation.pseudo_labels import cut_labels, soft_labels, sure_readings


@pytest.fixture
def images(pages):
    return list_images(pages)


@pytest.fixture
def readings(pipeline, images):
    """Everything that is found on three pages."""
    reader = pipeline.with_min_score(0.0)
    return {page.image_id: page for page in reader.read((name, read_page(path)) for name, path in images.items())}


def test_sure_readings_and_their_weights(readings):
    page = readings["b_1"]
    middle = float(np.median(page.scores))
    sure = sure_readings(page, middle)
    assert 0 < len(sure) < len(page) or len(set(page.scores.tolist())) == 1
    labels = soft_labels(sure)
    np.testing.assert_array_equal(labels.class_ids, sure.top_ids)
    np.testing.assert_allclose(labels.shares.sum(axis=1), sure.scores, rtol=1e-5)
    np.testing.assert_allclose(
        labels.shares[:, 0] / labels.shares[:, 1], sure.top_scores[:, 0] / sure.top_scores[:, 1], rtol=1e-4
    )
    assert len(soft_labels(sure_readings(page, 1.1))) == 0


def test_crops_and_labels_belong_together(readings, images, pipeline, tmp_path):
    store, labels = cut_labels(images, readings, tmp_path / "crops", pipeline.recognizer, 0.01)
    assert store.page_ids == ("b_1", "b_2", "b_3")
    assert len(store) == len(labels) == sum(map(len, readings.values()))
    np.testing.assert_array_equal(store.class_ids, labels.class_ids[:, 0])
    read = pipeline.recognizer.recognize(store.read(np.arange(len(store))))
    np.testing.assert_array_equal(read.class_ids, store.class_ids)
    assert store.page(0).in_reading_order.tolist() == readings["b_1"].order.tolist()


def test_no_reading_is_sure_enough(readings, images, pipeline, tmp_path):
    store, labels = cut_labels(images, readings, tmp_path / "crops", pipeline.recognizer, 1.0)
    assert (len(store), len(labels), len(store.pages)) == (0, 0, 3)


def test_a_stopped_cutting_goes_on_and_ends_the_same(readings, images, pipeline, tmp_path, monkeypatch):
    whole, labels = cut_labels(images, readings, tmp_path / "whole", pipeline.recognizer, 0.01)
    original = pseudo_labels._cut

    def stop(image, reading, recognizer):
        if reading.image_id == "b_3":
            raise KeyboardInterrupt
        return original(image, reading, recognizer)

    with monkeypatch.context() as patch:
        patch.setattr(pseudo_labels, "_cut", stop)
        with pytest.raises(KeyboardInterrupt):
            cut_labels(images, readings, tmp_path / "parts", pipeline.recognizer, 0.01)
    parts, again = cut_labels(images, readings, tmp_path / "parts", pipeline.recognizer, 0.01)
    np.testing.assert_array_equal(parts.class_ids, whole.class_ids)
    np.testing.assert_array_equal(again.shares, labels.shares)
    assert parts.page_ids == whole.page_ids


def test_crops_of_a_page_that_lies_on_its_side_are_upright(readings, images, pipeline, tmp_path):
    view = View(90)
    files = {name: PageFile(tmp_path / f"{name}.png") for name in images}
    for name, file in files.items():
        Image.fromarray(view.back.upright(read_page(images[name]))).save(file.path)
    turned = {name: reading.in_file(view) for name, reading in readings.items()}
    upright, labels = cut_labels(images, readings, tmp_path / "upright", pipeline.recognizer, 0.01)
    store, again = cut_labels(files, turned, tmp_path / "turned", pipeline.recognizer, 0.01)
    np.testing.assert_array_equal(again.class_ids, labels.class_ids)
    crops, expected = (found.read(np.arange(len(found))).pixels.astype(float) for found in (store, upright))
    assert len(crops)
    assert np.abs(crops - expected).mean() < 1
    np.testing.assert_allclose(store.page(0).boxes, upright.page(0).boxes, atol=0.01)


def test_a_page_that_is_gone_stops_nothing(readings, images, pipeline, tmp_path, caplog):
    images["b_3"].path.write_bytes(b"no image")
    store, labels = cut_labels(images, readings, tmp_path / "crops", pipeline.recognizer, 0.01)
    assert store.page_ids == ("b_1", "b_2")
    assert len(labels) == len(store) == len(readings["b_1"]) + len(readings["b_2"])
    assert "b_3.jpg" in caplog.text


def test_a_folder_of_another_charset_is_refused(readings, images, pipeline, tmp_path, weights):
    from dataclasses import replace

    from kuzushiji_submit.core.charset import Charset

    cut_labels(images, readings, tmp_path / "crops", pipeline.recognizer, 0.01)
    other = pipeline.recognizer
    other.metadata = replace(other.metadata, charset=Charset(("U+3042", "U+3044", "U+3046")))
    with pytest.raises(CropStoreError, match="another charset"):
        cut_labels(images, readings, tmp_path / "crops", other, 0.01)
