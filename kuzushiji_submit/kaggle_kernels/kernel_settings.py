"""What a kernel is told: by whom it is owned, what is attached to it, and what its run does."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.core.time_budget import parse_duration


@dataclass(frozen=True)
class RunSettings:
    """What a kernel's run does. The generated code file begins with these, to be read and changed on Kaggle's page.

    Attributes:
        name: what the kernel is called beside others of its kind, such as "train-fold-1"; only a run of the same name
            is gone on with. "" is the kernel's own name.
        time_budget: how long the whole run may take, as in "8h"; Kaggle ends a GPU session by itself some hours later.
        reserve: what is kept of it for joining the shards, the report and writing files.
        steps: what is done, any of the names in `all_steps.STEPS`, which also says in which order.
        shares: the part of the time that a step may take beside those after it, where it is not the step's own.
        fold: the part of the books that is held out, of `folds`; every network of the run is trained without it.
        folds: into how many parts the books are dealt; 0 holds nothing out, and nothing can be calibrated.
        configs: presets for the commands of the steps, or texts of TOML files, by step.
        arguments: further arguments of the commands of the steps, by step.
        detector_weights: files below the input folder; none given takes all that are there, or the ink detector.
        recognizer_weights: files below the input folder; none given takes all that are there.
        dense_weights: files of dense readers below the input folder; none given takes all that are there.
        use_dense: whether dense readers are read with; without, those that are there are left out.
        use_column: whether a column model is read with; without, one that is there is left out.
        shards: processes that predict, spread over the GPUs.
        report_pages: pages shown in the report; 0 makes none.

    Raises:
        KernelError: if a number is out of its range.
        DurationError: if a time is no duration.
    """

    name: str = ""
    time_budget: str = "8h"
    reserve: str = "10m"
    steps: tuple[str, ...] = ("predict",)
    shares: Mapping[str, float] = field(default_factory=dict)
    fold: int = 0
    folds: int = 0
    configs: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    detector_weights: tuple[str, ...] = ()
    recognizer_weights: tuple[str, ...] = ()
    dense_weights: tuple[str, ...] = ()
    use_dense: bool = True
    use_column: bool = True
    shards: int = 2
    report_pages: int = 40

    def __post_init__(self) -> None:
        if self.shards < 1 or self.report_pages < 0 or not all(share > 0 for share in self.shares.values()):
            raise KernelError(
                "a run needs shards of at least 1, report_pages of at least 0, and shares above 0, got "
                f"{self.shards}, {self.report_pages} and {dict(self.shares)}"
            )
        if self.folds < 0 or self.folds == 1 or not 0 <= self.fold < max(1, self.folds):
            raise KernelError(
                f"there is no fold {self.fold} of {self.folds}: folds are counted from 0, and there are 2 at least, or "
                "none (folds=0) to train on every book"
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
        suffix: what its name has behind that of the template, such as "fold-1"; a kernel of another name is another
            kernel, whose output does not replace that of the first.
        datasets: attached data sets, "owner/slug" each, such as the one with the weights.
        kernels: kernels whose last output is attached, "owner/slug" each: an earlier run to go on from, or one whose
            weights and readings are taken.
        run: settings that differ from those in kernels/NAME/settings.toml.
    """

    owner: str
    datasets: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    run: Mapping[str, object] = field(default_factory=dict)
    suffix: str = ""
