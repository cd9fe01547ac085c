"""Weights of the first format become weights of this one, number by number."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from detection.heatmap.network import HeatmapNet, HeatmapNetConfig
from detection.heatmap.weights_file import load_detector
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from recognition.models.reader import ReaderConfig
from recognition.models.registry import build_model
from recognition.weights_file import load_weights
from tests.load_module import load_script

convert_weights = load_script("convert_weights")
CHARSET = Charset(("U+3042", "U+3044"))
READER = ReaderConfig((2, 4), (1,), 8)
HEATMAP = HeatmapNetConfig((2, 2, 2, 2, 2), (1, 1, 1, 1), 2)
PROVENANCE = {"training_data": "a test", "license": "MIT", "attribution": "", "split": "", "seed": 3, "date": "2020"}


def recognizer_header(**changes):
    header = {
        "format_version": 1,
        "model_name": "reader",
        "model_config": {"widths": [2, 4], "blocks": [1], "embedding": 8, "dropout": 0.2, "scale": 0.0},
        "charset": list(CHARSET.codepoints),
        "charset_fingerprint": CHARSET.fingerprint,
        "crop": {"size": 96, "margin": 0.06, "resize": "context", "fill": 0, "context": 2.2},
        "preprocess": {"mean": 0.1, "std": 0.25, "context": 1.5, "input_size": 64},
        "calibration": {"temperature": 0.9, "min_score": 0.2},
        "provenance": {**PROVENANCE, "scores": [["val/top1", 0.5]], "notes": "n"},
    }
    return {"kuzushiji-recognizer": json.dumps({**header, **changes})}


@pytest.fixture
def old_recognizer(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "recognizer.safetensors"
    state = build_model(READER, 2).state_dict()
    half = {
        name: value.half() if value.is_floating_point() and value.ndim > 1 else value for name, value in state.items()
    }
    save_file(half, path, metadata=recognizer_header())
    return path


@pytest.fixture
def old_detector(tmp_path):
    path = tmp_path / "detector.safetensors"
    network = {"widths": [2] * 5, "depths": [1] * 4, "pyramid": 2}
    header = {"format_version": 1, "network": network, "architecture": "heatmap_fpn", "stride": 4, "unit": 32.0}
    described = json.dumps({**header, **PROVENANCE, "scores": []})
    save_file(HeatmapNet(HEATMAP).state_dict(), path, metadata={"kuzushiji-detector": described})
    return path


def test_both_are_converted_where_they_lie(old_recognizer, old_detector, capsys):
    for path in (old_recognizer, old_detector):
        with pytest.raises(WeightsError, match=r"convert them with scripts/convert_weights\.py"):
            (load_weights if path is old_recognizer else load_detector)(path)
    before = {path: load_file(path) for path in (old_recognizer, old_detector)}
    assert convert_weights.main([str(old_recognizer), str(old_detector), "--ink", "floor=0.3"]) == 0
    for path, tensors in before.items():
        after = load_file(path)
        assert set(after) == set(tensors)
        for name, tensor in tensors.items():
            assert after[name].dtype == tensor.dtype
            assert torch.equal(after[name], tensor), name
    metadata = load_weights(old_recognizer)[1]
    assert (metadata.model, metadata.charset, metadata.ink) == (READER, CHARSET, InkConfig(floor=0.3))
    assert (metadata.crop.size, metadata.preprocess.std, metadata.calibration.temperature) == (96, 0.25, 0.9)
    assert (metadata.provenance.license, metadata.provenance.scores) == ("MIT", (("val/top1", 0.5),))
    assert load_detector(old_detector)[1].network == HEATMAP
    capsys.readouterr()
    content = old_recognizer.read_bytes()
    assert convert_weights.main([str(old_recognizer)]) == 0
    assert "is of this format already" in capsys.readouterr().out
    assert old_recognizer.read_bytes() == content


def test_the_old_file_stays_where_another_folder_is_named(old_recognizer, tmp_path, capsys):
    before = old_recognizer.read_bytes()
    arguments = [str(old_recognizer), "--out", str(tmp_path / "new")]
    assert convert_weights.main(arguments) == 0
    assert old_recognizer.read_bytes() == before
    assert load_weights(tmp_path / "new" / "recognizer.safetensors")[1].charset == CHARSET
    assert convert_weights.main(arguments) == 1
    assert "exists: choose another name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({}, "no weights of the first format"),
        ({"kuzushiji-recognizer": "{"}, "cannot be read"),
        (recognizer_header(format_version=0), "not of format version 1"),
        (recognizer_header(charset_fingerprint="0"), "fingerprint"),
        (recognizer_header(model_name="raeder"), "did you mean reader"),
        (recognizer_header(model_config={"widths": [4, 4], "blocks": [1]}), "its tensors are not its network's"),
        ({"kuzushiji-detector": json.dumps({"format_version": 1})}, "cannot be read"),
    ],
)
def test_what_cannot_be_converted_is_named_and_kept(old_recognizer, header, message, capsys):
    save_file(load_file(old_recognizer), old_recognizer, metadata=header)
    before = old_recognizer.read_bytes()
    assert convert_weights.main([str(old_recognizer)]) == 1
    assert message in capsys.readouterr().err
    assert old_recognizer.read_bytes() == before
    assert [path.name for path in old_recognizer.parent.iterdir()] == [old_recognizer.name]
