"""The step that makes a text prior of the train pages."""

from kuzushiji_submit.kaggle_kernels.find_inputs import is_output
from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun, ended
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.outputs import PRIOR
from kuzushiji_submit.kaggle_kernels.session import Status


def _make(run: KernelRun, seconds: float) -> tuple[Status, str]:
    chosen = [path for path in run.attached(PRIOR) if not is_output(path.parent)]
    if chosen:
        return "skipped", f"{chosen[0]} is attached and read with"
    if not run.data.train_csv.is_file():
        return "skipped", "there is no train.csv to make it of"
    # What calibration is told of the text must not come from the pages that it is told on.
    left_out = ("--leave-out", *run.held_out) if run.held_out else ()
    arguments = ["prior", "--truth", run.data.train_csv, *left_out, "--out", run.working / PRIOR]
    return ended(run.command("prior", arguments, seconds))


PRIOR_STEP = Step("prior", 0.02, _make, leaves=(PRIOR,))
