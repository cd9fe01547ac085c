"""Weights files of column models; what every weights file has in common is tested with `core.weights`."""

import dataclasses
from pathlib import Path

import pytest
import torch

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, WeightsError
from kuzushiji_submit.core.weights import replace_record
from kuzushiji_submit.core.weights_record import Provenance, WeightsRecord, read_record
from recognition.column.network import ColumnNetwork
from recognition.column.weights_file import ColumnMetadata, borrow_weights, load_column, save_column
from tests.recognition.column.conftest import CHARSET, TINY, make_network

METADATA = ColumnMetadata(TINY, CHARSET, Provenance(training_data="made by a test", seed=3))


@pytest.fixture
def weights(tmp_path: Path, network: ColumnNetwork) -> Path:
    path = tmp_path / "new" / "column.safetensors"
    save_column(path, network.state_dict(), METADATA)
    return path


def test_what_is_saved_comes_back(weights: Path, network: ColumnNetwork) -> None:
    loaded, described = load_column(weights)
    assert described == METADATA
    assert loaded.config == TINY
    assert not loaded.training
    for name, tensor in network.state_dict().items():
        expected = tensor.half().float() if tensor.ndim > 1 else tensor
        assert torch.equal(loaded.state_dict()[name], expected), name


def test_a_file_is_not_overwritten_unless_told(weights: Path, network: ColumnNetwork) -> None:
    other = dataclasses.replace(METADATA, provenance=Provenance(seed=4))
    with pytest.raises(WeightsError, match="exists"):
        save_column(weights, network.state_dict(), other)
    save_column(weights, network.state_dict(), other, overwrite=True)
    assert load_column(weights)[1] == other


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "recognizer"}, "weights of a recognizer"),
        ({"architecture": "lstm"}, "unknown column 'lstm': there are column_transformer"),
        ({"charset": Charset(("U+306E",))}, "its network needs"),
        ({"settings": {"layers": 0}}, "sizes of 1 or more"),
        ({"settings": {"width": 16}}, "its network needs"),
        ({"settings": {"depth": 2}}, "unknown key depth"),
    ],
)
def test_what_does_not_match_is_refused(weights: Path, changes: dict, message: str) -> None:
    record = read_record(weights)
    changes = {**changes, "settings": {**record.settings, **changes.get("settings", {})}}
    replace_record(weights, weights, dataclasses.replace(record, **changes))
    with pytest.raises(WeightsError, match=message) as caught:
        load_column(weights)
    assert str(caught.value).startswith(str(weights))


def test_a_record_without_characters_is_no_column_model_s() -> None:
    with pytest.raises(WeightsError, match="file: weights of a column without its charset"):
        ColumnMetadata.from_record(WeightsRecord("column", "column_transformer"), "file")


def test_a_column_model_lends_everything(weights: Path) -> None:
    network = make_network(1)
    borrow_weights(network, weights, CHARSET)
    lent = load_column(weights)[0].state_dict()
    assert all(torch.equal(tensor, lent[name]) for name, tensor in network.state_dict().items())


def test_what_cannot_be_lent_is_named_and_changes_nothing(weights: Path, tmp_path: Path) -> None:
    wider, deeper = dataclasses.replace(TINY, width=16), dataclasses.replace(TINY, layers=3)
    cases = [
        (TINY, tmp_path / "none", CHARSET, WeightsError, "no such weights file"),
        (TINY, weights, Charset(CHARSET.codepoints[::-1]), ConfigError, "or in another order"),
        (wider, weights, CHARSET, ConfigError, "has no vectors.weight of the shape"),
        (deeper, weights, CHARSET, ConfigError, r"has no above\.attention\.layers\.2\."),
    ]
    for shape, path, charset, error, message in cases:
        network = make_network(1, shape)
        before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        with pytest.raises(error, match=message):
            borrow_weights(network, path, charset)
        assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
