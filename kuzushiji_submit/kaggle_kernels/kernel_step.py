"""One step of a kernel's run."""

from collections.abc import Callable
from dataclasses import dataclass

from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun
from kuzushiji_submit.kaggle_kernels.session import Status


@dataclass(frozen=True)
class Step:
    """What a run can do, in the order of `all_steps.STEPS`; a run does those that its settings name.

    Attributes:
        name: as the settings and the record of the run call it.
        share: the part of the time left that it may take, beside the shares of the steps after it. What a step leaves
            over is theirs.
        work: does it in so many seconds; gives how it ended, and a line about it. It goes on where what it has left
            was stopped.
        images: the image folders that it needs: "train_images", "test_images" or both.
        after: steps on whose outcome it depends: where one of them was done anew, so is this.
        leaves: files and folders of the output that a later run takes up; all of them are there once it is done.
        trains: whether it trains on all GPUs, so that it can only go on with as many.
    """

    name: str
    share: float
    work: Callable[[KernelRun, float], tuple[Status, str]]
    images: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    trains: bool = False
