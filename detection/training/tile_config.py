"""What every run on tiles of pages can be told."""

from dataclasses import dataclass, field

from detection.heatmap.network import COARSEST
from detection.training.augment import TileAugmentConfig
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.training.config import TrainingConfig


@dataclass(frozen=True)
class TileTraining(TrainingConfig):
    """A training run; a batch counts tiles.

    Attributes:
        augment: how tiles are distorted.
        tiles_per_epoch: tiles an epoch, of all processes.
        tile_size: side of a tile in pixels, a multiple of 32.

    Raises:
        ConfigError: if a value is out of its range.
    """

    augment: TileAugmentConfig = field(default_factory=TileAugmentConfig)
    epochs: int = 20
    tiles_per_epoch: int = 2000
    batch_size: int = 8
    tile_size: int = 320

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tile_size < COARSEST or self.tile_size % COARSEST:
            raise ConfigError(f"tile_size must be a multiple of {COARSEST}, got {self.tile_size}")
        if self.tiles_per_epoch < self.batch_size:
            raise ConfigError(
                f"tiles_per_epoch must be at least batch_size, got {self.tiles_per_epoch} and {self.batch_size}"
            )
