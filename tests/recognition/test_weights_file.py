"""Weights files of recognizers; what every weights file has in common is tested with `core.weights`."""

import dataclasses
from pathlib import Path

import pytest
import torch

from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.weights import replace_record
from kuzushiji_submit.core.weights_record import read_record
from recognition.calibration import Calibration
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.preprocess import PreprocessConfig
from recognition.weights_file import load_weights, read_metadata, save_weights, with_calibration
from recognition.weights_metadata import WeightsMetadata


def test_what_is_saved_comes_back(weights: Path, model: torch.nn.Module, metadata: WeightsMetadata) -> None:
    loaded, described = load_weights(weights)
    assert described == metadata == read_metadata(weights)
    assert not loaded.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_everything_that_prediction_needs_is_recorded(metadata: WeightsMetadata) -> None:
    full = dataclasses.replace(
        metadata,
        ink=InkConfig(floor=0.4),
        preprocess=PreprocessConfig(mean=0.5, binarize="height"),
        calibration=Calibration(0.8, 0.3),
    )
    record = full.to_record()
    assert (record.kind, record.architecture, record.ink) == ("recognizer", "kuzu_char_rec", full.ink)
    assert WeightsMetadata.from_record(record, "x") == full


def test_a_file_is_not_overwritten_unless_told(
    weights: Path, model: torch.nn.Module, metadata: WeightsMetadata
) -> None:
    with pytest.raises(WeightsError, match="exists"):
        save_weights(weights, model.state_dict(), metadata)
    save_weights(weights, model.state_dict(), metadata, overwrite=True, half=True)
    assert read_metadata(weights) == metadata


def test_another_calibration_leaves_the_rest(weights: Path, metadata: WeightsMetadata) -> None:
    with_calibration(weights, weights, Calibration(0.7, 0.4))
    assert read_metadata(weights) == dataclasses.replace(metadata, calibration=Calibration(0.7, 0.4))


def test_state_of_another_model_is_not_written(
    tmp_path: Path, model: torch.nn.Module, metadata: WeightsMetadata
) -> None:
    wider = dataclasses.replace(metadata, model=KuzuCharRecConfig((4, 9), 1))
    with pytest.raises(WeightsError, match="its network needs"):
        save_weights(tmp_path / "x.safetensors", model.state_dict(), wider)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "detector"}, r"weights of a detector \(kuzu_char_rec\): name those of a recognizer"),
        ({"charset": None}, "without its charset"),
        ({"ink": None}, "without its ink"),
        ({"preprocessing": {"crop": {}}}, "preprocess is missing"),
        ({"preprocessing": {"crop": {"size": 300}, "preprocess": {}}}, "crop size"),
        ({"preprocessing": {"crop": {}, "preprocess": {"std": "1"}}}, r"preprocess\.std must be float, not '1'"),
        ({"preprocessing": {"crop": {}, "preprocess": {}, "color": 1}}, "unknown key color"),
        ({"calibration": {"temperature": 0.0}}, "temperature must lie in"),
        ({"settings": {"order": "x"}}, "order must be one of"),
    ],
)
def test_what_a_recognizer_cannot_use_is_refused(weights: Path, changes: dict, message: str) -> None:
    replace_record(weights, weights, dataclasses.replace(read_record(weights), **changes))
    with pytest.raises(WeightsError, match=message) as caught:
        load_weights(weights)
    assert str(caught.value).startswith(str(weights))
