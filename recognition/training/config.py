"""Everything a training run can be told."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.registry import architecture_of
from kuzushiji_submit.core.training.config import BookSplit, OneCycleConfig, TrainingConfig
from recognition.models.reader import ReaderConfig
from recognition.models.registry import RecognizerConfig, needs_context
from recognition.preprocess import PreprocessConfig

DEFAULT_CONTEXT = 1.5
"""Side of the window that a reader sees, as a multiple of the box's longer side."""

INITIAL_VIEWS = ("same", "other")


@dataclass(frozen=True)
class SplitConfig(BookSplit):
    """Which books are held out for validation, and how much of the crops is used at all.

    Attributes:
        stratified: deals books so that each fold has about the same share of every class.
        fraction: share of the crops that the run uses, drawn by chance before the split.
        seed: of the drawing of crops.

    Raises:
        ConfigError: if a value is out of its range.
    """

    stratified: bool = False
    fraction: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (0 < self.fraction <= 1 and self.seed >= 0):
            raise ConfigError(
                f"split needs a fraction in (0, 1] and a seed of at least 0, got {self.fraction} and {self.seed}"
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
        adjust: how far the loss allows for each source's own mixture of classes, so that crops of a source teach
            shapes and not which classes it happens to have; 0 not at all, 1 wholly. See `balance.prior_offsets`.
        adjust_floor: share of the common mixture in each source's own, for the classes that it lacks.
    """

    power: float = 0.7
    at_least: float = 0.0
    at_most: float = 0.0
    epoch_size: int = 0
    negatives: float = 0.08
    adjust: float = 0.0
    adjust_floor: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.power <= 1 or min(self.at_least, self.at_most, self.epoch_size) < 0:
            raise ConfigError("balance needs a power between 0 and 1 and bounds that are not negative")
        if not 0 <= self.negatives < 1:
            raise ConfigError(f"balance negatives must be a share of the draws in [0, 1), got {self.negatives}")
        if self.adjust < 0 or not 0 < self.adjust_floor <= 1:
            raise ConfigError("balance needs an adjust of at least 0 and an adjust_floor in (0, 1]")
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
class OptimizerConfig(OneCycleConfig):
    """The one cycle, with the seed's recipe as its default, and the loss.

    Attributes:
        label_smoothing: share of the target spread over all classes.

    Raises:
        ConfigError: if a value is out of its range.
    """

    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.label_smoothing < 1:
            raise ConfigError(f"optimizer needs label_smoothing in [0, 1), got {self.label_smoothing}")


@dataclass(frozen=True)
class TrainConfig(TrainingConfig):
    """A training run. The crop size, the charset and the data come with the crop stores.

    A batch needs two crops at least, and initial weights are matched by codepoint.

    Attributes:
        model: the network, by its name or with its settings.
        preprocess: what happens to a crop before the model; a network that is shown a box in its context gets
            `DEFAULT_CONTEXT` where preprocess.context is 0.
        measure_normalization: whether mean and std are measured on the training crops rather than taken as given.
        split: what is held out.
        balance: how often each class is drawn.
        augment: how crops are distorted.
        optimizer: how the weights move.
        initial_view: "same" refuses initial weights that were shown their characters otherwise, "other" lets a network
            get used to it: to a stretched window, say, after plain ones.
        pretrained: a state dict of torchvision for the body of resnet50 or vgg16_bn, or of timm for that of timm.
        frozen_epochs: epochs at the start in which only the head and batch normalization learn; from `epochs` on it is
            the whole run.
        half: whether the weights file stores kernels in 16 bits.
    """

    model: RecognizerConfig = field(default_factory=ReaderConfig)
    preprocess: PreprocessConfig = field(default_factory=PreprocessConfig)
    measure_normalization: bool = True
    split: SplitConfig = field(default_factory=SplitConfig)
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    initial_view: str = "same"
    pretrained: str = ""
    frozen_epochs: int = 0
    half: bool = True

    DERIVED: ClassVar[tuple[str, ...]] = ("preprocess.context",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch_size < 2:
            raise ConfigError(f"batch normalization needs batches of at least 2, got {self.batch_size}")
        if self.frozen_epochs < 0:
            raise ConfigError(f"frozen_epochs must not be negative, got {self.frozen_epochs}")
        if self.initial_view not in INITIAL_VIEWS:
            raise ConfigError(f"initial_view must be one of {INITIAL_VIEWS}, got {self.initial_view!r}")
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
