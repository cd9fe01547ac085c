"""The step that reads the test pages with all there is."""

import tomllib

from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.outputs import RECOGNIZER, THRESHOLD
from kuzushiji_submit.kaggle_kernels.predict_pages import Readers, predict_pages
from kuzushiji_submit.kaggle_kernels.session import Status
from kuzushiji_submit.kaggle_kernels.steps.learn_second_level import second_level_decides


def _predict(run: KernelRun, _seconds: float) -> tuple[Status, str]:
    readers = find_readers(run)
    names = {name: [str(path) for path in paths] for name, paths in readers.files().items()}
    run.session.note(readers={**names, "min_score": readers.min_score})
    for name, paths in names.items():
        run.session.say(f"predict: {name}: {', '.join(paths) or 'none'}")
    arguments = [*run.config("predict"), *run.session.settings.arguments.get("predict", ())]
    return predict_pages(run.session, run.data, readers, [str(argument) for argument in arguments])


def find_readers(run: KernelRun) -> Readers:
    """All that this run made and that is attached; files of one stage are averaged.

    Raises:
        KernelError: if there are no weights of a recognizer.
    """
    recognizers = run.recognizers()
    if not recognizers:
        raise KernelError(
            f"{run.session.roots.inputs}: no {RECOGNIZER} there, and none was trained (logs/recognizer.log): attach a "
            "data set or a training kernel that has it"
        )
    level = run.second_level()
    decides = second_level_decides(run)
    return Readers(
        recognizers,
        run.detectors(),
        run.prior(),
        level if decides else None,
        None if decides else _min_score(run),
        run.dense_readers(),
        run.column_model(),
    )


def _min_score(run: KernelRun) -> float | None:
    """The threshold that was chosen on readings of held-out books; None for that in the weights."""
    attached = run.attached(THRESHOLD)
    path = run.own(THRESHOLD) or (attached[0] if len(attached) == 1 else None)
    if path is None:
        return None
    try:
        return float(tomllib.loads(path.read_text(encoding="utf-8"))["min_score"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KernelError(f"{path}: holds no min_score ({error}): make it anew (kuzushiji calibrate)") from error


PREDICT_STEP = Step("predict", 0.15, _predict, images=("test_images",))
