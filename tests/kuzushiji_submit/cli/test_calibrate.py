"""`calibrate` with what reads beside the reader of crops: a dense reader, a column model."""

import pytest
import torch

from detection.dense.network import DenseReader, DenseReaderConfig
from detection.dense.weights_file import DenseMetadata, save_dense
from detection.heatmap.network import HeatmapNetConfig
from kuzushiji_submit.cli.main import main
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.reading import default_weights
from kuzushiji_submit.reading.text_readers import WEIGHTS
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


def test_a_column_model_is_tried_with_every_weight_of_the_text(
    data, weights, column_model, tmp_path, monkeypatch, capsys
):
    for name in ("TEXT_PRIOR", "COLUMN_MODEL"):
        monkeypatch.setattr(default_weights, name, tmp_path / "none")
    out = tmp_path / "calibrated.safetensors"
    command = ["calibrate", "--data", str(data), "--detector", "ink", "--device", "cpu", "--out", str(out)]
    command += ["--recognizer-weights", str(weights)]
    assert main(command) == 0
    assert read_metadata(out).calibration.context_weight is None
    assert "context.weight" not in capsys.readouterr().out
    assert main([*command, "--column", str(column_model)]) == 0
    chosen = read_metadata(out).calibration.context_weight
    assert chosen in WEIGHTS
    assert f"context.weight {chosen:g} of (weight, best F1) 0 " in capsys.readouterr().out


def test_what_was_read_before_needs_no_column_model(data, column_model, tmp_path, capsys):
    command = ["calibrate", "--data", str(data), "--readings", "r.jsonl", "--out", str(tmp_path / "threshold.toml")]
    assert main([*command, "--column", str(column_model)]) == 1
    assert "leave out weights, detector, prior, column model and --pages" in capsys.readouterr().err
