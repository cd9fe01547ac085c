"""Everything a training run of the dense reader can be told."""

import math
from dataclasses import dataclass, field

from detection.dense.network import DenseReaderConfig
from detection.training.augment import TileAugmentConfig
from detection.training.tile_config import TileTraining
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.training.config import BookSplit, OneCycleConfig


@dataclass(frozen=True)
class DenseOptimizer(OneCycleConfig):
    """The one cycle with the defaults of the dense reader, and its loss.

    Attributes:
        label_smoothing: of the cross entropy.

    Raises:
        ConfigError: if a value is out of its range.
    """

    learning_rate: float = 2e-3
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.05
    warmup: float = 0.1
    gradient_clip: float = 5.0
    ema_decay: float = 0.999
    label_smoothing: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.label_smoothing < 1:
            raise ConfigError(f"optimizer label_smoothing must lie in [0, 1), got {self.label_smoothing}")


@dataclass(frozen=True)
class BoxNoise:
    """How boxes are moved in training, since a detector's are not those of the truth.

    Attributes:
        usual: standard deviation of each side, as a part of the box's.
        far: how often it is two and a half times that.
        elastic: largest standard deviation of a smooth warp of the tile, as a part of a character.

    Raises:
        ConfigError: if a value is negative or not finite.
    """

    usual: float = 0.07
    far: float = 0.1
    elastic: float = 0.05

    def __post_init__(self) -> None:
        if not all(0 <= value < math.inf for value in (self.usual, self.far, self.elastic)):
            raise ConfigError(f"boxes take no negative value, got {self}")


@dataclass(frozen=True)
class DenseTraining(TileTraining):
    """A training run of the dense reader.

    Attributes:
        network: the network's shape.
        boxes: how the boxes in them are moved.
        optimizer: how the weights move.
        tries: places that are drawn for each tile; the one with most characters is taken.
        power: a character counts as its class's number of boxes to this power, less 1: 1 for all alike, 0 for classes
            alike.

    Raises:
        ConfigError: if a value is out of its range.
    """

    split: BookSplit = field(default_factory=lambda: BookSplit(folds=20))
    network: DenseReaderConfig = field(default_factory=DenseReaderConfig)
    augment: TileAugmentConfig = field(
        default_factory=lambda: TileAugmentConfig(smallest=23.0, largest=38.0, rotate=5.0, shear=0.15)
    )
    boxes: BoxNoise = field(default_factory=BoxNoise)
    optimizer: DenseOptimizer = field(default_factory=DenseOptimizer)
    tiles_per_epoch: int = 4000
    tries: int = 5
    power: float = 0.75

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tries < 1:
            raise ConfigError(f"tries must be at least 1, got {self.tries}")
        if not 0 <= self.power <= 1:
            raise ConfigError(f"power must lie in 0..1, got {self.power}")
