"""Weights files: the numbers in safetensors, everything prediction needs beside them as JSON in the header."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from kuzushiji_submit.core.errors import CharsetError, ConfigError, WeightsError
from kuzushiji_submit.core.files import replacing
from recognition.calibration import Calibration
from recognition.models.registry import build_model
from recognition.weights_metadata import WeightsMetadata

FORMAT_NAME = "kuzushiji-recognizer"
FORMAT_VERSION = 1


def save_weights(
    path: Path,
    state: Mapping[str, Tensor],
    metadata: WeightsMetadata,
    *,
    half: bool = False,
    overwrite: bool = False,
) -> None:
    """Writes a weights file; a reader sees the whole file or none.

    Args:
        path: where to write; its folder is made where it is missing.
        state: the model's state dict.
        metadata: what the file says about itself.
        half: stores matrices and kernels in 16 bits; vectors such as running variances keep 32.
        overwrite: whether an existing file may be replaced.

    Raises:
        WeightsError: if the file exists and may not be replaced, the state does not fit the model that the metadata
            describe, or a number is not finite (in half precision: would not be).
    """
    if path.exists() and not overwrite:
        raise WeightsError(f"{path} exists: choose another name, or ask for it to be overwritten")
    _check_state(path, state, _fresh_model(path, metadata).state_dict())
    tensors = {name: _to_stored(tensor, half=half) for name, tensor in state.items()}
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise WeightsError(
                f"{path}: {name} holds numbers that are not finite: not written; use an earlier checkpoint"
            )
    # One entry: the library writes several in random order, and equal weights should be equal files.
    _write_atomically(path, tensors, {FORMAT_NAME: describe(metadata)})


def with_calibration(source: Path, target: Path, calibration: Calibration) -> None:
    """Writes a copy of a weights file with another calibration; the numbers stay as they are. Both may be one file.

    Raises:
        WeightsError: as `load_weights`.
    """
    header, tensors = _read(source)
    metadata = dataclasses.replace(_read_metadata(source, header), calibration=calibration)
    _write_atomically(target, tensors, {FORMAT_NAME: describe(metadata)})


def load_weights(path: Path) -> tuple[nn.Module, WeightsMetadata]:
    """A model in evaluation mode, on the CPU in 32 bits, and what its file says about it.

    Raises:
        WeightsError: if the file is missing, is no weights file, is damaged, is of a newer format, or contradicts
            itself.
    """
    header, tensors = _read(path)
    metadata = _read_metadata(path, header)
    model = _fresh_model(path, metadata)
    expected = model.state_dict()
    _check_state(path, tensors, expected)
    model.load_state_dict({name: tensor.to(expected[name].dtype) for name, tensor in tensors.items()})
    return model.eval(), metadata


def read_metadata(path: Path) -> WeightsMetadata:
    """What a weights file says about itself, without building its model.

    Raises:
        WeightsError: as `load_weights`.
    """
    return _read_metadata(path, _read(path)[0])


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    if not path.is_file():
        raise WeightsError(f"{path}: no such weights file; train one, or give the path of one")
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            return file.metadata() or {}, {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(
            f"{path}: not a whole safetensors file ({error}); copy it again, or export the checkpoint to a weights file"
            " first"
        ) from error


def _read_metadata(path: Path, header: Mapping[str, str]) -> WeightsMetadata:
    if FORMAT_NAME not in header:
        raise WeightsError(f"{path}: a safetensors file, but not a recognizer's: its header lacks {FORMAT_NAME}")
    return parse_description(path, header[FORMAT_NAME])


def describe(metadata: WeightsMetadata) -> str:
    """What a file says about its weights, as JSON."""
    return json.dumps({"format_version": FORMAT_VERSION, **metadata.to_plain()})


def parse_description(path: Path, description: str) -> WeightsMetadata:
    """Reads what `describe` wrote into the file `path`.

    Raises:
        WeightsError: if it cannot be understood.
    """
    try:
        plain: dict[str, Any] = dict(json.loads(description))
        version = int(plain.pop("format_version"))
        if version > FORMAT_VERSION:
            raise ConfigError(f"written in format {version}, this program reads up to {FORMAT_VERSION}: update it")
        return WeightsMetadata.from_plain(plain)
    except (ConfigError, CharsetError) as error:
        raise WeightsError(f"{path}: {error}; use a file that this program exported") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(
            f"{path}: its description cannot be read ({error!r}); use a file that this program exported"
        ) from error


def _fresh_model(path: Path, metadata: WeightsMetadata) -> nn.Module:
    try:
        return build_model(metadata.model_name, metadata.model_config, len(metadata.charset))
    except ConfigError as error:
        raise WeightsError(f"{path}: {error}") from error


def _check_state(path: Path, state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    missing = sorted(set(expected) - set(state))
    unexpected = sorted(set(state) - set(expected))
    if missing or unexpected:
        raise WeightsError(
            f"{path}: its arrays are not its model's: missing {_some(missing)}, unexpected {_some(unexpected)}; "
            "it was written for another model or version"
        )
    for name, tensor in state.items():
        if tensor.shape != expected[name].shape:
            raise WeightsError(
                f"{path}: {name} has shape {tuple(tensor.shape)}, its model needs {tuple(expected[name].shape)}; "
                "it was written for another model or charset"
            )


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3]) or "none"
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _to_stored(tensor: Tensor, *, half: bool) -> Tensor:
    stored = tensor.detach().cpu()
    if half and stored.is_floating_point() and stored.ndim > 1:
        stored = stored.half()
    return stored.contiguous().clone()


def _write_atomically(path: Path, tensors: dict[str, Tensor], header: dict[str, str]) -> None:
    with replacing(path, make_folder=True) as temporary:
        save_file(tensors, temporary, metadata=header)
        temporary.chmod(0o644)  # the library makes files that only their owner can read
