from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from kuzushiji_submit.core.errors import DeviceError, WeightsError
from recognition.calibration import Calibration
from recognition.crops import Crops, crop_boxes
from recognition.opinions import Opinions
from recognition.preprocess import preprocess
from recognition.recognizer import Recognizer
from recognition.weights_metadata import WeightsMetadata


@pytest.fixture
def crops() -> Crops:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 32, 32), dtype=np.uint8)
    return Crops(pixels, np.zeros((7, 3), np.float32))


@pytest.fixture
def recognizer(weights: Path) -> Recognizer:
    return Recognizer.load(weights, "cpu")


def test_no_crops(recognizer: Recognizer) -> None:
    none = Crops.empty(32)
    assert recognizer.recognize(none).top_ids.shape == (0, 5)
    assert recognizer.score_crops(none).shape == (0,)
    assert recognizer.scores(none).shape == (0, 6)


def test_no_boxes(recognizer: Recognizer) -> None:
    page, boxes = np.zeros((50, 50), np.uint8), np.zeros((0, 4), np.float32)
    assert recognizer.score_boxes(page, boxes).shape == (0,)


def test_scores_are_the_models_softmax(
    recognizer: Recognizer, model: torch.nn.Module, metadata: WeightsMetadata, crops: Crops
) -> None:
    with torch.no_grad():
        scores = model(preprocess(torch.from_numpy(crops.pixels), metadata.preprocess)).softmax(1).numpy()
    found = recognizer.recognize(crops)
    order = np.argsort(-scores, axis=1)[:, :5]
    np.testing.assert_array_equal(found.top_ids, order)
    np.testing.assert_allclose(found.top_scores, np.take_along_axis(scores, order, 1), atol=1e-5)
    np.testing.assert_allclose(recognizer.score_crops(crops), scores.max(1), atol=1e-5)
    np.testing.assert_allclose(recognizer.scores(crops), scores, atol=1e-5)
    assert found.top_ids.dtype == np.int64
    assert found.top_scores.dtype == np.float32


@pytest.mark.parametrize("batch_size", [1, 2, 7, 100])
def test_batches_change_nothing(weights: Path, recognizer: Recognizer, crops: Crops, batch_size: int) -> None:
    other = Recognizer.load(weights, "cpu", batch_size=batch_size).recognize(crops)
    np.testing.assert_array_equal(other.top_ids, recognizer.recognize(crops).top_ids)


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (3, 3), (6, 6), (20, 6)])
def test_alternatives_are_at_most_the_charset(weights: Path, crops: Crops, asked: int, given: int) -> None:
    found = Recognizer.load(weights, "cpu", top_k=asked).recognize(crops)
    assert found.top_ids.shape == (7, given)
    assert (np.diff(found.top_scores, axis=1) <= 0).all()


def test_boxes_are_cut_as_the_weights_say(recognizer: Recognizer) -> None:
    page = np.random.default_rng(1).integers(0, 256, (90, 80), dtype=np.uint8)
    boxes = np.array([[5, 5, 40, 60], [30, 20, 78, 88]], np.float32)
    cut = crop_boxes(page, boxes, recognizer.crop_config)
    np.testing.assert_array_equal(recognizer.score_boxes(page, boxes), recognizer.score_crops(cut))


def test_half_precision_reads_nearly_the_same(weights: Path, recognizer: Recognizer, crops: Crops) -> None:
    half = Recognizer.load(weights, "cpu", half=True).score_crops(crops)
    assert half.dtype == np.float32
    np.testing.assert_allclose(half, recognizer.score_crops(crops), atol=0.02)


def test_crops_of_another_size_are_refused(recognizer: Recognizer) -> None:
    with pytest.raises(ValueError, match=r"shape \(N, 32, 32\)"):
        recognizer.recognize(Crops.empty(48))


def test_it_knows_its_charset(recognizer: Recognizer, metadata: WeightsMetadata) -> None:
    assert recognizer.charset == metadata.charset


@pytest.mark.parametrize("device", ["tpu", "cuda:99", ""])
def test_device_that_cannot_be_used_is_refused(weights: Path, device: str) -> None:
    with pytest.raises(DeviceError, match="cannot be used"):
        Recognizer.load(weights, device)


@pytest.mark.parametrize("values", [{"top_k": 0}, {"batch_size": 0}])
def test_sizes_below_one_are_refused(weights: Path, values: dict) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Recognizer.load(weights, "cpu", **values)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such weights file"):
        Recognizer.load(tmp_path / "none.safetensors")


def test_embeddings_are_what_the_network_chose_from(weights: Path, recognizer: Recognizer, crops: Crops) -> None:
    asked = Recognizer.load(weights, "cpu", batch_size=3, embeddings=True)
    found, plain = asked.recognize(crops), recognizer.recognize(crops)
    np.testing.assert_array_equal(found.top_ids, plain.top_ids)
    assert plain.embeddings is None
    assert found.embeddings is not None
    assert found.embeddings.dtype == np.float32
    with torch.no_grad():
        logits = asked.model.head(torch.from_numpy(found.embeddings)).numpy()
    np.testing.assert_allclose(logits, recognizer.logits(crops), atol=1e-5)
    assert asked.recognize(Crops.empty(32)).embeddings is None


def test_scores_asked_for_meanwhile_leave_the_embeddings_alone(weights: Path, crops: Crops) -> None:
    asked = Recognizer.load(weights, "cpu", batch_size=1, embeddings=True)
    expected = asked.recognize(crops).embeddings
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(lambda: [asked.score_crops(crops) for _ in range(10)])
        for _ in range(5):
            np.testing.assert_array_equal(asked.recognize(crops).embeddings, expected)
        asking.result()


def test_a_network_without_embeddings_is_named(metadata: WeightsMetadata) -> None:
    with pytest.raises(WeightsError, match="Identity gives no embeddings"):
        Recognizer(torch.nn.Identity(), metadata, device="cpu", embeddings=True)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_another_reader_joins_before_the_temperature(weights: Path, crops: Crops, batch_size: int) -> None:
    recognizer = Recognizer.load(weights, "cpu", batch_size=batch_size)
    recognizer.calibrate(Calibration(1.5))
    other = np.random.default_rng(0).normal(size=(7, 6)).astype(np.float16)
    own, said = (
        torch.from_numpy(logits).log_softmax(dim=1) for logits in (recognizer.logits(crops), other.astype(np.float32))
    )
    scores = ((0.75 * own + 0.25 * said).log_softmax(dim=1) / 1.5).softmax(dim=1).numpy()
    found = recognizer.recognize_with(crops, Opinions(other, 0.25))
    np.testing.assert_array_equal(found.top_ids, np.argsort(-scores, axis=1)[:, :5])
    np.testing.assert_allclose(found.top_scores, -np.sort(-scores, axis=1)[:, :5], atol=1e-6)
    alone, unheard = recognizer.recognize(crops), recognizer.recognize_with(crops, Opinions(other, 0.0))
    np.testing.assert_array_equal(unheard.top_ids, alone.top_ids)
    np.testing.assert_allclose(unheard.top_scores, alone.top_scores, atol=1e-6)


def test_no_crops_with_another_reader(recognizer: Recognizer) -> None:
    nothing = Opinions(np.zeros((0, 6), np.float16), 0.5)
    assert recognizer.recognize_with(Crops.empty(32), nothing).top_ids.shape == (0, 5)
