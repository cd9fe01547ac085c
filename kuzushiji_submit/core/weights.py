"""Weights files: one format, one writer and one loader for the networks of every kind."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.files import replacing
from kuzushiji_submit.core.registry import architecture
from kuzushiji_submit.core.weights_record import FORMAT_NAME, Provenance, WeightsRecord, read_record, settings_of

__all__ = [
    "Provenance",
    "WeightsRecord",
    "build_network",
    "load_network",
    "load_weights",
    "read_record",
    "replace_record",
    "save_weights",
]


def save_weights(
    path: Path, state: Mapping[str, Tensor], record: WeightsRecord, *, half: bool = False, overwrite: bool = False
) -> None:
    """Writes a weights file; a reader sees the whole file or none.

    Args:
        path: where to write; its folder is made where it is missing.
        state: the network's state dict.
        record: what the file says about itself.
        half: stores matrices and kernels in 16 bits; vectors such as running variances keep 32.
        overwrite: whether an existing file may be replaced.

    Raises:
        WeightsError: if the file exists and may not be replaced, the state does not fit the network that the record
            describes, or a number is not finite (in half precision: would not be).
        OutputError: if the file cannot be written.
    """
    if path.exists() and not overwrite:
        raise WeightsError(f"{path} exists: choose another name, or ask for it to be overwritten")
    _check_state(path, state, build_network(path, record).state_dict())
    tensors = {name: _to_stored(tensor, half=half) for name, tensor in state.items()}
    _check_finite(path, tensors)
    _write(path, tensors, record)


def load_weights(path: Path, kind: str) -> tuple[dict[str, Tensor], WeightsRecord]:
    """The numbers of a weights file, as they are stored, and what the file says about itself.

    Args:
        path: the file.
        kind: what its network must do, such as "recognizer".

    Raises:
        WeightsError: if the file is missing, damaged, of another format, or a network's of another kind.
    """
    record = read_record(path)
    record.require_kind(kind, str(path))
    return _read_tensors(path), record


def load_network(path: Path, kind: str) -> tuple[nn.Module, WeightsRecord]:
    """The network of a weights file, in evaluation mode, on the CPU in 32 bits, and what the file says about it.

    Raises:
        WeightsError: as `load_weights`; or if its network is unknown, or its tensors are not its network's.
    """
    tensors, record = load_weights(path, kind)
    network = build_network(path, record)
    expected = network.state_dict()
    _check_state(path, tensors, expected)
    _check_finite(path, tensors)
    network.load_state_dict({name: tensor.to(expected[name].dtype) for name, tensor in tensors.items()})
    return network.eval(), record


def build_network(path: Path, record: WeightsRecord) -> nn.Module:
    """A fresh network as the record of the file `path` describes it.

    Raises:
        WeightsError: if the network is unknown, or its settings are not right.
    """
    with settings_of(str(path)):
        chosen = architecture(record.kind, record.architecture)
        config = record.network_config()
        network: nn.Module = chosen.build(config, None if record.charset is None else len(record.charset))
    return network


def replace_record(source: Path, target: Path, record: WeightsRecord) -> None:
    """Writes a copy of a weights file with another record; the numbers stay as they are. Both may be one file.

    Raises:
        WeightsError: if the source cannot be read.
        OutputError: if the target cannot be written.
    """
    _write(target, _read_tensors(source), record)


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path}: not a whole safetensors file ({error}): copy it again") from error


def _write(path: Path, tensors: dict[str, Tensor], record: WeightsRecord) -> None:
    with replacing(path, make_folder=True) as temporary:
        # One entry: the library writes several in random order, and equal weights should be equal files.
        save_file(tensors, temporary, metadata={FORMAT_NAME: record.to_text()})
        temporary.chmod(0o644)  # the library makes files that only their owner can read


def _to_stored(tensor: Tensor, *, half: bool) -> Tensor:
    stored = tensor.detach().cpu()
    if half and stored.is_floating_point() and stored.ndim > 1:
        stored = stored.half()
    return stored.contiguous().clone()


def _check_finite(path: Path, tensors: Mapping[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise WeightsError(f"{path}: {name} holds numbers that are not finite: use an earlier checkpoint")


def _check_state(path: Path, state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    missing = sorted(set(expected) - set(state))
    unexpected = sorted(set(state) - set(expected))
    if missing or unexpected:
        raise WeightsError(
            f"{path}: its tensors are not its network's: missing {_some(missing)}, unexpected {_some(unexpected)}: "
            "it was written for another network or version"
        )
    for name, tensor in state.items():
        if tensor.shape != expected[name].shape:
            raise WeightsError(
                f"{path}: {name} has shape {tuple(tensor.shape)}, its network needs {tuple(expected[name].shape)}: "
                "it was written for another network or charset"
            )


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3]) or "none"
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
