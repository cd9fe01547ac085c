import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from detection.heatmap.network import HeatmapNet
from detection.heatmap.weights_file import FORMAT_NAME, DetectorMetadata, load_detector, save_detector
from kuzushiji_submit.core.errors import DetectionError, OutputError
from tests.detection.heatmap.conftest import TINY

METADATA = DetectorMetadata(
    network=TINY,
    training_data="made by a test",
    license="MIT",
    attribution="nobody",
    split="by book; held out: b",
    seed=3,
    scores=(("f1", 0.5), ("recall", 0.25)),
    date="2020-01-02",
)
KERNEL = "head.1.weight"


@pytest.fixture
def weights(tmp_path: Path, network: HeatmapNet) -> Path:
    path = tmp_path / "new" / "detector.safetensors"
    save_detector(path, network.state_dict(), METADATA)
    return path


@pytest.fixture
def rewrite(tmp_path: Path, weights: Path) -> Callable[..., Path]:
    """A copy of the weights file whose arrays or header went through functions."""

    def change(tensors: Callable = dict, header: Callable = dict) -> Path:
        with safe_open(weights, framework="pt") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            described = dict(file.metadata())
        changed = tmp_path / "changed.safetensors"
        save_file(tensors(arrays), changed, metadata=header(described))
        return changed

    return change


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


def test_the_same_weights_are_the_same_bytes(tmp_path: Path, weights: Path, network: HeatmapNet) -> None:
    again = tmp_path / "again.safetensors"
    save_detector(again, dict(reversed(network.state_dict().items())), METADATA)
    assert again.read_bytes() == weights.read_bytes()
    loaded, metadata = load_detector(weights)
    save_detector(again, loaded.state_dict(), metadata)
    assert again.read_bytes() == weights.read_bytes()
    assert [path.name for path in weights.parent.iterdir()] == ["detector.safetensors"]


def describe(change: Callable[[dict], object]) -> Callable[[dict], dict]:
    """A change of the header's JSON."""

    def apply(header: dict) -> dict:
        plain = json.loads(header[FORMAT_NAME])
        change(plain)
        return {FORMAT_NAME: json.dumps(plain)}

    return apply


def without(name: str) -> Callable[[dict], dict]:
    return lambda tensors: {key: value for key, value in tensors.items() if key != name}


def with_number(value: float) -> Callable[[dict], dict]:
    def apply(tensors: dict) -> dict:
        tensors[KERNEL][0, 0] = value
        return tensors

    return apply


