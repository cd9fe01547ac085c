"""The step that trains on pseudo-labels: what all attached readers say of the test pages, learned by one of them."""

import json
import os
import shutil
from pathlib import Path

from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.kaggle_kernels.commands import Outcome
from kuzushiji_submit.kaggle_kernels.kernel_run import ADAPT, KernelRun, ended
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.outputs import RECOGNIZER, RUNS
from kuzushiji_submit.kaggle_kernels.part_of_data import part_of_data
from kuzushiji_submit.kaggle_kernels.reading_arguments import reading_arguments
from kuzushiji_submit.kaggle_kernels.session import Status

# Read twice, before and after: of 60 pages with 10,000 characters an F1 of 0.9 is known to within 0.003.
GUARD_PAGES = 60


def _adapt(run: KernelRun, seconds: float) -> tuple[Status, str]:
    if not run.held_out:
        return "skipped", "no book is held out to guard the result with"
    attached = run.attached(RECOGNIZER, run.session.settings.recognizer_weights)
    trained = run.own(f"{RUNS}/recognizer/{RECOGNIZER}") if "recognizer" in run.session.settings.steps else None
    begun_with = trained or run.trained_without(attached)
    if begun_with is None:
        raise KernelError(
            f"no attached {RECOGNIZER} was trained without {', '.join(run.held_out)}: attach the kernel of this fold, "
            "or push with the fold of one that is attached"
        )
    scratch = run.session.roots.scratch / ADAPT
    out = run.working / RUNS / ADAPT
    teachers = [*(path for path in attached if path != begun_with), *run.dense_readers()]
    labeled = part_of_data(run.data, scratch / "labeled", lambda book: book not in run.held_out)
    guard = part_of_data(run.data, scratch / "guard", lambda book: book in run.held_out, GUARD_PAGES)
    outcome = run.command(
        ADAPT,
        [
            *("adapt", "--images", run.data.test_images, "--out", out, "--store", scratch, "--resume"),
            *("--labeled", labeled.root, "--guard", guard.root),
            *reading_arguments([begun_with], run.detectors(), run.prior(), run.column_model()),
            *(("--teachers", *teachers) if teachers else ()),
            *("--time-budget", f"{seconds:.0f}s", "--workers", os.cpu_count() or 1),
            # A T4 has no bfloat16.
            *(("--set", "training.runtime.precision=16-mixed") if run.session.gpus else ()),
        ],
        seconds,
    )
    return _judge(run, out, outcome)


def _judge(run: KernelRun, out: Path, outcome: Outcome) -> tuple[Status, str]:
    if (out / RECOGNIZER).is_file():
        shutil.copyfile(out / RECOGNIZER, run.working / RECOGNIZER)
    elif outcome.code == 1 and _is_refused(out):
        return "done", f"refused, the weights before stay: {outcome.message}"
    return ended(outcome)


def _is_refused(out: Path) -> bool:
    try:
        return json.loads((out / "result.json").read_text(encoding="utf-8"))["adopted"] is False
    except (OSError, ValueError, KeyError, TypeError):
        return False


ADAPT_STEP = Step(
    ADAPT,
    0.35,
    _adapt,
    images=("train_images", "test_images"),
    after=("detector", "recognizer", "dense", "prior", "column"),
    leaves=(f"{RUNS}/{ADAPT}",),
)
