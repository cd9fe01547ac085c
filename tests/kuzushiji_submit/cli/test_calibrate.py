"""`calibrate`: a dense reader beside the reader of crops, in whose file the calibration of both goes."""

import pytest
import torch

from detection.dense.network import DenseReader, DenseReaderConfig
from detection.dense.weights_file import DenseMetadata, save_dense
from detection.heatmap.network import HeatmapNetConfig
from kuzushiji_submit.cli.main import main
from kuzushiji_submit.core.charset import Charset
from recognition.weights_file import read_metadata
from tests.kuzushiji_submit.conftest import CODEPOINTS


@pytest.fixture
def dense(tmp_path):
    """An untrained dense reader of the recognizer's characters."""
    torch.manual_seed(0)
    config = DenseReaderConfig(HeatmapNetConfig((4, 4, 4, 4, 4), (1, 1, 1, 1), 4), hidden=8, embedding=8)
    path = tmp_path / "dense.safetensors"
    state = DenseReader(config, len(CODEPOINTS)).state_dict()
    save_dense(path, state, DenseMetadata(config, Charset(CODEPOINTS)))
    return path


def test_one_reader_of_crops_and_a_dense_reader(data, weights, dense, tmp_path):
    out, alone = tmp_path / "both.safetensors", tmp_path / "alone.safetensors"
    command = ["calibrate", "--data", str(data), "--detector", "ink", "--device", "cpu"]
    assert main([*command, "--recognizer-weights", str(weights), "--out", str(alone)]) == 0
    assert main([*command, "--recognizer-weights", str(dense), str(weights), "--out", str(out)]) == 0
    both, before = read_metadata(out), read_metadata(alone)
    assert (both.model, both.charset) == (before.model, before.charset)
    assert both.calibration.temperature != before.calibration.temperature
