"""Weights of the score map: the numbers in safetensors, and what they are as JSON in the header."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from detection.heatmap.network import STRIDE, UNIT, HeatmapNet, HeatmapNetConfig
from kuzushiji_submit.core.errors import DetectionError
from kuzushiji_submit.core.files import atomic_bytes

FORMAT_NAME = "kuzushiji-detector"
FORMAT_VERSION = 1
ARCHITECTURE = "heatmap_fpn"
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "stride": (int,),
    "seed": (int,),
    "unit": (int, float),
    "network": (dict,),
    "scores": (list,),
}
"""How the fields that are no text appear in JSON."""


@dataclass(frozen=True)
class DetectorMetadata:
    """What a weights file says about itself. Text that is not known is empty.

    Attributes:
        network: the network's shape.
        architecture: its name.
        stride: page pixels per map cell.
        unit: pixels that the predicted distances are measured in, and the character size that pages are brought to.
        training_data: what the network saw, with names and versions.
        license: the license the weights are under, as its SPDX name where there is one.
        attribution: the words the license asks for.
        split: the fold, or how training and validation books were told apart.
        seed: the seed of the training run.
        scores: measured figures as (name, value).
        date: the day of the export, ISO 8601.
    """

    network: HeatmapNetConfig = field(default_factory=HeatmapNetConfig)
    architecture: str = ARCHITECTURE
    stride: int = STRIDE
    unit: float = UNIT
    training_data: str = ""
    license: str = ""
    attribution: str = ""
    split: str = ""
    seed: int = 0
    scores: tuple[tuple[str, float], ...] = ()
    date: str = ""

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "DetectorMetadata":
        """Reads the JSON form.

        Raises:
            ValueError: if a key is missing, unknown or of the wrong type, or the file was made for another program.
        """
        names = {one.name for one in dataclasses.fields(cls)}
        if set(values) != names:
            raise ValueError(f"its description has other keys: {', '.join(sorted(set(values) ^ names))}")
        for one in dataclasses.fields(cls):
            if not isinstance(values[one.name], _JSON_TYPES.get(one.name, (str,))):
                raise ValueError(f"{one.name} is {values[one.name]!r}")
        network = _network_config(values["network"])
        scores = tuple((str(name), float(value)) for name, value in values["scores"])
        made = cls(**{**values, "network": network, "scores": scores})
        for name, own in (("architecture", ARCHITECTURE), ("stride", STRIDE), ("unit", UNIT)):
            if getattr(made, name) != own:
                raise ValueError(f"{name} is {getattr(made, name)!r}, this program's is {own!r}")
        return made


def _network_config(values: Mapping[str, Any]) -> HeatmapNetConfig:
    shape: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    try:
        config = HeatmapNetConfig(**shape)
    except TypeError as error:
        raise ValueError(f"the network's shape is not understood ({error})") from error
    if not all(isinstance(number, int) for number in (*config.widths, *config.depths, config.pyramid)):
        raise ValueError(f"the network's shape holds more than whole numbers: {dict(values)}")
    return config


def save_detector(path: Path, state: Mapping[str, Tensor], metadata: DetectorMetadata) -> None:
    """Writes a weights file, kernels in 16 bits; a reader sees the whole file or none.

    Raises:
        DetectionError: if the state does not fit the network, or a number is not finite in 16 bits.
        OutputError: if the file cannot be written.
    """
    _check_state(path, state, HeatmapNet(metadata.network).state_dict())
    tensors = {}
    for name, tensor in state.items():
        stored = tensor.detach().cpu()
        stored = stored.half() if stored.is_floating_point() and stored.ndim > 1 else stored
        tensors[name] = stored.contiguous().clone()
    _check_finite(path, tensors, "use an earlier checkpoint")
    described = json.dumps({"format_version": FORMAT_VERSION, **dataclasses.asdict(metadata)})
    content = save(tensors, metadata={FORMAT_NAME: described})
    atomic_bytes(path, content)


def load_detector(path: Path) -> tuple[HeatmapNet, DetectorMetadata]:
    """A network in evaluation mode, on the CPU in 32 bits, and what its file says about it.

    Raises:
        DetectionError: if the file is missing, damaged, of a newer format, or does not match this program's network.
    """
    if not path.is_file():
        raise DetectionError(f"{path}: no such weights file: train one (kuzushiji train detector) or name another")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise DetectionError(f"{path}: not a whole safetensors file ({error}): copy it again") from error
    metadata = _read_metadata(path, header)
    network = HeatmapNet(metadata.network)
    expected = network.state_dict()
    _check_state(path, tensors, expected)
    _check_finite(path, tensors, "export it again from an earlier checkpoint")
    network.load_state_dict({name: tensor.to(expected[name].dtype) for name, tensor in tensors.items()})
    return network.eval(), metadata


def _read_metadata(path: Path, header: Mapping[str, str]) -> DetectorMetadata:
    if FORMAT_NAME not in header:
        raise DetectionError(f"{path}: a safetensors file, but not a detector's: its header lacks {FORMAT_NAME}")
    try:
        values = dict(json.loads(header[FORMAT_NAME]))
        version = int(values.pop("format_version"))
        if version > FORMAT_VERSION:
            raise ValueError(f"written in format {version}, this program reads up to {FORMAT_VERSION}")
        return DetectorMetadata.from_plain(values)
    except (ValueError, KeyError, TypeError) as error:
        raise DetectionError(f"{path}: {error}: use a file that this version exported") from error


def _check_finite(path: Path, tensors: Mapping[str, Tensor], remedy: str) -> None:
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise DetectionError(f"{path}: {name} holds numbers that are not finite: {remedy}")


def _check_state(path: Path, state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    if set(state) != set(expected):
        odd = sorted(set(state) ^ set(expected))
        raise DetectionError(
            f"{path}: its arrays are not this network's ({', '.join(odd[:3])} …, {len(odd)} in all): it was written "
            "for another network or version"
        )
    for name, tensor in state.items():
        if tensor.shape != expected[name].shape:
            raise DetectionError(
                f"{path}: {name} has shape {tuple(tensor.shape)}, this network needs {tuple(expected[name].shape)}"
            )
