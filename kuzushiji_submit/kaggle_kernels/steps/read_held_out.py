"""The step that reads the books held out, for the second level and the threshold of this run and of later ones."""

import os

from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun, ended
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.outputs import HELD_OUT, HELD_OUT_TABLE, RECOGNIZER
from kuzushiji_submit.kaggle_kernels.session import Status


def _read(run: KernelRun, seconds: float) -> tuple[Status, str]:
    if not run.held_out:
        return "skipped", "no book is held out"
    # Calibrated where that went well.
    weights = run.own(RECOGNIZER) or run.recognizer_of_fold()
    if weights is None:
        return "skipped", f"no recognizer was trained without {', '.join(run.held_out)}"
    before = run.attached(HELD_OUT)
    arguments = [
        *("held-out", "--data", run.data.root, "--books", *run.held_out),
        *run.reading_of_fold(weights),
        *("--out", run.working / HELD_OUT, "--time-budget", f"{seconds:.0f}s", "--workers", os.cpu_count() or 1),
        *(("--before", *before) if before else ()),
    ]
    size = _bytes(run)
    outcome = run.command("held_out", [*arguments, "--resume"], seconds)
    if outcome.code == 1 and _bytes(run) == size:
        # What was read with other weights is nothing to go on with.
        outcome = run.command("held_out", [*arguments, "--restart"], seconds)
    return ended(outcome)


def _bytes(run: KernelRun) -> int:
    path = run.own(HELD_OUT)
    return path.stat().st_size if path else 0


HELD_OUT_STEP = Step(
    "held_out", 0.12, _read, images=("train_images",), after=("calibrate",), leaves=(HELD_OUT, HELD_OUT_TABLE)
)
