"""Batch normalization measured again."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from recognition.crops import CropConfig
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.registry import build_model
from recognition.preprocess import preprocess
from recognition.training import batch_statistics
from recognition.training.batch_statistics import measure_batch_statistics
from recognition.training.crop_store import CropStore
from recognition.weights_metadata import WeightsMetadata

SHAPE = KuzuCharRecConfig(stage_widths=(4, 8), convs_per_stage=1)


@pytest.fixture
def metadata(store: CropStore) -> WeightsMetadata:
    return WeightsMetadata(SHAPE, store.charset, store.crop_config, ink=store.ink)


def test_the_first_layer_s_statistics_are_those_of_the_crops(
    store: CropStore, metadata: WeightsMetadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_statistics, "BATCH", 24)  # 96 crops: four batches
    torch.manual_seed(0)
    model = build_model(SHAPE, len(store.charset))
    convolution = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    normalization = next(module for module in model.modules() if isinstance(module, nn.BatchNorm2d))
    weights = [parameter.clone() for parameter in model.parameters()]
    normalization.running_mean.fill_(7.0)
    assert measure_batch_statistics(model, metadata, store) == len(store)
    with torch.no_grad():
        image = preprocess(torch.from_numpy(store.read(np.arange(len(store))).pixels), metadata.preprocess)
        seen = convolution(image).relu()  # what comes before the first normalization
    torch.testing.assert_close(normalization.running_mean, seen.mean((0, 2, 3)), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(normalization.running_var, seen.var((0, 2, 3)), atol=1e-3, rtol=5e-2)
    assert not model.training
    assert all(before.equal(now) for before, now in zip(weights, model.parameters(), strict=True))
    assert all(module.momentum == 0.1 for module in model.modules() if isinstance(module, nn.BatchNorm2d))


def test_no_more_than_a_sample_is_read(
    store: CropStore, metadata: WeightsMetadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_statistics, "SAMPLE", 10)
    assert measure_batch_statistics(build_model(SHAPE, 6), metadata, store) == 10


def test_other_crops_are_refused(store: CropStore, metadata: WeightsMetadata, make_store: Callable) -> None:
    model = build_model(SHAPE, 6)
    with pytest.raises(WeightsError, match="the weights need"):
        measure_batch_statistics(model, WeightsMetadata(SHAPE, store.charset, CropConfig(size=48)), store)
    other = WeightsMetadata(SHAPE, store.charset, store.crop_config, ink=InkConfig(floor=0.9))
    with pytest.raises(WeightsError, match="floor"):
        measure_batch_statistics(model, other, store)
    with pytest.raises(WeightsError, match="1 crops have no statistics"):
        measure_batch_statistics(model, metadata, make_store(("p", "b", [0]), name="single"))
