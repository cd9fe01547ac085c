from pathlib import Path

import numpy as np
import pytest
import torch

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.registry import NetworkConfig, architecture
from recognition.crops import CropConfig, Crops
from recognition.interpretation.heatmaps import explain
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.reader import ReaderConfig
from recognition.models.registry import build_model
from recognition.preprocess import PreprocessConfig
from recognition.recognizer import Recognizer
from recognition.weights_metadata import WeightsMetadata

SHAPE = KuzuCharRecConfig(stage_widths=(4, 8), convs_per_stage=1, dropout=0.0)


def make_crops(count: int, size: int = 32) -> Crops:
    pixels = np.random.default_rng(count).integers(0, 256, (count, size, size), np.uint8)
    return Crops(pixels, np.tile(np.array([0.5, 0.4, 0.0], np.float32), (count, 1)))


def make_recognizer(charset: Charset, config: NetworkConfig = SHAPE, **preprocess: object) -> Recognizer:
    torch.manual_seed(0)
    crop = CropConfig(size=32, resize="context" if preprocess.get("context") else "fit")
    metadata = WeightsMetadata(config, charset, crop, PreprocessConfig(mean=0.2, std=0.5, **preprocess))
    return Recognizer(build_model(config, len(charset)), metadata, device="cpu")


def test_no_crops(charset: Charset) -> None:
    found = explain(make_recognizer(charset), make_crops(0))
    assert found.images.shape == found.activation.shape == found.evidence.shape == (0, 32, 32)


@pytest.mark.parametrize("name", ["kuzu_char_rec", "simple_kuzu_rec", "resnet50", "vgg16_bn"])
def test_every_network_can_be_explained(charset: Charset, name: str) -> None:
    recognizer = make_recognizer(charset, architecture("recognizer", name).config_class())
    crops = make_crops(2)
    found = explain(recognizer, crops)
    np.testing.assert_allclose(found.images, crops.pixels / 255, atol=1e-6)
    assert found.evidence.shape == found.activation.shape == (2, 32, 32)
    read = recognizer.recognize(crops)
    assert found.class_ids.tolist() == read.class_ids.tolist()
    np.testing.assert_allclose(found.scores, read.scores, rtol=1e-4)


def test_reader_is_explained_on_its_window(charset: Charset) -> None:
    config = ReaderConfig(widths=(4, 8), blocks=(1,), embedding=8)
    recognizer = make_recognizer(charset, config, context=1.5, input_size=24)
    found = explain(recognizer, make_crops(3), [0, 1, 2])
    assert found.images.shape == found.evidence.shape == (3, 24, 24)
    assert found.class_ids.tolist() == [0, 1, 2]
    assert ((found.scores > 0) & (found.scores < 1)).all()


def test_binarized_crops_are_shown_binarized(charset: Charset) -> None:
    found = explain(make_recognizer(charset, binarize="height"), make_crops(1))
    assert np.isin(found.images.round(5), [0, 1]).all()


def test_maps_lie_on_the_crop_they_come_of(charset: Charset) -> None:
    """A blank crop but for one stroke: the heat is where the stroke is, whatever crops stand beside it in the batch."""
    recognizer = make_recognizer(charset)
    for module in recognizer.model.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data.abs_()
    pixels = np.zeros((4, 32, 32), np.uint8)
    corners = [(slice(0, 8), slice(0, 8)), (slice(24, 32), slice(0, 8)), (slice(24, 32), slice(24, 32))]
    for crop, (rows, columns) in zip(pixels, corners, strict=False):
        crop[rows, columns] = 255
    found = explain(recognizer, Crops(pixels, np.ones((4, 3), np.float32)))
    for heat, (rows, columns) in zip(found.activation, corners, strict=False):
        row, column = np.unravel_index(heat.argmax(), heat.shape)
        assert rows.start <= row < rows.stop
        assert columns.start <= column < columns.stop
        assert (heat.min(), heat.max()) == (0, 1)


def test_evidence_is_the_class_activation_map_of_an_averaging_network(charset: Charset) -> None:
    recognizer = make_recognizer(charset)
    model = recognizer.model
    model.head[0].running_var.uniform_(0.5, 2.0)
    crops = make_crops(1)
    found = explain(recognizer, crops, [3])
    with torch.inference_mode():
        image = (torch.from_numpy(crops.pixels)[:, None].float() / 255 - 0.2) / 0.5
        maps = model.forward_features(image)[0]
        norm = model.head[0].weight / (model.head[0].running_var + model.head[0].eps).sqrt()
        weights = (model.head[2].weight[3] - model.head[2].weight.mean(dim=0)) * norm
        cam = (weights[:, None, None] * maps).sum(0).clamp(min=0)
        cam = torch.nn.functional.interpolate(cam[None, None], size=(32, 32), mode="bicubic")[0, 0]
    expected = ((cam - cam.min()) / (cam.max() - cam.min())).numpy()
    np.testing.assert_allclose(found.evidence[0], expected, atol=1e-4)


def test_evidence_is_where_the_maximum_was_taken(charset: Charset) -> None:
    """The mean of a map speaks against the class, its highest place for it: evidence is at that place, not nowhere."""
    recognizer = make_recognizer(
        charset, ReaderConfig(widths=(4, 8), blocks=(1,), embedding=8), context=1.5, input_size=24
    )
    model = recognizer.model
    with torch.no_grad():
        model.embed.weight.zero_()
        model.embed.weight[:, :8] = -2.0
        model.embed.weight[:, 8:16] = 1.0
        model.classifier.weight.zero_()
        model.classifier.weight[0] = 1.0
    found = explain(recognizer, make_crops(3), [0, 0, 0])
    assert (found.evidence.max(axis=(1, 2)) == 1).all()


def test_evidence_does_not_change_with_what_all_logits_have_in_common(charset: Charset) -> None:
    recognizer = make_recognizer(charset)
    before = explain(recognizer, make_crops(2), [3, 4])
    with torch.no_grad():
        recognizer.model.head[2].weight -= 5.0
    after = explain(recognizer, make_crops(2), [3, 4])
    np.testing.assert_allclose(after.scores, before.scores, rtol=1e-3)
    np.testing.assert_allclose(after.evidence, before.evidence, atol=1e-3)


def test_another_class_has_other_evidence_and_the_same_activation(weights: Path) -> None:
    recognizer = Recognizer.load(weights, "cpu")
    one, other = (explain(recognizer, make_crops(2), [class_id] * 2) for class_id in (0, 1))
    np.testing.assert_array_equal(one.activation, other.activation)
    assert np.abs(one.evidence - other.evidence).max() > 0.05
