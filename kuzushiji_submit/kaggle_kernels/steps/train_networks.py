"""Steps that train detector and recognizer without the books held out."""

import json
import os
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.outputs import COLUMN, DENSE, DETECTOR, RECOGNIZER, RUNS
from kuzushiji_submit.kaggle_kernels.session import Status

_WEIGHTS = {"detector": DETECTOR, "recognizer": RECOGNIZER, "dense": DENSE, "column": COLUMN}
# Prepared pages and crops are made anew in each session: they are larger than what a kernel may keep. Two networks
# learn from the same pages.
_STORES = {"detector": ("--pages", "pages"), "recognizer": ("--crops", "crops"), "dense": ("--pages", "pages")}
_CHECKPOINTS = "checkpoints"  # `core.training.checkpoints`, which needs torch, calls it so


def train_network(what: str, run: KernelRun, seconds: float, learned_from: Sequence[object]) -> tuple[Status, str]:
    """Trains a network on the books that are not held out, and copies its weights to the top of the output.

    Args:
        what: "detector", "recognizer", "dense" or "column"; also the step's name.
        run: the kernel's run.
        seconds: that it may take.
        learned_from: arguments of `kuzushiji train` that say what it learns from, and others that are its own.

    Returns:
        how it ended, and a line about it.
    """
    out = run.working / RUNS / what
    weights = out / _WEIGHTS[what]
    outcome = run.command(
        what,
        [
            *("train", what, *learned_from, "--out", out),
            *("--resume", "--time-budget", f"{seconds:.0f}s", "--workers", os.cpu_count() or 1),
            *("--set", "runtime.keep_every_epoch=false"),
            # A T4 has no bfloat16.
            *(("--set", "runtime.precision=16-mixed") if run.session.gpus else ()),
            *_split(run),
        ],
        seconds,
    )
    if weights.is_file():
        # Where a data set is made of it, and other runs find it.
        shutil.copyfile(weights, run.working / weights.name)
    if outcome.code not in (0, TIME_IS_UP):
        return "failed", outcome.message
    return ("partial" if outcome.code else "done"), outcome.message


def train_pages(what: str, run: KernelRun) -> list[object]:
    """The arguments of a network that learns from all train pages."""
    option, store = _STORES[what]
    return ["--data", run.data.root, option, run.session.roots.scratch / store]


def is_begun(out: Path) -> bool:
    """Whether a training in a folder has a state that it can go on from."""
    return any((out / _CHECKPOINTS).glob("*.ckpt"))


def _train(what: str, run: KernelRun, seconds: float) -> tuple[Status, str]:
    return train_network(what, run, seconds, train_pages(what, run))


def _split(run: KernelRun) -> list[str]:
    if run.held_out:
        return ["--set", f"split.validation_books={json.dumps(run.held_out)}"]
    return ["--set", "split.folds=0", "--set", "export=last"]


DETECTOR_STEP, RECOGNIZER_STEP = (
    Step(
        what,
        share,
        partial(_train, what),
        images=("train_images",),
        leaves=(f"{RUNS}/{what}", _WEIGHTS[what]),
        trains=True,
    )
    for what, share in (("detector", 0.3), ("recognizer", 0.42))
)
