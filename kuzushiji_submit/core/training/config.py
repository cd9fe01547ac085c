"""Settings that every training has, whatever it trains."""

import math
from dataclasses import dataclass, field
from typing import Literal

from kuzushiji_submit.core.errors import ConfigError


@dataclass(frozen=True)
class BookSplit:
    """Which books are held out for validation; a book is never on both sides.

    Attributes:
        folds: into how many parts the books are dealt; 0 trains on everything and validates nothing.
        fold: the part held out, 0 to folds - 1.
        validation_books: books to hold out by name, instead of a fold.

    Raises:
        ConfigError: if the fold does not exist.
    """

    folds: int = 5
    fold: int = 0
    validation_books: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.folds < 0 or self.folds == 1 or not 0 <= self.fold < max(1, self.folds):
            raise ConfigError(
                f"split needs folds of 0 or at least 2 and 0 <= fold < folds: got {self.fold}/{self.folds}"
            )


@dataclass(frozen=True)
class AdamWConfig:
    """AdamW, whatever its schedule, and the average of the weights that it passes through.

    Attributes:
        learning_rate: the highest of the run.
        weight_decay: decoupled, on all parameters unless a stage says otherwise.
        betas: of AdamW.
        warmup: share of the steps in which the learning rate rises.
        gradient_clip: largest norm of the gradient; 0 does not clip.
        ema_decay: of the averaged weights that are validated and exported; 0 keeps none.

    Raises:
        ConfigError: if a value is out of its range.
    """

    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.99)
    warmup: float = 0.3
    gradient_clip: float = 0.0
    ema_decay: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ConfigError(f"optimizer learning_rate must be above 0, got {self.learning_rate}")
        if not (0 < self.warmup < 1 and 0 <= self.ema_decay < 1):
            raise ConfigError(
                f"optimizer needs warmup in (0, 1) and ema_decay in [0, 1), got {self.warmup} and {self.ema_decay}"
            )
        if not (0 <= self.weight_decay < math.inf and 0 <= self.gradient_clip < math.inf):
            raise ConfigError("optimizer weight_decay and gradient_clip must not be negative")
        if not all(0 <= value < 1 for value in self.betas):
            raise ConfigError("optimizer betas must lie in [0, 1)")


@dataclass(frozen=True)
class OneCycleConfig(AdamWConfig):
    """AdamW under a one-cycle schedule (Smith 2018), which moves the first of its betas against the learning rate.

    Attributes:
        momentum_low: the first beta at the highest learning rate.
        momentum_high: at both ends.
        start_factor: the first learning rate is the highest divided by this.
        end_factor: the last is the first divided by this.

    Raises:
        ConfigError: if a value is out of its range.
    """

    momentum_low: float = 0.85
    momentum_high: float = 0.95
    start_factor: float = 25.0
    end_factor: float = 1e4

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (0 <= self.momentum_low < 1 and 0 <= self.momentum_high < 1):
            raise ConfigError("optimizer momentum_low and momentum_high must lie in [0, 1)")
        if not (self.start_factor >= 1 and self.end_factor >= 1):
            raise ConfigError("optimizer start_factor and end_factor must be at least 1")


@dataclass(frozen=True)
class RuntimeConfig:
    """Where and how a run goes; unlike everything else it may change when the run is resumed.

    Attributes:
        accelerator: "auto", "cpu", "gpu" or another name of Lightning's.
        devices: "auto" or a number.
        precision: a name of Lightning's such as "32-true", "16-mixed" or "bf16-mixed".
        num_workers: processes that read training data; 0 reads in the training process.
        keep_every_epoch: whether the checkpoint of every epoch stays, beside the best and the last.
        progress: whether a bar is shown.
        tensorboard: whether TensorBoard's files are written as well (the package must be installed).
        time_budget: seconds after which the run stops in a state that it can be resumed from; 0 for no limit.

    Raises:
        ConfigError: if a value is out of its range.
    """

    accelerator: str = "auto"
    devices: str = "auto"
    precision: str = "32-true"
    num_workers: int = 0
    keep_every_epoch: bool = True
    progress: bool = True
    tensorboard: bool = False
    time_budget: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.time_budget < math.inf:
            raise ConfigError(f"runtime.time_budget must be seconds, 0 for no limit, got {self.time_budget}")
        if self.num_workers < 0:
            raise ConfigError(f"runtime.num_workers must not be negative, got {self.num_workers}")


@dataclass(frozen=True)
class TrainingConfig:
    """What every training run can be told; a stage adds its network and its data.

    Attributes:
        split: what is held out.
        optimizer: how the weights move.
        runtime: where the run goes.
        epochs: length of the run, and of its schedule.
        batch_size: items a step and device.
        seed: of initial weights, order and augmentation.
        initial_weights: a weights file to start from.
        export: whether the weights file holds the epoch with the best validation ("best") or the last one.

    Raises:
        ConfigError: if a value is out of its range.
    """

    split: BookSplit = field(default_factory=BookSplit)
    optimizer: AdamWConfig = field(default_factory=OneCycleConfig)
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)
    epochs: int = 7
    batch_size: int = 64
    seed: int = 0
    initial_weights: str = ""
    export: Literal["best", "last"] = "best"

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1:
            raise ConfigError(
                f"a training needs at least 1 epoch and batches of at least 1, got {self.epochs} and {self.batch_size}"
            )
        if self.seed < 0:
            raise ConfigError(f"a seed must not be negative, got {self.seed}")
        if self.export not in {"best", "last"}:
            raise ConfigError(f'export must be "best" or "last", got {self.export!r}')
