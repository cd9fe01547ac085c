import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from kuzushiji_submit.core.errors import OutputError, WeightsError
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.preprocess import PreprocessConfig
from recognition.weights_file import FORMAT_NAME, load_weights, read_metadata, save_weights
from recognition.weights_metadata import WeightsMetadata


def test_what_is_saved_comes_back(weights: Path, model: torch.nn.Module, metadata: WeightsMetadata) -> None:
    loaded, described = load_weights(weights)
    assert described == metadata
    assert read_metadata(weights) == metadata
    assert not loaded.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_half_precision_stores_kernels_only(tmp_path: Path, model: torch.nn.Module, metadata: WeightsMetadata) -> None:
    path = tmp_path / "half.safetensors"
    # A variance that half precision would turn into 0, and a mean that it would turn into infinity.
    model.stages[0][0][2].running_var.fill_(1e-9)
    model.stages[0][0][2].running_mean.fill_(1e6)
    save_weights(path, model.state_dict(), metadata, half=True)
    loaded = load_weights(path)[0]
    state, original = loaded.state_dict(), model.state_dict()
    assert all(tensor.dtype in {torch.float32, torch.int64} for tensor in state.values())
    for name, tensor in original.items():
        expected = tensor.half().float() if tensor.ndim > 1 else tensor
        assert torch.equal(state[name], expected), name
    assert not torch.equal(state["head.2.weight"], original["head.2.weight"])


def test_existing_file_is_kept_unless_told(weights: Path, model: torch.nn.Module, metadata: WeightsMetadata) -> None:
    before = weights.read_bytes()
    other = dataclasses.replace(metadata, preprocess=PreprocessConfig(mean=0.5))
    with pytest.raises(WeightsError, match="exists"):
        save_weights(weights, model.state_dict(), other)
    assert weights.read_bytes() == before
    save_weights(weights, model.state_dict(), other, overwrite=True)
    assert read_metadata(weights) == other


