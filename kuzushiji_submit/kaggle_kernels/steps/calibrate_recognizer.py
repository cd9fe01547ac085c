"""The step that makes scores probabilities: temperature, weight of the text and threshold, on the books held out."""

from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun, ended
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.outputs import RECOGNIZER
from kuzushiji_submit.kaggle_kernels.session import Status


def _calibrate(run: KernelRun, seconds: float) -> tuple[Status, str]:
    if not run.held_out:
        return "skipped", "no book is held out"
    weights = run.recognizer_of_fold()
    if weights is None:
        return "skipped", f"no recognizer was trained without {', '.join(run.held_out)}"
    arguments = [
        *("calibrate", "--data", run.data.root, "--books", *run.held_out),
        *run.reading_of_fold(weights),
        *("--out", run.working / RECOGNIZER),
    ]
    return ended(run.command("calibrate", arguments, seconds))


CALIBRATE_STEP = Step(
    "calibrate",
    0.05,
    _calibrate,
    images=("train_images",),
    after=("detector", "recognizer", "dense", "adapt", "prior", "column"),
    leaves=(RECOGNIZER,),
)
