"""What a kernel is told: by whom it is owned, what is attached to it, and what its run does."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kuzushiji_submit.core.errors import ConfigError, DurationError, KernelError
from kuzushiji_submit.core.settings import from_plain
from kuzushiji_submit.core.time_budget import parse_duration

TRAIN_STEPS = ("detector", "recognizer", "predict")


@dataclass(frozen=True)
class RunSettings:
    """What a kernel's run does. The generated code file begins with these, to be read and changed on Kaggle's page.

    Attributes:
        time_budget: how long the whole run may take, as in "8h"; Kaggle ends a GPU session by itself some hours later.
        reserve: what is kept of it for joining the shards, the report and writing files.
        steps: what the training kernel does, in this order: any of "detector", "recognizer", "predict".
        predict_budget: what the training kernel keeps for predicting.
        detector_share: part of the time for training that the detector gets, where both are trained.
        detector_config: preset for `kuzushiji train detector`, or the text of a TOML file; "" for the defaults.
        recognizer_config: the same for the recognizer.
        detector: further arguments of `kuzushiji train detector`.
        recognizer: further arguments of `kuzushiji train recognizer`.
        predict: further arguments of `kuzushiji predict`.
        detector_weights: file below the input folder; "" takes the one that is there, or the ink detector.
        recognizer_weights: file below the input folder; "" takes the one that is there.
        shards: processes that predict, spread over the GPUs.
        report_pages: pages shown in the report; 0 makes none.

    Raises:
        KernelError: if a step is unknown or a number is out of its range.
        DurationError: if a time is no duration.
    """

    time_budget: str = "8h"
    reserve: str = "10m"
    steps: tuple[str, ...] = TRAIN_STEPS
    predict_budget: str = "1h30m"
    detector_share: float = 0.4
    detector_config: str = ""
    recognizer_config: str = ""
    detector: tuple[str, ...] = ()
    recognizer: tuple[str, ...] = ()
    predict: tuple[str, ...] = ()
    detector_weights: str = ""
    recognizer_weights: str = ""
    shards: int = 2
    report_pages: int = 40

    def __post_init__(self) -> None:
        unknown = [step for step in self.steps if step not in TRAIN_STEPS]
        if unknown:
            raise KernelError(f"unknown step {unknown[0]!r}: the steps are {', '.join(TRAIN_STEPS)}")
        if not 0 < self.detector_share < 1 or self.shards < 1 or self.report_pages < 0:
            raise KernelError(
                "a run needs detector_share between 0 and 1, shards of at least 1, and report_pages of at least 0, got "
                f"{self.detector_share}, {self.shards} and {self.report_pages}"
            )
        if parse_duration(self.reserve) >= parse_duration(self.time_budget):
            raise KernelError(
                f"reserve {self.reserve} leaves nothing of time_budget {self.time_budget}: give more time or keep less"
            )


@dataclass(frozen=True)
class KernelSettings:
    """A kernel to build.

    Attributes:
        owner: the Kaggle user name that the kernel belongs to.
        datasets: attached data sets, "owner/slug" each, such as the one with the weights.
        kernels: kernels whose last output is attached, "owner/slug" each: an earlier run to go on from.
        run: settings that differ from those in kernels/NAME/settings.toml.
    """

    owner: str
    datasets: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    run: Mapping[str, object] = field(default_factory=dict)


def read_run_settings(values: Mapping[str, object]) -> RunSettings:
    """Run settings out of plain values, such as those at the head of a code file.

    Raises:
        KernelError: if a key is unknown or a value has the wrong type or is out of its range.
        DurationError: if a time is no duration.
    """
    try:
        return from_plain(RunSettings, values, "the kernel's settings")
    except DurationError:
        raise  # says what to write by itself
    except ConfigError as error:
        raise KernelError(f"{error}: correct kernels/NAME/settings.toml") from error
