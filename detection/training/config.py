"""Everything a training run of the score map can be told."""

import math
from dataclasses import dataclass, field

from detection.heatmap.network import COARSEST, HeatmapNetConfig
from detection.training.augment import TileAugmentConfig


@dataclass(frozen=True)
class BookSplit:
    """Which books are held out for validation; a book is never on both sides.

    Attributes:
        folds: into how many parts the books are dealt; 0 trains on everything and validates nothing.
        fold: the part held out, 0 to folds - 1.
        validation_books: books to hold out by name, instead of a fold.

    Raises:
        ValueError: if the fold does not exist.
    """

    folds: int = 5
    fold: int = 0
    validation_books: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.folds < 0 or self.folds == 1 or not 0 <= self.fold < max(1, self.folds):
            raise ValueError(f"folds must be 0 or at least 2, and 0 <= fold < folds: got {self.fold}/{self.folds}")


@dataclass(frozen=True)
class HeatmapOptimizer:
    """AdamW under a one-cycle schedule.

    Attributes:
        learning_rate: the highest of the cycle.
        weight_decay: decoupled.
        warmup: share of the steps in which the learning rate rises.
        gradient_clip: largest norm of the gradient; 0 does not clip.
        ema_decay: of the averaged weights that are validated and exported; 0 keeps none.
        sides_weight: weight of the boxes' loss beside the map's.

    Raises:
        ValueError: if a value is out of its range.
    """

    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    warmup: float = 0.15
    gradient_clip: float = 5.0
    ema_decay: float = 0.998
    sides_weight: float = 0.5

    def __post_init__(self) -> None:
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate}")
        if not (0 < self.warmup < 1 and 0 <= self.ema_decay < 1):
            raise ValueError("warmup must lie in (0, 1), ema_decay in [0, 1)")
        if not all(value >= 0 for value in (self.weight_decay, self.gradient_clip, self.sides_weight)):
            raise ValueError("weight_decay, gradient_clip and sides_weight must not be negative")


@dataclass(frozen=True)
class HeatmapRuntime:
    """Where and how a run goes; unlike everything else it may change when the run is resumed.

    Attributes:
        accelerator: "auto", "cpu", "gpu" or another name of Lightning's.
        devices: "auto" or a number.
        precision: a name of Lightning's such as "32-true", "16-mixed" or "bf16-mixed".
        num_workers: processes that cut tiles; 0 cuts in the training process.
        keep_every_epoch: whether the checkpoint of every epoch stays, beside the best and the last.
        progress: whether a bar is shown.
        time_budget: seconds after which the run stops, with a checkpoint to go on from; 0 sets none.
        tensorboard: whether TensorBoard's files are written beside the CSV log; needs the package tensorboard.

    Raises:
        ValueError: if the time budget is none.
    """

    accelerator: str = "auto"
    devices: str = "auto"
    precision: str = "32-true"
    num_workers: int = 0
    keep_every_epoch: bool = True
    progress: bool = True
    time_budget: float = 0.0
    tensorboard: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.time_budget) and self.time_budget >= 0):
            raise ValueError(f"time_budget must be seconds, 0 for no limit, got {self.time_budget}")


@dataclass(frozen=True)
class HeatmapTraining:
    """A training run.

    Attributes:
        network: the network's shape.
        augment: how tiles are distorted.
        split: what is held out.
        optimizer: how the weights move.
        runtime: where the run goes.
        epochs: length of the one cycle.
        tiles_per_epoch: tiles an epoch, of all processes.
        batch_size: tiles a step and device.
        tile_size: side of a tile in pixels, a multiple of 32.
        seed: of initial weights, tiles and their distortion.
        initial_weights: a weights file to start from.
        export: whether the weights file holds the epoch with the best F1 ("best") or the last one.

    Raises:
        ValueError: if a value is out of its range.
    """

    network: HeatmapNetConfig = field(default_factory=HeatmapNetConfig)
    augment: TileAugmentConfig = field(default_factory=TileAugmentConfig)
    split: BookSplit = field(default_factory=BookSplit)
    optimizer: HeatmapOptimizer = field(default_factory=HeatmapOptimizer)
    runtime: HeatmapRuntime = field(default_factory=HeatmapRuntime)
    epochs: int = 20
    tiles_per_epoch: int = 2000
    batch_size: int = 8
    tile_size: int = 320
    seed: int = 0
    initial_weights: str = ""
    export: str = "best"

    def __post_init__(self) -> None:
        if self.tile_size < COARSEST or self.tile_size % COARSEST:
            raise ValueError(f"tile_size must be a multiple of {COARSEST}, got {self.tile_size}")
        if min(self.epochs, self.batch_size) < 1 or self.tiles_per_epoch < self.batch_size:
            raise ValueError("epochs and batch_size must be at least 1, tiles_per_epoch at least batch_size")
        if self.export not in {"best", "last"}:
            raise ValueError(f'export must be "best" or "last", got {self.export!r}')
