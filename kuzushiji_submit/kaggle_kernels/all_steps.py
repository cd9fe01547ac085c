"""The steps there are, in the order of a run. A new one is a file in steps/ and an entry here.

```
detector ──┬─ dense ─┐                                                 ┌ second_level ┐
recognizer ┴─────────┼─ prior ─ column ─ adapt ─ calibrate ─ held_out ─┴ threshold ───┴─ predict
                     └ without the books of the fold, and                └ by the readings of this fold and of all
                       calibrated on these                                 folds that are attached
```

Scores are calibrated before held-out books are read, because what is learned from those readings holds for them alone.
"""

from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.kaggle_kernels.kernel_settings import RunSettings
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.steps.adapt_recognizer import ADAPT_STEP
from kuzushiji_submit.kaggle_kernels.steps.calibrate_recognizer import CALIBRATE_STEP
from kuzushiji_submit.kaggle_kernels.steps.learn_second_level import SECOND_LEVEL_STEP, THRESHOLD_STEP
from kuzushiji_submit.kaggle_kernels.steps.make_text_prior import PRIOR_STEP
from kuzushiji_submit.kaggle_kernels.steps.predict_test import PREDICT_STEP
from kuzushiji_submit.kaggle_kernels.steps.read_held_out import HELD_OUT_STEP
from kuzushiji_submit.kaggle_kernels.steps.train_column import COLUMN_STEP
from kuzushiji_submit.kaggle_kernels.steps.train_dense import DENSE_STEP
from kuzushiji_submit.kaggle_kernels.steps.train_networks import DETECTOR_STEP, RECOGNIZER_STEP

STEPS = (
    DETECTOR_STEP,
    RECOGNIZER_STEP,
    DENSE_STEP,
    PRIOR_STEP,
    COLUMN_STEP,
    ADAPT_STEP,
    CALIBRATE_STEP,
    HELD_OUT_STEP,
    SECOND_LEVEL_STEP,
    THRESHOLD_STEP,
    PREDICT_STEP,
)


def chosen_steps(settings: RunSettings) -> list[Step]:
    """The steps that settings name, in the order of a run.

    Raises:
        KernelError: if there is no such step.
    """
    known = {step.name: step for step in STEPS}
    named = {
        "steps": settings.steps,
        "shares": settings.shares,
        "configs": settings.configs,
        "arguments": settings.arguments,
    }
    for key, names in named.items():
        unknown = [name for name in names if name not in known]
        if unknown:
            raise KernelError(f"{key}: unknown step {unknown[0]!r}: the steps are {', '.join(known)}")
    return [step for step in STEPS if step.name in settings.steps]
