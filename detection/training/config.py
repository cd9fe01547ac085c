"""Everything a training run of the score map can be told."""

from dataclasses import dataclass, field

from detection.heatmap.network import COARSEST, HeatmapNetConfig
from detection.training.augment import TileAugmentConfig
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.training.config import OneCycleConfig, TrainingConfig


@dataclass(frozen=True)
class HeatmapOptimizer(OneCycleConfig):
    """The one cycle with the defaults of the score map, and the weights of its losses.

    Attributes:
        sides_weight: weight of the boxes' loss beside the map's.

    Raises:
        ConfigError: if a value is out of its range.
    """

    learning_rate: float = 3e-3
    betas: tuple[float, float] = (0.9, 0.999)
    warmup: float = 0.15
    gradient_clip: float = 5.0
    ema_decay: float = 0.998
    sides_weight: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.sides_weight >= 0:
            raise ConfigError(f"optimizer sides_weight must not be negative, got {self.sides_weight}")


@dataclass(frozen=True)
class HeatmapTraining(TrainingConfig):
    """A training run; a batch counts tiles.

    Attributes:
        network: the network's shape.
        augment: how tiles are distorted.
        optimizer: how the weights move.
        tiles_per_epoch: tiles an epoch, of all processes.
        tile_size: side of a tile in pixels, a multiple of 32.

    Raises:
        ConfigError: if a value is out of its range.
    """

    network: HeatmapNetConfig = field(default_factory=HeatmapNetConfig)
    augment: TileAugmentConfig = field(default_factory=TileAugmentConfig)
    optimizer: HeatmapOptimizer = field(default_factory=HeatmapOptimizer)
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
