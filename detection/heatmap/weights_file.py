"""Weights files of detectors: those of `core.weights`, with what every network of this stage has in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor, nn

from detection.heatmap.network import STRIDE, UNIT, HeatmapNetConfig
from kuzushiji_submit.core import weights
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.registry import NetworkConfig, architecture_of
from kuzushiji_submit.core.settings import from_plain, to_plain
from kuzushiji_submit.core.weights_record import Provenance, WeightsRecord, settings_of

KIND = "detector"


@dataclass(frozen=True)
class PageScale:
    """What a map's cells and distances are measured in; part of the network, and recorded with its weights.

    Attributes:
        stride: page pixels per map cell.
        unit: pixels that the predicted distances are measured in, and the character size that pages are brought to.
    """

    stride: int = STRIDE
    unit: float = UNIT


@dataclass(frozen=True)
class DetectorMetadata:
    """What a detector's weights file says about itself.

    Attributes:
        network: the settings of the network, which say which one it is.
        scale: what its map is measured in.
        provenance: where the weights come from.
        ink: the ink it was trained on; None, as of all that this project trains, where it is shown the levelled page.
    """

    network: NetworkConfig = field(default_factory=HeatmapNetConfig)
    scale: PageScale = field(default_factory=PageScale)
    provenance: Provenance = field(default_factory=Provenance)
    ink: InkConfig | None = None

    def to_record(self) -> WeightsRecord:
        """As every weights file says it."""
        return WeightsRecord(
            kind=KIND,
            architecture=architecture_of(self.network).name,
            settings=to_plain(self.network),
            ink=self.ink,
            preprocessing=to_plain(self.scale),
            provenance=self.provenance,
        )

    @classmethod
    def from_record(cls, record: WeightsRecord, where: str) -> "DetectorMetadata":
        """Reads what `to_record` made.

        Raises:
            WeightsError: if the record is another kind's, says something that this version does not know, or was made
                for another stride or unit.
        """
        record.require_kind(KIND, where)
        with settings_of(where):
            network = record.network_config()
            scale = from_plain(PageScale, record.preprocessing, "preprocessing")
            if scale != PageScale():
                raise ConfigError(f"its map is measured in {scale}, this program's in {PageScale()}")
        return cls(network, scale, record.provenance, record.ink)


def save_detector(
    path: Path, state: Mapping[str, Tensor], metadata: DetectorMetadata, *, overwrite: bool = False
) -> None:
    """Writes a weights file, kernels in 16 bits.

    Raises:
        WeightsError, OutputError: as `kuzushiji_submit.core.weights.save_weights`.
    """
    weights.save_weights(path, state, metadata.to_record(), half=True, overwrite=overwrite)


def load_detector(path: Path) -> tuple[nn.Module, DetectorMetadata]:
    """A network in evaluation mode, on the CPU in 32 bits, and what its file says about it.

    Raises:
        WeightsError: as `kuzushiji_submit.core.weights.load_network`, or if its map is measured otherwise.
    """
    network, record = weights.load_network(path, KIND)
    return network, DetectorMetadata.from_record(record, str(path))