@pytest.mark.parametrize(
    ("tensors", "header", "message"),
    [
        pytest.param(lambda t: {}, dict, r"its arrays are not this network's .* in all\)", id="empty"),
        pytest.param(without("head.1.bias"), dict, r"not this network's \(head\.1\.bias …, 1 in all\)", id="lacks"),
        pytest.param(lambda t: {**t, "extra": torch.zeros(1)}, dict, r"not this network's \(extra", id="extra"),
        pytest.param(
            lambda t: {**t, "head.1.bias": torch.zeros(7)},
            dict,
            r"head\.1\.bias has shape \(7,\), this network needs \(5,\)",
            id="shape",
        ),
        pytest.param(with_number(float("nan")), dict, r"head\.1\.weight holds numbers that are not finite", id="nan"),
        pytest.param(with_number(float("inf")), dict, r"head\.1\.weight holds numbers that are not finite", id="inf"),
        pytest.param(dict, lambda h: {}, "not a detector's", id="no-header"),
        pytest.param(dict, lambda h: {"kuzushiji-recognizer": "{}"}, "not a detector's", id="recognizer"),
        pytest.param(
            dict, describe(lambda d: d.update(format_version=2)), "written in format 2, .* reads up to 1", id="newer"
        ),
        pytest.param(dict, describe(lambda d: d.update(format_version="one")), "use a file that", id="bad-version"),
        pytest.param(dict, describe(lambda d: d.pop("format_version")), "format_version", id="no-version"),
        pytest.param(dict, lambda h: {FORMAT_NAME: "{"}, "use a file that", id="broken-json"),
        pytest.param(dict, lambda h: {FORMAT_NAME: "[]"}, "use a file that", id="json-list"),
        pytest.param(dict, lambda h: {FORMAT_NAME: "7"}, "use a file that", id="json-number"),
        pytest.param(dict, describe(lambda d: d.pop("seed")), "has other keys: seed", id="lacks-key"),
        pytest.param(dict, describe(lambda d: d.update(color=1)), "has other keys: color", id="unknown-key"),
        pytest.param(
            dict,
            describe(lambda d: d.update(architecture="unet")),
            "architecture is 'unet', this program's is 'heatmap_fpn'",
            id="architecture",
        ),
        pytest.param(dict, describe(lambda d: d.update(stride=8)), "stride is 8, this program's is 4", id="stride"),
        pytest.param(dict, describe(lambda d: d.update(unit=40.0)), "unit is 40.0, this program's is 32.0", id="unit"),
        pytest.param(dict, describe(lambda d: d.update(stride="4")), "stride is '4'", id="stride-text"),
        pytest.param(dict, describe(lambda d: d.update(license=None)), "license is None", id="license-none"),
        pytest.param(dict, describe(lambda d: d.update(network=[])), r"network is \[\]", id="network-list"),
        pytest.param(
            dict, describe(lambda d: d["network"].update(pyramid=8)), r"has shape .* this network needs", id="narrower"
        ),
        pytest.param(
            dict, describe(lambda d: d["network"].update(skip=True)), "shape is not understood", id="unknown-setting"
        ),
        pytest.param(
            dict, describe(lambda d: d["network"].update(widths=[4])), "5 widths and 4 depths", id="few-widths"
        ),
        pytest.param(
            dict, describe(lambda d: d["network"].update(widths=["a"] * 5)), "shape is not understood", id="text-widths"
        ),
        pytest.param(
            dict, describe(lambda d: d["network"].update(pyramid=4.5)), "more than whole numbers", id="half-a-channel"
        ),
        pytest.param(dict, describe(lambda d: d.update(scores=[["f1"]])), "use a file that", id="bad-scores"),
        pytest.param(dict, describe(lambda d: d.update(scores=[["f1", "x"]])), "use a file that", id="text-scores"),
    ],
)
def test_what_does_not_match_is_refused(
    rewrite: Callable[..., Path], tensors: Callable, header: Callable, message: str
) -> None:
    changed = rewrite(tensors, header)
    with pytest.raises(DetectionError, match=message) as caught:
        load_detector(changed)
    assert str(caught.value).startswith(str(changed))


@pytest.mark.parametrize("content", [b"", b"short", b"PK\x03\x04 a pickled checkpoint", b"\xff" * 100])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(DetectionError, match=r"not a whole safetensors file .*copy it again"):
        load_detector(path)


@pytest.mark.parametrize("kept", [8, 100, -1])
def test_a_truncated_file_is_refused(weights: Path, kept: int) -> None:
    weights.write_bytes(weights.read_bytes()[:kept])
    with pytest.raises(DetectionError, match="not a whole safetensors file"):
        load_detector(weights)


def test_a_plain_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.safetensors"
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(DetectionError, match="not a detector's: its header lacks kuzushiji-detector"):
        load_detector(path)


@pytest.mark.parametrize("name", ["missing.safetensors", "."])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DetectionError, match="no such weights file: train one"):
        load_detector(tmp_path / name)


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), 1e5], ids=["nan", "infinite", "beyond-16-bits"])
def test_numbers_that_are_not_finite_are_not_written(tmp_path: Path, network: HeatmapNet, value: float) -> None:
    path = tmp_path / "bad.safetensors"
    state = with_number(value)(network.state_dict())
    with pytest.raises(DetectionError, match=r"head\.1\.weight holds numbers .* earlier checkpoint"):
        save_detector(path, state, METADATA)
    assert list(tmp_path.iterdir()) == []


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
    with pytest.raises(DetectionError, match="this network needs"):
        save_detector(tmp_path / "x.safetensors", network.state_dict(), wider)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_what_was_there(
    weights: Path, network: HeatmapNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = weights.read_bytes()

    def fail(self: Path, target: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match="no space"):
        save_detector(weights, network.state_dict(), dataclasses.replace(METADATA, seed=4))
    monkeypatch.undo()
    assert weights.read_bytes() == before
    assert [path.name for path in weights.parent.iterdir()] == ["detector.safetensors"]
