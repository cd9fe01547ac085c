"""Everything a training run of the score map can be told."""

from dataclasses import dataclass, field

from detection.heatmap.network import HeatmapNetConfig
from detection.training.tile_config import TileTraining
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.training.config import OneCycleConfig


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
class HeatmapTraining(TileTraining):
    """A training run of the score map.

    Attributes:
        network: the network's shape.
        optimizer: how the weights move.

    Raises:
        ConfigError: if a value is out of its range.
    """

    network: HeatmapNetConfig = field(default_factory=HeatmapNetConfig)
    optimizer: HeatmapOptimizer = field(default_factory=HeatmapOptimizer)
