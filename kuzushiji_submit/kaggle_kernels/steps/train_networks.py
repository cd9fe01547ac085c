"""Steps that train detector and recognizer without the books held out."""

import json
import os
import shutil
from functools import partial

from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.outputs import DETECTOR, RECOGNIZER, RUNS
from kuzushiji_submit.kaggle_kernels.session import Status

_WEIGHTS = {"detector": DETECTOR, "recognizer": RECOGNIZER}
# Prepared pages and crops are made anew in each session: they are larger than what a kernel may keep.
_STORES = {"detector": "--pages", "recognizer": "--crops"}


def _train(what: str, run: KernelRun, seconds: float) -> tuple[Status, str]:
    out = run.working / RUNS / what
    weights = out / _WEIGHTS[what]
    outcome = run.command(
        what,
        [
            *("train", what, "--data", run.data.root, "--out", out),
            *(_STORES[what], run.session.roots.scratch / what),
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
        leaves=(f"{RUNS}/{what}", weights),
        trains=True,
    )
    for (what, weights), share in zip(_WEIGHTS.items(), (0.28, 0.42), strict=True)
)
