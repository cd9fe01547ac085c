"""Weights files of column models: those of `core.weights`, with the types of this network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from torch import Tensor

from kuzushiji_submit.core import weights
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.registry import architecture_of
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.core.weights_record import Provenance, WeightsRecord, settings_of
from recognition.column.network import KIND, ColumnNetwork, ColumnNetworkConfig


@dataclass(frozen=True)
class ColumnMetadata:
    """What a column model's weights file says about itself.

    Attributes:
        network: the settings of the network.
        charset: the characters in class order.
        provenance: where the weights come from.
    """

    network: ColumnNetworkConfig
    charset: Charset
    provenance: Provenance = field(default_factory=Provenance)

    def to_record(self) -> WeightsRecord:
        """As every weights file says it."""
        return WeightsRecord(
            kind=KIND,
            architecture=architecture_of(self.network).name,
            settings=to_plain(self.network),
            charset=self.charset,
            provenance=self.provenance,
        )

    @classmethod
    def from_record(cls, record: WeightsRecord, where: str) -> "ColumnMetadata":
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
        return cls(network, charset, record.provenance)


def save_column(path: Path, state: Mapping[str, Tensor], metadata: ColumnMetadata, *, overwrite: bool = False) -> None:
    """Writes a weights file, matrices in 16 bits.

    Raises:
        WeightsError, OutputError: as `kuzushiji_submit.core.weights.save_weights`.
    """
    weights.save_weights(path, state, metadata.to_record(), half=True, overwrite=overwrite)


def load_column(path: Path) -> tuple[ColumnNetwork, ColumnMetadata]:
    """A network in evaluation mode, on the CPU in 32 bits, and what its file says about it.

    Raises:
        WeightsError: as `kuzushiji_submit.core.weights.load_network`.
    """
    network, record = weights.load_network(path, KIND)
    return cast("ColumnNetwork", network), ColumnMetadata.from_record(record, str(path))


def borrow_weights(network: ColumnNetwork, path: Path, charset: Charset) -> None:
    """Takes over a weights file of a column model of the same shape, for the same characters.

    Args:
        network: learns them.
        path: the file.
        charset: the network's characters, in class order.

    Raises:
        WeightsError: if the file is no column model's, or cannot be read.
        ConfigError: if it has another shape, or says other characters.
    """
    lender, metadata = load_column(path)
    if metadata.charset != charset:
        raise ConfigError(f"{path}: says other characters than the run, or in another order: start without it")
    lent, own = lender.state_dict(), network.state_dict()
    odd = [name for name in own if name not in lent or lent[name].shape != own[name].shape]
    if odd:
        raise ConfigError(f"{path}: has no {odd[0]} of the shape that the run's network has: start from the same shape")
    network.load_state_dict(lent)
