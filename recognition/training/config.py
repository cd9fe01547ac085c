"""Everything a training run can be told."""

import math
from dataclasses import dataclass, field, replace
from typing import ClassVar

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.registry import architecture_of
from recognition.models.reader import ReaderConfig
from recognition.models.registry import RecognizerConfig, needs_context
from recognition.preprocess import PreprocessConfig

EXPORTS = ("best", "last")
SPLITS = ("books", "crops", "copied_crops")
DEFAULT_CONTEXT = 1.5
"""Side of the window that a reader sees, as a multiple of the box's longer side."""


@dataclass(frozen=True)
class SplitConfig:
    """Which books are held out for validation; a book is never on both sides.

    The modes "crops" and "copied_crops" leak and are there to measure by how much: the first deals single crops by
    chance, the second copies every class up to `copies_to` first, as the seed did.

    Attributes:
        folds: into how many parts the books are dealt; 0 trains on everything and validates nothing.
        fold: the part held out, 0 to folds - 1.
        validation_books: books to hold out by name, instead of a fold.
        stratified: deals books so that each fold has about the same share of every class.
        fraction: share of the crops that the run uses, drawn by chance before the split.
        mode: "books", "crops" or "copied_crops".
        validation_share: share of crops held out by the leaking modes; the seed's was 0.3.
        copies_to: crops that every class has at least after "copied_crops".
        seed: of the drawing and dealing of crops.
    """

    folds: int = 5
    fold: int = 0
    validation_books: tuple[str, ...] = ()
    stratified: bool = False
    fraction: float = 1.0
    mode: str = "books"
    validation_share: float = 0.3
    copies_to: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        if self.folds < 0 or self.folds == 1 or not 0 <= self.fold < max(1, self.folds):
            raise ConfigError(
                f"split needs folds of 0 or at least 2 and 0 <= fold < folds, got {self.fold}/{self.folds}"
            )
        if self.mode not in SPLITS:
            raise ConfigError(f"split mode must be one of {SPLITS}, got {self.mode!r}")
        if not (0 < self.fraction <= 1 and 0 < self.validation_share < 1 and self.copies_to >= 1 and self.seed >= 0):
            raise ConfigError(
                "split needs a fraction in (0, 1], a validation_share in (0, 1), copies_to of at least 1 and a seed of "
                f"at least 0, got {self.fraction}, {self.validation_share}, {self.copies_to} and {self.seed}"
            )


@dataclass(frozen=True)
class BalanceConfig:
    """How often each class is drawn in an epoch, by the sampler alone: nothing is copied or deleted.

    A class of n crops is drawn in proportion to n ** power, then at least and at most so often.

    Attributes:
        power: 1 draws as frequent as in the books, 0 draws every class alike.
        at_least: draws a class and epoch at least gets; 0 sets no bound.
        at_most: draws a class and epoch at most gets; 0 sets no bound.
        epoch_size: draws an epoch before the bounds; 0 takes as many as there are crops.
        negatives: share of an epoch's draws that are boxes without a character, where there are any.
    """

    power: float = 0.7
    at_least: float = 0.0
    at_most: float = 0.0
    epoch_size: int = 0
    negatives: float = 0.08

    def __post_init__(self) -> None:
        if not 0 <= self.power <= 1 or min(self.at_least, self.at_most, self.epoch_size) < 0:
            raise ConfigError("balance needs a power between 0 and 1 and bounds that are not negative")
        if not 0 <= self.negatives < 1:
            raise ConfigError(f"balance negatives must be a share of the draws in [0, 1), got {self.negatives}")
        if 0 < self.at_most < self.at_least:
            raise ConfigError(f"balance at_most ({self.at_most}) is below at_least ({self.at_least})")


