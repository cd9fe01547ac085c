"""The step that trains a dense reader, which joins the recognizer of the fold.

```
detector.safetensors ─ feature pyramid ─┐
recognizer.safetensors ─ characters ────┼─ train dense ─▶ dense.safetensors
the detector's prepared pages ──────────┘
```
"""

import json
import shutil
from pathlib import Path

from kuzushiji_submit.competition.class_counts import write_class_counts
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.weights_record import read_record
from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun, charset_of_weights
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.outputs import DENSE, DETECTOR, RUNS
from kuzushiji_submit.kaggle_kernels.session import Status
from kuzushiji_submit.kaggle_kernels.steps.train_networks import is_begun, train_network, train_pages

DENSE_READER = "dense"
_PYRAMID = "heatmap_fpn"
"""The detectors whose feature pyramid a dense reader stands on."""
_SHAPE = ("widths", "depths", "pyramid")


def _train(run: KernelRun, seconds: float) -> tuple[Status, str]:
    out = run.working / RUNS / DENSE_READER
    return train_network(
        DENSE_READER, run, seconds, [*train_pages(DENSE_READER, run), "--charset", _charset(run), *_start(run, out)]
    )


def _charset(run: KernelRun) -> Path:
    """A file with the characters of the recognizers, which it is to join; train.csv, which they learn, without one."""
    for weights in run.recognizers():
        charset = charset_of_weights(weights)
        if charset is not None:
            path = run.session.roots.scratch / "charset.csv"
            write_class_counts(path, dict.fromkeys(charset.codepoints, 0))
            return path
    return run.data.train_csv


def _start(run: KernelRun, out: Path) -> list[str]:
    """What makes it begin from the detector that has not seen the books held out, in that one's shape.

    A copy is kept with the training: what was begun goes on from the same, whatever became of the detector since.
    """
    kept = out / DETECTOR
    if not is_begun(out):
        kept.unlink(missing_ok=True)
        found = run.detector_of_fold() or (None if run.held_out else next(iter(run.detectors()), None))
        if found is not None and _shape(found):
            out.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, kept)
    shape = _shape(kept) if kept.is_file() else {}
    settings = {f"network.body.{name}": json.dumps(value) for name, value in shape.items()}
    if shape:
        settings["initial_weights"] = str(kept)
    return [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]


def _shape(detector: Path) -> dict[str, object]:
    """The settings of a detector's feature pyramid; none where it has no such pyramid, or tells of none."""
    try:
        record = read_record(detector)
    except WeightsError:
        return {}
    return {name: record.settings[name] for name in _SHAPE} if record.architecture == _PYRAMID else {}


DENSE_STEP = Step(
    DENSE_READER,
    0.22,
    _train,
    images=("train_images",),
    leaves=(f"{RUNS}/{DENSE_READER}", DENSE),
    trains=True,
)
