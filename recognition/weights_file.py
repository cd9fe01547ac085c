"""Weights files of recognizers: those of `core.weights`, with the types of this stage."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor, nn

from kuzushiji_submit.core import weights
from recognition.calibration import Calibration
from recognition.models.registry import KIND
from recognition.weights_metadata import WeightsMetadata


def save_weights(
    path: Path, state: Mapping[str, Tensor], metadata: WeightsMetadata, *, half: bool = False, overwrite: bool = False
) -> None:
    """Writes a weights file.

    Raises:
        WeightsError, OutputError: as `kuzushiji_submit.core.weights.save_weights`.
    """
    weights.save_weights(path, state, metadata.to_record(), half=half, overwrite=overwrite)


def load_weights(path: Path) -> tuple[nn.Module, WeightsMetadata]:
    """A model in evaluation mode, on the CPU in 32 bits, and what its file says about it.

    Raises:
        WeightsError: as `kuzushiji_submit.core.weights.load_network`.
    """
    metadata = read_metadata(path)
    return weights.load_network(path, KIND)[0], metadata


def read_metadata(path: Path) -> WeightsMetadata:
    """What a weights file says about itself, without building its model.

    Raises:
        WeightsError: as `kuzushiji_submit.core.weights_record.read_record`.
    """
    return WeightsMetadata.from_record(weights.read_record(path), str(path))


def with_calibration(source: Path, target: Path, calibration: Calibration) -> None:
    """Writes a copy of a weights file with another calibration; the numbers stay as they are. Both may be one file.

    Raises:
        WeightsError: as `load_weights`.
        OutputError: if the target cannot be written.
    """
    weights.replace_record(source, target, replace(read_metadata(source), calibration=calibration).to_record())