@dataclass(frozen=True)
class AugmentConfig:
    """How far a crop may be distorted while it remains the same character; nothing is ever mirrored.

    Attributes:
        strength: multiplies everything below; 0 switches augmentation off.
        rotate: largest turn in degrees.
        shear: largest slant, as a fraction of the crop.
        scale: largest change of size, and of width against height, as a fraction.
        translate: largest shift, as a fraction of the crop.
        elastic: standard deviation of the warp at its knots, as a fraction of the crop.
        thickness: how often strokes become thicker or thinner.
        thicker: by how many pixels on either side at most.
        thinner: the same, the other way.
        blur: how often a crop is blurred or sharpened.
        show_through: how often another crop shows through from the back, mirrored and faint.
        neighbors: how often another crop's strokes reach in from above or below, and from either side.
        jitter: standard deviation of the error of each side of a box, as a fraction of the box; only for models that
            are shown a box in its context.
        jitter_far: how often a box errs 2.5 times as much.
        contrast: largest relative change of the ink's darkness.
        haze: highest ink value added to the whole crop, in [0, 1].
        noise: largest standard deviation of pixel noise, in [0, 1].
        erase: how often a rectangle is wiped to paper.
        erase_side: largest side of it, as a fraction of the crop.
    """

    strength: float = 1.0
    rotate: float = 5.0
    shear: float = 0.15
    scale: float = 0.12
    translate: float = 0.06
    elastic: float = 0.02
    thickness: float = 0.5
    thicker: float = 1.0
    thinner: float = 1.0
    blur: float = 0.0
    show_through: float = 0.0
    neighbors: float = 0.0
    jitter: float = 0.07
    jitter_far: float = 0.1
    contrast: float = 0.35
    haze: float = 0.1
    noise: float = 0.06
    erase: float = 0.2
    erase_side: float = 0.3

    def __post_init__(self) -> None:
        if min(vars(self).values()) < 0:
            raise ConfigError("augment takes no negative value")


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW under a one-cycle schedule, the seed's recipe.

    Attributes:
        learning_rate: the highest of the cycle.
        weight_decay: decoupled, on all parameters.
        betas: of AdamW; the schedule moves the first between `momentum_low` and `momentum_high`.
        momentum_low: at the highest learning rate.
        momentum_high: at both ends.
        warmup: share of the steps in which the learning rate rises.
        start_factor: the first learning rate is the highest divided by this.
        end_factor: the last is the first divided by this.
        label_smoothing: share of the target spread over all classes.
        gradient_clip: largest norm of the gradient; 0 does not clip.
        ema_decay: of the averaged weights that are validated and exported; 0 keeps none.
    """

    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.99)
    momentum_low: float = 0.85
    momentum_high: float = 0.95
    warmup: float = 0.3
    start_factor: float = 25.0
    end_factor: float = 1e4
    label_smoothing: float = 0.0
    gradient_clip: float = 0.0
    ema_decay: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ConfigError(f"optimizer learning_rate must be above 0, got {self.learning_rate}")
        if not (0 <= self.label_smoothing < 1 and 0 <= self.ema_decay < 1 and 0 < self.warmup < 1):
            raise ConfigError("optimizer needs label_smoothing and ema_decay in [0, 1) and warmup in (0, 1)")


@dataclass(frozen=True)
class RuntimeConfig:
    """Where and how a run goes; unlike everything else it may change when the run is resumed.

    Attributes:
        accelerator: "auto", "cpu", "gpu" or another name of Lightning's.
        devices: "auto" or a number.
        precision: a name of Lightning's such as "32-true", "16-mixed" or "bf16-mixed".
        num_workers: processes that read crops; 0 reads in the training process.
        keep_every_epoch: whether the checkpoint of every epoch stays, beside the best and the last.
        progress: whether a bar is shown.
        tensorboard: whether TensorBoard's files are written as well (the package must be installed).
        time_budget: seconds after which the run stops in a state that it can be resumed from; 0 for no limit.
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
        if not (math.isfinite(self.time_budget) and self.time_budget >= 0):
            raise ConfigError(f"runtime.time_budget must be seconds, 0 for no limit, got {self.time_budget}")


@dataclass(frozen=True)
class TrainConfig:
    """A training run. The crop size, the charset and the data come with the crop stores.

    Attributes:
        model: the network, by its name or with its settings.
        preprocess: what happens to a crop before the model; a network that is shown a box in its context gets
            `DEFAULT_CONTEXT` where preprocess.context is 0.
        measure_normalization: whether mean and std are measured on the training crops rather than taken as given.
        split: what is held out.
        balance: how often each class is drawn.
        augment: how crops are distorted.
        optimizer: how the weights move.
        runtime: where the run goes.
        epochs: length of the one cycle.
        batch_size: crops a step and device.
        seed: of initial weights, order, augmentation and dropout.
        initial_weights: a weights file to start from; classes are matched by codepoint.
        pretrained: a state dict of torchvision for the body of resnet50 or vgg16_bn.
        frozen_epochs: epochs at the start in which only the head and batch normalization learn; from `epochs` on it is
            the whole run.
        export: whether the weights file holds the epoch with the best top-1 ("best") or the last one.
        half: whether the weights file stores kernels in 16 bits.
    """

    model: RecognizerConfig = field(default_factory=ReaderConfig)
    preprocess: PreprocessConfig = field(default_factory=PreprocessConfig)
    measure_normalization: bool = True
    split: SplitConfig = field(default_factory=SplitConfig)
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)
    epochs: int = 7
    batch_size: int = 64
    seed: int = 0
    initial_weights: str = ""
    pretrained: str = ""
    frozen_epochs: int = 0
    export: str = "best"
    half: bool = True

    DERIVED: ClassVar[tuple[str, ...]] = ("preprocess.context",)

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2:
            raise ConfigError(
                f"a training needs at least 1 epoch and batches of at least 2, got {self.epochs} and {self.batch_size}"
            )
        if self.frozen_epochs < 0:
            raise ConfigError(f"frozen_epochs must not be negative, got {self.frozen_epochs}")
        if self.export not in EXPORTS:
            raise ConfigError(f"export must be one of {EXPORTS}, got {self.export!r}")
        self._derive_context()

    def _derive_context(self) -> None:
        """Sets what follows from the network: whether it is shown a box in its context."""
        if needs_context(self.model) and not self.preprocess.context:
            object.__setattr__(self, "preprocess", replace(self.preprocess, context=DEFAULT_CONTEXT))
        if self.preprocess.context and not needs_context(self.model):
            raise ConfigError(
                f"{self.model_name} is not shown a box in its context: leave preprocess.context at 0, got "
                f"{self.preprocess.context:g}"
            )

    @property
    def model_name(self) -> str:
        """The name of the network."""
        return architecture_of(self.model).name
