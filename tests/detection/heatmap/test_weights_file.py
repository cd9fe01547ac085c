"""Weights files of detectors; what every weights file has in common is tested with `core.weights`."""

import dataclasses
from pathlib import Path

import pytest
import torch

from detection.heatmap.network import HeatmapNet
from detection.heatmap.weights_file import DetectorMetadata, load_detector, save_detector
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.weights import replace_record
from kuzushiji_submit.core.weights_record import Provenance, WeightsRecord, read_record
from tests.detection.heatmap.conftest import TINY

METADATA = DetectorMetadata(
    network=TINY,
    provenance=Provenance(
        training_data="made by a test",
        license="MIT",
        attribution="nobody",
        split="by book; held out: b",
        seed=3,
        scores=(("f1", 0.5), ("recall", 0.25)),
        date="2020-01-02",
    ),
)


@pytest.fixture
def weights(tmp_path: Path, network: HeatmapNet) -> Path:
    path = tmp_path / "new" / "detector.safetensors"
    save_detector(path, network.state_dict(), METADATA)
    return path


def test_what_is_saved_comes_back(weights: Path, network: HeatmapNet) -> None:
    loaded, described = load_detector(weights)
    assert described == METADATA
    assert loaded.config == TINY
    assert not loaded.training
    for name, tensor in network.state_dict().items():
        expected = tensor.half().float() if tensor.is_floating_point() and tensor.ndim > 1 else tensor
        assert torch.equal(loaded.state_dict()[name], expected), name
        assert loaded.state_dict()[name].dtype == tensor.dtype
    pages = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(loaded(pages), network(pages), atol=0.02, rtol=0.02)


def test_metadata_has_a_default_for_everything() -> None:
    assert DetectorMetadata().network == HeatmapNet().config


def test_a_file_is_not_overwritten_unless_told(weights: Path, network: HeatmapNet) -> None:
    other = dataclasses.replace(METADATA, provenance=Provenance(seed=4))
    with pytest.raises(WeightsError, match="exists"):
        save_detector(weights, network.state_dict(), other)
    assert load_detector(weights)[1] == METADATA
    save_detector(weights, network.state_dict(), other, overwrite=True)
    assert load_detector(weights)[1] == other


def test_running_statistics_keep_32_bits(tmp_path: Path, network: HeatmapNet) -> None:
    state = network.state_dict()
    state["stem.1.running_var"].fill_(1e-9)
    state["stem.1.running_mean"].fill_(1e6)
    path = tmp_path / "detector.safetensors"
    save_detector(path, state, METADATA)
    loaded = load_detector(path)[0].state_dict()
    assert torch.equal(loaded["stem.1.running_var"], state["stem.1.running_var"])
    assert torch.equal(loaded["stem.1.running_mean"], state["stem.1.running_mean"])


def test_the_state_of_another_network_is_not_written(tmp_path: Path, network: HeatmapNet) -> None:
    wider = dataclasses.replace(METADATA, network=dataclasses.replace(TINY, pyramid=5))
    with pytest.raises(WeightsError, match="its network needs"):
        save_detector(tmp_path / "x.safetensors", network.state_dict(), wider)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "recognizer"}, "weights of a recognizer"),
        ({"architecture": "unet"}, "unknown detector 'unet': there are "),
        ({"preprocessing": {"stride": 8, "unit": 32.0}}, r"stride=8.*, this program's in PageScale\(stride=4"),
        ({"preprocessing": {"stride": 4, "unit": 40.0}}, r"unit=40\.0"),
        ({"preprocessing": {"stride": "4"}}, "stride must be int, not '4'"),
        ({"settings": {"pyramid": 8}}, "its network needs"),
        ({"settings": {"skip": True}}, "unknown key skip"),
        ({"settings": {"widths": [4]}}, "5 widths and 4 depths"),
        ({"settings": {"widths": ["a"] * 5}}, r"widths\[0\] must be int, not 'a'"),
        ({"settings": {"pyramid": 4.5}}, "pyramid must be int, not 4.5"),
    ],
)
def test_what_does_not_match_is_refused(weights: Path, changes: dict, message: str) -> None:
    record = read_record(weights)
    changes = {**changes, "settings": {**record.settings, **changes.get("settings", {})}}
    replace_record(weights, weights, dataclasses.replace(record, **changes))
    with pytest.raises(WeightsError, match=message) as caught:
        load_detector(weights)
    assert str(caught.value).startswith(str(weights))


def test_weights_of_another_kind_have_no_detectors_metadata() -> None:
    with pytest.raises(WeightsError, match=r"weights of a column \(x\): name those of a detector"):
        DetectorMetadata.from_record(WeightsRecord("column", "x"), "file")
