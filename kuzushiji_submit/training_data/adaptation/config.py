"""Settings of an adaptation."""

from dataclasses import dataclass, field

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.reading.load_pipeline import PipelineConfig
from recognition.training.config import SplitConfig, TrainConfig

DEFAULT_PRESET = "adapt"


@dataclass(frozen=True)
class AdaptConfig:
    """Settings of `kuzushiji adapt`; the preset "adapt" has the values that were found good.

    Attributes:
        least_score: readings become labels from this product of detection and reading score on, after the text prior.
        share: the part of the draws that come from these labels; the rest comes from the labeled crops.
        compared: pages that are read again to say what changed, evenly over all of them; 0 for all.
        pipeline: how pages are read, before and after.
        training: the training; network, preprocessing and initial weights are those of the weights that adapt, and
            nothing is held out, because the guard judges the result.

    Raises:
        ConfigError: if a value is out of its range.
    """

    least_score: float = 0.5
    share: float = 0.5
    compared: int = 0
    pipeline: PipelineConfig = field(default_factory=PipelineConfig)
    training: TrainConfig = field(default_factory=lambda: TrainConfig(split=SplitConfig(folds=0), export="last"))

    def __post_init__(self) -> None:
        if not 0 < self.least_score <= 1:
            raise ConfigError(f"least_score must be a score above 0, got {self.least_score}")
        if not 0 < self.share < 1:
            raise ConfigError(f"share must be a part of the draws between 0 and 1, got {self.share}")
        if self.compared < 0:
            raise ConfigError(f"compared must be a number of pages, 0 for all, got {self.compared}")