def test_failed_write_leaves_no_trace(
    tmp_path: Path, model: torch.nn.Module, metadata: WeightsMetadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(tensors: object, path: Path, metadata: object) -> None:
        Path(path).write_bytes(b"half a file")
        raise OSError("no space left")

    monkeypatch.setattr("recognition.weights_file.save_file", fail)
    folder = tmp_path / "new"
    with pytest.raises(OutputError, match="no space"):
        save_weights(folder / "weights.safetensors", model.state_dict(), metadata)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_not_written(
    tmp_path: Path, model: torch.nn.Module, metadata: WeightsMetadata, value: float
) -> None:
    path = tmp_path / "bad.safetensors"
    state = model.state_dict()
    state["head.2.weight"][0, 0] = value
    with pytest.raises(WeightsError, match=r"head\.2\.weight"):
        save_weights(path, state, metadata)
    assert not path.exists()


def test_half_precision_overflow_is_not_written(
    tmp_path: Path, model: torch.nn.Module, metadata: WeightsMetadata
) -> None:
    state = model.state_dict()
    state["head.2.weight"][0, 0] = 1e5
    save_weights(tmp_path / "full.safetensors", state, metadata)
    with pytest.raises(WeightsError, match="not finite"):
        save_weights(tmp_path / "half.safetensors", state, metadata, half=True)


def test_state_of_another_model_is_not_written(
    tmp_path: Path, model: torch.nn.Module, metadata: WeightsMetadata
) -> None:
    wider = dataclasses.replace(metadata, model_config=KuzuCharRecConfig((4, 9), 1))
    with pytest.raises(WeightsError, match="its model needs"):
        save_weights(tmp_path / "x.safetensors", model.state_dict(), wider)


def describe(change: Callable[[dict], object]) -> Callable[[dict], dict]:
    """A change of the header's JSON."""

    def apply(header: dict) -> dict:
        plain = json.loads(header[FORMAT_NAME])
        change(plain)
        return {FORMAT_NAME: json.dumps(plain)}

    return apply


@pytest.mark.parametrize(
    ("tensors", "header", "message"),
    [
        pytest.param(lambda t: {}, dict, "missing head", id="empty"),
        pytest.param(
            lambda t: {k: v for k, v in t.items() if k != "head.2.bias"},
            dict,
            r"missing head\.2\.bias, unexpected none",
            id="lacks",
        ),
        pytest.param(lambda t: {**t, "extra": torch.zeros(1)}, dict, "missing none, unexpected extra", id="extra"),
        pytest.param(
            lambda t: {**t, "head.2.bias": torch.zeros(7)},
            dict,
            r"head\.2\.bias has shape \(7,\), its model needs \(6,\)",
            id="shape",
        ),
        pytest.param(dict, lambda h: {}, "not a recognizer's", id="no-header"),
        pytest.param(dict, lambda h: {"format": "pt"}, "not a recognizer's", id="foreign-header"),
        pytest.param(
            dict, describe(lambda d: d.update(format_version=2)), "written in format 2, .* reads up to 1", id="newer"
        ),
        pytest.param(dict, describe(lambda d: d.update(format_version="one")), "cannot be read", id="bad-version"),
        pytest.param(dict, describe(lambda d: d.pop("format_version")), "cannot be read", id="no-version"),
        pytest.param(dict, lambda h: {FORMAT_NAME: "{"}, "description cannot be read", id="broken-json"),
        pytest.param(dict, lambda h: {FORMAT_NAME: "[]"}, "description cannot be read", id="json-list"),
        pytest.param(dict, lambda h: {FORMAT_NAME: "7"}, "description cannot be read", id="json-number"),
        pytest.param(dict, describe(lambda d: d.pop("crop")), "missing or unknown keys: crop", id="lacks-crop"),
        pytest.param(dict, describe(lambda d: d.update(color=1)), "missing or unknown keys: color", id="unknown-key"),
        pytest.param(dict, describe(lambda d: d.update(charset_fingerprint="0")), "fingerprint", id="fingerprint"),
        pytest.param(dict, describe(lambda d: d["charset"].reverse()), "class order", id="order"),
        pytest.param(dict, describe(lambda d: d["charset"].append("U+3042")), "twice", id="twice"),
        pytest.param(dict, describe(lambda d: d.update(charset=[])), "charset is empty", id="no-charset"),
        pytest.param(
            dict, describe(lambda d: d.update(model_name="resnet")), "unknown model 'resnet'", id="unknown-model"
        ),
        pytest.param(
            dict,
            describe(lambda d: d["model_config"].update(depth=1)),
            r"unknown key depth",
            id="unknown-setting",
        ),
        pytest.param(
            dict, describe(lambda d: d["model_config"].update(order="x")), "order must be one of", id="bad-order"
        ),
        pytest.param(dict, describe(lambda d: d["crop"].update(size=300)), "crop size", id="bad-size"),
        pytest.param(dict, describe(lambda d: d["preprocess"].update(std="1")), r"std must be float", id="bad-std"),
        pytest.param(
            dict,
            describe(lambda d: d["provenance"].update(scores=[["a"]])),
            "description cannot be read",
            id="bad-scores",
        ),
    ],
)
def test_what_does_not_match_is_refused(
    weights: Path, rewrite: Callable[..., Path], tensors: Callable, header: Callable, message: str
) -> None:
    changed = rewrite(weights, tensors, header)
    with pytest.raises(WeightsError, match=message) as caught:
        load_weights(changed)
    assert str(changed) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"short", b"PK\x03\x04 a pickled checkpoint", b"\xff" * 100])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        load_weights(path)


@pytest.mark.parametrize("kept", [8, 100, -1])
def test_truncated_file_is_refused(weights: Path, kept: int) -> None:
    weights.write_bytes(weights.read_bytes()[:kept])
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        load_weights(weights)


def test_safetensors_without_a_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.safetensors"
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(WeightsError, match="not a recognizer's"):
        load_weights(path)


@pytest.mark.parametrize("name", ["missing.safetensors", "."])
def test_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="no such weights file"):
        load_weights(tmp_path / name)
