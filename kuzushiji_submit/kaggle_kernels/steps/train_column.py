"""The step that trains a column model on the text of the train pages, for the recognizer's candidates.

```
train.csv without the books held out ─ text ────────────────────────────────┐
pages of these books ─ crops ─ recognizer.safetensors ─ what it mistakes ───┴─ train column ─▶ column.safetensors
```
"""

import shutil
from pathlib import Path

from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.outputs import COLUMN, RECOGNIZER, RUNS
from kuzushiji_submit.kaggle_kernels.part_of_data import part_of_data
from kuzushiji_submit.kaggle_kernels.session import Status
from kuzushiji_submit.kaggle_kernels.steps.train_networks import is_begun, train_network

COLUMN_MODEL = "column"
CONFUSED_PAGES = 600
"""Pages whose crops are cut and read: 100,000 characters, of which `confusions.crops` are drawn, rare ones first."""


def _train(run: KernelRun, seconds: float) -> tuple[Status, str]:
    if not run.data.train_csv.is_file():
        return "skipped", "there is no train.csv to learn from"
    recognizer = _recognizer(run, run.working / RUNS / COLUMN_MODEL)
    if recognizer is None:
        return "skipped", f"no {RECOGNIZER} whose mistakes it could learn from"
    scratch = run.session.roots.scratch / COLUMN_MODEL
    pages = part_of_data(run.data, scratch / "pages", lambda book: book not in run.held_out, CONFUSED_PAGES)
    learned_from = ["--truth", run.data.train_csv, "--labeled", pages.root, "--store", scratch]
    return train_network(COLUMN_MODEL, run, seconds, [*learned_from, "--recognizer-weights", recognizer])


def _recognizer(run: KernelRun, out: Path) -> Path | None:
    """The recognizer whose mistakes are learned from, None where there is none: a copy, kept with the training.

    So what was begun goes on from the same mistakes, whatever became of the recognizer since.
    """
    kept = out / RECOGNIZER
    if kept.is_file() and is_begun(out):
        return kept
    found = run.recognizer_of_fold() or next(iter(run.recognizers()), None)
    if found is None:
        return None
    if not (kept.is_file() and kept.read_bytes() == found.read_bytes()):
        shutil.rmtree(out, ignore_errors=True)  # what was read by another is of no use
        out.mkdir(parents=True)
        shutil.copyfile(found, kept)
    return kept


COLUMN_STEP = Step(
    COLUMN_MODEL,
    0.08,
    _train,
    images=("train_images",),
    leaves=(f"{RUNS}/{COLUMN_MODEL}", COLUMN),
    trains=True,
)
