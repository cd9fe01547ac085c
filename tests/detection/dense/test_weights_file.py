"""Weights files of dense readers; what every weights file has in common is tested with `core.weights`."""

import dataclasses
from pathlib import Path

import pytest
import torch

from detection.dense.network import DenseReader
from detection.dense.weights_file import (
    BODY,
    DenseCalibration,
    DenseMetadata,
    borrow_weights,
    load_dense,
    save_dense,
)
from detection.heatmap.network import HeatmapNet
from detection.heatmap.weights_file import DetectorMetadata, save_detector
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, WeightsError
from kuzushiji_submit.core.weights import replace_record
from kuzushiji_submit.core.weights_record import Provenance, WeightsRecord, read_record
from tests.dark_blobs import DarkBlobs, DarkBlobsConfig
from tests.detection.dense.conftest import CHARSET, TINY, make_network

METADATA = DenseMetadata(
    TINY, CHARSET, calibration=DenseCalibration(1.5), provenance=Provenance(training_data="made by a test", seed=3)
)


@pytest.fixture
def weights(tmp_path: Path, network: DenseReader) -> Path:
    path = tmp_path / "new" / "dense.safetensors"
    save_dense(path, network.state_dict(), METADATA)
    return path


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    torch.manual_seed(5)
    path = tmp_path / "detector.safetensors"
    save_detector(path, HeatmapNet(TINY.body).state_dict(), DetectorMetadata(network=TINY.body))
    return path


def test_what_is_saved_comes_back(weights: Path, network: DenseReader) -> None:
    loaded, described = load_dense(weights)
    assert described == METADATA
    assert loaded.config == TINY
    assert not loaded.training
    for name, tensor in network.state_dict().items():
        expected = tensor.half().float() if tensor.is_floating_point() and tensor.ndim > 1 else tensor
        assert torch.equal(loaded.state_dict()[name], expected), name


def test_a_file_is_not_overwritten_unless_told(weights: Path, network: DenseReader) -> None:
    other = dataclasses.replace(METADATA, calibration=DenseCalibration(2.0))
    with pytest.raises(WeightsError, match="exists"):
        save_dense(weights, network.state_dict(), other)
    save_dense(weights, network.state_dict(), other, overwrite=True)
    assert load_dense(weights)[1] == other


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_refused(temperature: float) -> None:
    with pytest.raises(ConfigError, match="a temperature must be above 0"):
        DenseCalibration(temperature)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "detector"}, "weights of a detector"),
        ({"architecture": "unet"}, "unknown dense_reader 'unet': there are "),
        ({"charset": Charset(("U+306E",))}, "its network needs"),
        ({"preprocessing": {"stride": 4, "unit": 40.0}}, r"unit=40\.0.*, this program at PageScale"),
        ({"preprocessing": {"stride": "4"}}, "stride must be int, not '4'"),
        ({"calibration": {"temperature": 0.0}}, "a temperature must be above 0"),
        ({"calibration": {"heat": 1.0}}, "unknown key heat"),
        ({"settings": {"hidden": 0}}, "sizes of 1 or more"),
        ({"settings": {"hidden": 25}}, "its network needs"),
    ],
)
def test_what_does_not_match_is_refused(weights: Path, changes: dict, message: str) -> None:
    record = read_record(weights)
    changes = {**changes, "settings": {**record.settings, **changes.get("settings", {})}}
    replace_record(weights, weights, dataclasses.replace(record, **changes))
    with pytest.raises(WeightsError, match=message) as caught:
        load_dense(weights)
    assert str(caught.value).startswith(str(weights))


def test_a_record_without_characters_is_no_reader_s() -> None:
    with pytest.raises(WeightsError, match="file: weights of a dense_reader without its charset"):
        DenseMetadata.from_record(WeightsRecord("dense_reader", "dense_fpn"), "file")


def test_a_detector_lends_its_pyramid_and_nothing_else(detector: Path) -> None:
    network, untouched = make_network(1), make_network(1).state_dict()
    borrow_weights(network, detector, CHARSET)
    torch.manual_seed(5)
    lent = HeatmapNet(TINY.body).state_dict()
    for name, tensor in network.state_dict().items():
        if name.split(".")[0] in BODY:
            stored = lent[name].half().float() if lent[name].ndim > 1 else lent[name]
            assert torch.equal(tensor, stored), name
        else:
            assert torch.equal(tensor, untouched[name]), name


def test_a_dense_reader_lends_everything(weights: Path) -> None:
    network = make_network(1)
    borrow_weights(network, weights, CHARSET)
    lent = load_dense(weights)[0].state_dict()
    assert all(torch.equal(tensor, lent[name]) for name, tensor in network.state_dict().items())


def test_what_cannot_be_lent_is_named_and_changes_nothing(weights: Path, detector: Path, tmp_path: Path) -> None:
    blobs = tmp_path / "blobs.safetensors"
    save_detector_of_another_kind(blobs)
    wider = dataclasses.replace(TINY, body=dataclasses.replace(TINY.body, pyramid=7))
    taller = dataclasses.replace(TINY, hidden=25)
    reordered = Charset(CHARSET.codepoints[::-1])
    cases = [
        (TINY, tmp_path / "none", CHARSET, WeightsError, "no such weights file"),
        (TINY, blobs, CHARSET, ConfigError, "dark_blobs has no stem.0.weight of the shape"),
        (wider, detector, CHARSET, ConfigError, "heatmap_fpn has no lateral.0.weight of the shape"),
        (wider, weights, CHARSET, ConfigError, "dense_fpn has no lateral.0.weight of the shape"),
        (taller, weights, CHARSET, ConfigError, "dense_fpn has no embed.1.weight of the shape"),
        (TINY, weights, reordered, ConfigError, "or in another order: name the same --charset"),
    ]
    for shape, path, charset, error, message in cases:
        network = DenseReader(shape, len(charset))
        before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        with pytest.raises(error, match=message):
            borrow_weights(network, path, charset)
        assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def save_detector_of_another_kind(path: Path) -> None:
    """A detector without a pyramid."""
    from kuzushiji_submit.core.weights import save_weights

    save_weights(path, DarkBlobs(DarkBlobsConfig()).state_dict(), WeightsRecord("detector", "dark_blobs"))


def test_a_recognizer_has_nothing_to_lend(weights: Path) -> None:
    record = dataclasses.replace(read_record(weights), kind="recognizer", architecture="reader")
    replace_record(weights, weights, record)
    with pytest.raises(WeightsError, match=r"weights of a recognizer \(reader\): name those of a detector"):
        borrow_weights(make_network(), weights, CHARSET)
