"""Everything a training run of the column model can be told."""

import math
from dataclasses import dataclass, field

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.training.config import AdamWConfig, BookSplit, TrainingConfig
from recognition.column.network import ColumnNetworkConfig


@dataclass(frozen=True)
class ColumnOptimizer(AdamWConfig):
    """AdamW at a constant rate that declines to 0 at the end.

    ```
    rate    ╭──────────────────────────────╮
            │                               ╲
           ╱                                 ╲
          warmup                        decline        share of the steps
    ```

    Attributes:
        decline: share of the steps at the end in which the rate falls to 0, along a line.

    Raises:
        ConfigError: if a value is out of its range.
    """

    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.98)
    warmup: float = 0.004
    gradient_clip: float = 1.0
    decline: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.decline <= 1 - self.warmup:
            raise ConfigError(f"optimizer decline must lie between 0 and what warmup leaves, got {self.decline}")


@dataclass(frozen=True)
class ConfusionConfig:
    """Which crops are read to learn what readers mistake for what.

    Attributes:
        crops: how many; all where there are fewer.
        power: a crop is drawn with its class's number of crops to the power of less this: 1 for all classes alike.
        candidates: the best of what readers say of each.

    Raises:
        ConfigError: if a value is out of its range.
    """

    crops: int = 30_000
    power: float = 0.4
    candidates: int = 24

    def __post_init__(self) -> None:
        if self.crops < 1 or self.candidates < 2:
            raise ConfigError(f"confusions need at least 1 crop and 2 candidates, got {self.crops}, {self.candidates}")
        if not 0 <= self.power <= 1:
            raise ConfigError(f"confusions power must lie in 0..1, got {self.power}")


@dataclass(frozen=True)
class EyeConfig:
    """How weak an eye is that reads the text of a training run: each window has an eye of its own.

    Attributes:
        noise: standard deviation of what is added to each candidate's logarithm.
        penalties: what may be taken from the truth's, ascending; scores are made honest again for each.
        usual: the penalty in the middle of the windows'.
        spread: standard deviation of theirs.
        missed: part of the characters that the detector does not find.
        false_boxes: boxes without a character, as a part of those with one.

    Raises:
        ConfigError: if a value is out of its range.
    """

    noise: float = 0.7
    penalties: tuple[float, ...] = tuple(float(step) for step in range(-2, 8))
    usual: float = 3.5
    spread: float = 2.3
    missed: float = 0.03
    false_boxes: float = 0.02

    def __post_init__(self) -> None:
        if not self.penalties or sorted(set(self.penalties)) != list(self.penalties):
            raise ConfigError(f"eye penalties must ascend, and there must be one, got {list(self.penalties)}")
        if not all(math.isfinite(value) for value in (*self.penalties, self.usual)):
            raise ConfigError("eye penalties and usual must be numbers")
        if not all(0 <= value < math.inf for value in (self.noise, self.spread)):
            raise ConfigError(f"eye noise and spread must not be negative, got {self.noise} and {self.spread}")
        if not (0 <= self.missed <= 0.5 and 0 <= self.false_boxes <= 0.5):
            raise ConfigError(f"eye missed and false_boxes must lie in 0..0.5, got {self.missed}, {self.false_boxes}")


@dataclass(frozen=True)
class TextLossConfig:
    """The part of the loss that text alone has: a softmax over a sample of the classes (Jean et al. 2015).

    Attributes:
        weight: of it beside the loss of text and eye together.
        negatives: classes that the truth is told from, drawn anew each step.
        power: a class is drawn by its frequency in the texts to this power.

    Raises:
        ConfigError: if a value is out of its range.
    """

    weight: float = 0.5
    negatives: int = 1024
    power: float = 0.7

    def __post_init__(self) -> None:
        if not 0 <= self.weight < math.inf:
            raise ConfigError(f"text_loss weight must not be negative, got {self.weight}")
        if self.negatives < 1 or not 0 <= self.power <= 1:
            raise ConfigError(f"text_loss needs 1 negative and a power in 0..1, got {self.negatives}, {self.power}")


@dataclass(frozen=True)
class ColumnTraining(TrainingConfig):
    """A training run of the column model; a batch counts windows of text.

    Attributes:
        network: the network's shape.
        confusions: which crops are read.
        eye: how weak the eye is that reads the text.
        text_loss: of the text alone.
        optimizer: how the weights move.
        windows_per_epoch: windows an epoch, of all processes.

    Raises:
        ConfigError: if a value is out of its range.
    """

    split: BookSplit = field(default_factory=lambda: BookSplit(folds=10))
    network: ColumnNetworkConfig = field(default_factory=ColumnNetworkConfig)
    confusions: ConfusionConfig = field(default_factory=ConfusionConfig)
    eye: EyeConfig = field(default_factory=EyeConfig)
    text_loss: TextLossConfig = field(default_factory=TextLossConfig)
    optimizer: ColumnOptimizer = field(default_factory=ColumnOptimizer)
    epochs: int = 20
    batch_size: int = 16
    windows_per_epoch: int = 8000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.windows_per_epoch < self.batch_size:
            raise ConfigError(
                f"windows_per_epoch must be at least batch_size, got {self.windows_per_epoch} and {self.batch_size}"
            )
        if self.network.candidates > self.confusions.candidates:
            raise ConfigError(
                f"network.candidates={self.network.candidates} are more than confusions.candidates="
                f"{self.confusions.candidates}: raise the latter"
            )
