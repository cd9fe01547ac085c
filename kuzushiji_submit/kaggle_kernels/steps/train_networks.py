"""Steps that train detector and recognizer without the books held out."""

import json
import os
import shutil
from collections.abc import Sequence
from functools import partial

from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.outputs import DENSE, DETECTOR, RECOGNIZER, RUNS
from kuzushiji_submit.kaggle_kernels.session import Status

_WEIGHTS = {"detector": DETECTOR, "recognizer": RECOGNIZER, "dense": DENSE}
# Prepared pages and crops are made anew in each session: they are larger than what a kernel may keep. Two networks
# learn from the same pages.
_STORES = {"detector": ("--pages", "pages"), "recognizer": ("--crops", "crops"), "dense": ("--pages", "pages")}


def train_network(what: str, run: KernelRun, seconds: float, further: Sequence[object] = ()) -> tuple[Status, str]:
    """Trains a network on the books that are not held out, and copies its weights to the top of the output.

    Args:
        what: "detector", "recognizer" or "dense"; also the step's name.
        run: the kernel's run.
        seconds: that it may take.
        further: arguments of `kuzushiji train` that are this network's own.

    Returns:
        how it ended, and a line about it.
    """
    out = run.working / RUNS / what
    weights = out / _WEIGHTS[what]
    option, store = _STORES[what]
    outcome = run.command(
        what,
        [
            *("train", what, "--data", run.data.root, "--out", out, option, run.session.roots.scratch / store),
            *("--resume", "--time-budget", f"{seconds:.0f}s", "--workers", os.cpu_count() or 1),
            *("--set", "runtime.keep_every_epoch=false"),
            # A T4 has no bfloat16.
            *(("--set", "runtime.precision=16-mixed") if run.session.gpus else ()),
            *_split(run),
            *further,
        ],
        seconds,
    )
    if weights.is_file():
        # Where a data set is made of it, and other runs find it.
        shutil.copyfile(weights, run.working / weights.name)
    if outcome.code not in (0, TIME_IS_UP):
        return "failed", outcome.message
    return ("partial" if outcome.code else "done"), outcome.message


def _split(run: KernelRun) -> list[str]:
    if run.held_out:
        return ["--set", f"split.validation_books={json.dumps(run.held_out)}"]
    return ["--set", "split.folds=0", "--set", "export=last"]


DETECTOR_STEP, RECOGNIZER_STEP = (
    Step(
        what,
        share,
        partial(train_network, what),
        images=("train_images",),
        leaves=(f"{RUNS}/{what}", _WEIGHTS[what]),
        trains=True,
    )
    for what, share in (("detector", 0.3), ("recognizer", 0.42))
)
