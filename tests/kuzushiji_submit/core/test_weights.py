"""Weights files: what is written comes back, and what does not match is refused by name."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, OutputError, WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.registry import forget, register
from kuzushiji_submit.core.weights import load_network, load_weights, replace_record, save_weights
from kuzushiji_submit.core.weights_record import FORMAT_NAME, Provenance, WeightsRecord, read_record


@dataclass(frozen=True)
class TinyConfig:
    width: int = 3

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ConfigError("width must be at least 1")


class Tiny(nn.Module):
    def __init__(self, config: TinyConfig, class_count: int) -> None:
        super().__init__()
        self.first = nn.Linear(2, config.width)
        self.norm = nn.BatchNorm1d(config.width)
        self.last = nn.Linear(config.width, class_count)


RECORD = WeightsRecord(
    kind="recognizer",
    architecture="tiny",
    settings={"width": 3},
    charset=Charset(("U+3042", "U+3044")),
    ink=InkConfig(floor=0.4),
    preprocessing={"crop": {"size": 32}},
    calibration={"temperature": 0.9},
    provenance=Provenance("a test", "MIT", "nobody", seed=3, scores=(("val/top1", 0.5),), date="2020-01-02"),
)


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    register("recognizer", "tiny", TinyConfig)(Tiny)
    yield
    forget("recognizer", "tiny")


@pytest.fixture
def network() -> Tiny:
    torch.manual_seed(0)
    return Tiny(TinyConfig(), 2)


@pytest.fixture
def path(tmp_path: Path, network: Tiny) -> Path:
    target = tmp_path / "new" / "weights.safetensors"
    save_weights(target, network.state_dict(), RECORD)
    return target


def rewrite(path: Path, tensors: Callable = dict, header: Callable = dict) -> Path:
    """A copy of a weights file whose tensors or header went through functions."""
    with safe_open(path, framework="pt") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        described = dict(file.metadata())
    changed = path.with_name("changed.safetensors")
    save_file(tensors(arrays), changed, metadata=header(described))
    return changed


def says(**changes: object) -> Callable[[dict], dict]:
    """A change of the record; a value of `...` takes the key out, a function changes what is there."""

    def apply(header: dict) -> dict:
        plain = json.loads(header[FORMAT_NAME])
        for key, value in changes.items():
            if value is ...:
                del plain[key]
            elif callable(value):
                value(plain[key])
            else:
                plain[key] = value
        return {FORMAT_NAME: json.dumps(plain)}

    return apply


def test_what_is_saved_comes_back(path: Path, network: Tiny) -> None:
    loaded, record = load_network(path, "recognizer")
    assert record == RECORD == read_record(path)
    assert not loaded.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


@pytest.mark.parametrize(
    "record",
    [WeightsRecord("column", "none"), dataclasses.replace(RECORD, charset=None, ink=None, settings={})],
    ids=["nothing-said", "some"],
)
def test_a_record_survives_its_text(record: WeightsRecord) -> None:
    assert WeightsRecord.from_text(record.to_text(), "x") == record


def test_the_same_weights_are_the_same_bytes(path: Path, network: Tiny) -> None:
    again = path.with_name("again.safetensors")
    save_weights(again, dict(reversed(network.state_dict().items())), RECORD)
    assert again.read_bytes() == path.read_bytes()


def test_reading_the_record_loads_no_torch(path: Path) -> None:
    code = (
        "import sys, pathlib; from kuzushiji_submit.core.weights_record import read_record;"
        f"print(read_record(pathlib.Path({str(path)!r})).architecture); sys.exit('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "tiny\n")


def test_half_precision_stores_kernels_only(tmp_path: Path, network: Tiny) -> None:
    # A variance that half precision would turn into 0, and a mean that it would turn into infinity.
    network.norm.running_var.fill_(1e-9)
    network.norm.running_mean.fill_(1e6)
    target = tmp_path / "half.safetensors"
    save_weights(target, network.state_dict(), RECORD, half=True)
    stored = load_weights(target, "recognizer")[0]
    assert {name for name, tensor in stored.items() if tensor.dtype == torch.float16} == {"first.weight", "last.weight"}
    state = load_network(target, "recognizer")[0].state_dict()
    for name, tensor in network.state_dict().items():
        assert state[name].dtype == tensor.dtype
        assert torch.equal(state[name], tensor.half().float() if tensor.ndim > 1 else tensor), name


def test_an_existing_file_is_kept_unless_told(path: Path, network: Tiny) -> None:
    before = path.read_bytes()
    other = dataclasses.replace(RECORD, calibration={"temperature": 2.0})
    with pytest.raises(WeightsError, match="exists: choose another name"):
        save_weights(path, network.state_dict(), other)
    assert path.read_bytes() == before
    save_weights(path, network.state_dict(), other, overwrite=True)
    assert read_record(path) == other


def test_another_record_leaves_the_numbers(path: Path) -> None:
    other = dataclasses.replace(RECORD, calibration={"temperature": 2.0})
    before = load_weights(path, "recognizer")[0]
    replace_record(path, path, other)
    after, record = load_weights(path, "recognizer")
    assert record == other
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_failed_write_leaves_what_was_there(path: Path, network: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def fail(tensors: object, target: Path, metadata: object) -> None:
        Path(target).write_bytes(b"half a file")
        raise OSError("no space left")

    monkeypatch.setattr("kuzushiji_submit.core.weights.save_file", fail)
    with pytest.raises(OutputError, match="no space"):
        save_weights(path, network.state_dict(), RECORD, overwrite=True)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(("value", "half"), [(float("nan"), False), (float("inf"), False), (1e5, True)])
def test_numbers_that_are_not_finite_are_not_written(
    tmp_path: Path, network: Tiny, value: float, *, half: bool
) -> None:
    state = network.state_dict()
    state["last.weight"][0, 0] = value
    with pytest.raises(WeightsError, match=r"last\.weight holds numbers that are not finite: use an earlier"):
        save_weights(tmp_path / "bad.safetensors", state, RECORD, half=half)
    assert list(tmp_path.iterdir()) == []


def test_the_state_of_another_network_is_not_written(tmp_path: Path, network: Tiny) -> None:
    with pytest.raises(WeightsError, match="its network needs"):
        save_weights(tmp_path / "x", network.state_dict(), dataclasses.replace(RECORD, settings={"width": 4}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("tensors", "header", "message"),
    [
        pytest.param(lambda t: {}, dict, "missing first.bias, first.weight, last.bias and 6 more", id="empty"),
        pytest.param(
            lambda t: {name: value for name, value in t.items() if name != "last.bias"},
            dict,
            r"missing last\.bias, unexpected none",
            id="lacks",
        ),
        pytest.param(lambda t: {**t, "extra": torch.zeros(1)}, dict, "missing none, unexpected extra", id="extra"),
        pytest.param(
            lambda t: {**t, "last.bias": torch.zeros(7)},
            dict,
            r"last\.bias has shape \(7,\), its network needs \(2,\)",
            id="shape",
        ),
        pytest.param(lambda t: {**t, "last.bias": t["last.bias"] / 0}, dict, "not finite", id="infinite"),
        pytest.param(dict, lambda h: {}, "lacks the entry kuzushiji", id="no-header"),
        pytest.param(dict, lambda h: {"format": "pt"}, "lacks the entry kuzushiji", id="foreign-header"),
        pytest.param(
            dict, lambda h: {"kuzushiji-recognizer": "{}"}, r"convert them with scripts/convert_weights\.py", id="old"
        ),
        pytest.param(
            dict, lambda h: {"kuzushiji-detector": "{}"}, r"convert them with scripts/convert_weights\.py", id="old-too"
        ),
        pytest.param(dict, says(format_version=3), "written in format 3, this program reads up to 2", id="newer"),
        pytest.param(dict, says(format_version="one"), "says no format version", id="bad-version"),
        pytest.param(dict, says(format_version=...), "says no format version", id="no-version"),
        pytest.param(dict, lambda h: {FORMAT_NAME: "{"}, "use a file that", id="broken-json"),
        pytest.param(dict, lambda h: {FORMAT_NAME: "[]"}, "says no format version", id="json-list"),
        pytest.param(dict, lambda h: {FORMAT_NAME: "7"}, "says no format version", id="json-number"),
        pytest.param(dict, says(ink=...), "ink is missing", id="lacks-key"),
        pytest.param(dict, says(inks={}), "unknown key inks: did you mean ink", id="unknown-key"),
        pytest.param(dict, says(ink={"flor": 1}), r"unknown key ink\.flor: did you mean ink\.floor", id="unknown-ink"),
        pytest.param(dict, says(settings=[]), r"settings must be .*, not \[\]", id="settings-list"),
        pytest.param(dict, says(charset=lambda c: c.update(fingerprint="0")), "fingerprint", id="fingerprint"),
        pytest.param(dict, says(charset=lambda c: c["codepoints"].reverse()), "class order", id="order"),
        pytest.param(dict, says(charset=lambda c: c["codepoints"].append("U+3042")), "twice", id="twice"),
        pytest.param(dict, says(charset=lambda c: c["codepoints"].clear()), "charset is empty", id="no-charset"),
        pytest.param(dict, says(kind="detector"), r"weights of a detector \(tiny\): name those of a rec", id="kind"),
        pytest.param(dict, says(architecture="tine"), "unknown recognizer 'tine': did you mean tiny", id="unknown"),
        pytest.param(dict, says(settings={"depth": 1}), "unknown key depth: the keys there are width", id="setting"),
        pytest.param(dict, says(settings={"width": 0}), "width must be at least 1", id="bad-setting"),
        pytest.param(dict, says(settings={"width": 4}), "its network needs", id="wider"),
        pytest.param(dict, says(provenance=lambda p: p.update(scores=[["a"]])), r"scores\[0\]", id="bad-scores"),
        pytest.param(
            dict, says(provenance=lambda p: p.update(license=None)), r"license must be str, not None", id="no-license"
        ),
    ],
)
def test_what_does_not_match_is_refused(path: Path, tensors: Callable, header: Callable, message: str) -> None:
    changed = rewrite(path, tensors, header)
    with pytest.raises(WeightsError, match=message) as caught:
        load_network(changed, "recognizer")
    assert str(caught.value).startswith(str(changed))
    assert "\n" not in str(caught.value)


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4738292\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a whole safetensors file .*: copy it again"),
        (b"short", "not a whole safetensors file"),
        (b"\xff" * 100, "not a whole safetensors file"),
        (b"PK\x03\x04 a pickled checkpoint", "as PyTorch's checkpoints are"),
        (POINTER, "a Git LFS pointer, .*: fetch them with git lfs pull"),
    ],
)
@pytest.mark.parametrize("read", [read_record, lambda path: load_network(path, "recognizer")])
def test_other_files_are_named_for_what_they_are(tmp_path: Path, content: bytes, message: str, read: Callable) -> None:
    other = tmp_path / "weights.safetensors"
    other.write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        read(other)


@pytest.mark.parametrize("kept", [8, 100, -1])
@pytest.mark.parametrize("read", [read_record, lambda path: load_network(path, "recognizer")])
def test_a_truncated_file_is_refused(path: Path, kept: int, read: Callable) -> None:
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(WeightsError, match=r"not a whole safetensors file .*: copy it again"):
        read(path)


@pytest.mark.parametrize("name", ["missing.safetensors", "."])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="no such weights file: train one"):
        read_record(tmp_path / name)
