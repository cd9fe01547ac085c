"""Weights files of dense readers: those of `core.weights`, with the types of this network."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from torch import Tensor

from detection.dense.network import KIND, DenseReader, DenseReaderConfig
from detection.heatmap.weights_file import PageScale
from kuzushiji_submit.core import weights
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.registry import architecture_of
from kuzushiji_submit.core.settings import from_plain, to_plain
from kuzushiji_submit.core.weights_record import Provenance, WeightsRecord, settings_of

BODY = ("stem", "levels", "lateral", "smooth")
"""The parts of a network that are its feature pyramid."""


@dataclass(frozen=True)
class DenseCalibration:
    """How a dense reader's scores are to be taken.

    Attributes:
        temperature: its logits are divided by it before they join those of others.

    Raises:
        ConfigError: if it is not above 0.
    """

    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ConfigError(f"a temperature must be above 0, got {self.temperature}")


@dataclass(frozen=True)
class DenseMetadata:
    """What a dense reader's weights file says about itself.

    Attributes:
        network: the settings of the network.
        charset: the characters in class order.
        scale: the character size that pages are brought to.
        calibration: what makes its scores comparable with those of others.
        provenance: where the weights come from.
    """

    network: DenseReaderConfig
    charset: Charset
    scale: PageScale = field(default_factory=PageScale)
    calibration: DenseCalibration = field(default_factory=DenseCalibration)
    provenance: Provenance = field(default_factory=Provenance)

    def to_record(self) -> WeightsRecord:
        """As every weights file says it."""
        return WeightsRecord(
            kind=KIND,
            architecture=architecture_of(self.network).name,
            settings=to_plain(self.network),
            charset=self.charset,
            preprocessing=to_plain(self.scale),
            calibration=to_plain(self.calibration),
            provenance=self.provenance,
        )

    @classmethod
    def from_record(cls, record: WeightsRecord, where: str) -> "DenseMetadata":
        """Reads what `to_record` made.

        Args:
            record: what a weights file says.
            where: the file, for messages.

        Raises:
            WeightsError: if the record is another kind's, or says something that this version does not know.
        """
        record.require_kind(KIND, where)
        charset = record.require_charset(where)
        with settings_of(where):
            network = record.network_config()
            scale = from_plain(PageScale, record.preprocessing, "preprocessing")
            if scale != PageScale():
                raise ConfigError(f"it reads pages at {scale}, this program at {PageScale()}")
            calibration = from_plain(DenseCalibration, record.calibration, "calibration")
        return cls(network, charset, scale, calibration, record.provenance)


def save_dense(path: Path, state: Mapping[str, Tensor], metadata: DenseMetadata, *, overwrite: bool = False) -> None:
    """Writes a weights file, kernels in 16 bits.

    Raises:
        WeightsError, OutputError: as `kuzushiji_submit.core.weights.save_weights`.
    """
    weights.save_weights(path, state, metadata.to_record(), half=True, overwrite=overwrite)


def load_dense(path: Path) -> tuple[DenseReader, DenseMetadata]:
    """A network in evaluation mode, on the CPU in 32 bits, and what its file says about it.

    Raises:
        WeightsError: as `kuzushiji_submit.core.weights.load_network`, or if it reads pages at another scale.
    """
    network, record = weights.load_network(path, KIND)
    return cast("DenseReader", network), DenseMetadata.from_record(record, str(path))


def borrow_weights(network: DenseReader, path: Path, charset: Charset) -> None:
    """Takes over the feature pyramid of a detector's weights file, or all of a dense reader's for the same characters.

    Args:
        network: learns them.
        path: the file.
        charset: the network's characters, in class order.

    Raises:
        WeightsError: if the file is neither's, or cannot be read.
        ConfigError: if its pyramid has another shape, or it says other characters.
    """
    dense = weights.read_record(path).kind == KIND
    lender, record = weights.load_network(path, KIND if dense else "detector")
    if dense and record.charset != charset:
        raise ConfigError(f"{path}: says other characters than the run, or in another order: name the same --charset")
    lent, own = lender.state_dict(), network.state_dict()
    wanted = [name for name in own if dense or name.split(".")[0] in BODY]
    odd = [name for name in wanted if name not in lent or lent[name].shape != own[name].shape]
    if odd:
        raise ConfigError(
            f"{path}: {record.architecture} has no {odd[0]} of the shape that the run's network has: start from "
            "weights of the same shape"
        )
    network.load_state_dict({**own, **{name: lent[name] for name in wanted}})
