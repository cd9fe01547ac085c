"""One row an epoch: losses, validation figures, learning rate, time and throughput."""

import csv
import time
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from kuzushiji_submit.core.files import atomic_text
from kuzushiji_submit.core.training.draw_history import draw_history
from kuzushiji_submit.core.training.module import StageModule
from kuzushiji_submit.core.training.runs import Row


class EpochHistory(Callback):
    """Logs training figures and throughput at each epoch's end, and keeps the rows of all epochs.

    The rows travel with the checkpoints, so a resumed run has those of the epochs before. `images_per_second` counts
    training items of all processes from the epoch's first step to its last, without validation. `waited` is the share
    of that time in which the first process had nothing to train on: what faster reading would save.
    """

    def __init__(self, path: Path, picture: Path) -> None:
        """Names the CSV file and the picture of the curves, which are written anew after each epoch."""
        self.path, self.picture = path, picture
        self.rows: list[Row] = []
        self._images = 0
        self._started = self._stopped = self._waited = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock where the first epoch was begun by another run, and so has no start of its own."""
        self.on_train_epoch_start(trainer, pl_module)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002 - a hook
        """Starts the clock."""
        self._images = 0
        self._waited = 0.0
        self._started = self._stopped = time.perf_counter()

    def on_train_batch_start(
        self,
        trainer: Trainer,  # noqa: ARG002 - a hook
        pl_module: LightningModule,  # noqa: ARG002 - a hook
        batch: Any,  # noqa: ANN401, ARG002 - a hook
        batch_idx: int,  # noqa: ARG002 - a hook
    ) -> None:
        """Takes the time since the step before."""
        self._waited += time.perf_counter() - self._stopped

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,  # noqa: ARG002 - a hook
        outputs: Tensor | Any,  # noqa: ANN401, ARG002 - a hook
        batch: Any,  # noqa: ANN401 - a hook
        batch_idx: int,  # noqa: ARG002 - a hook
    ) -> None:
        """Counts a batch."""
        self._images += len(batch[0]) * trainer.world_size
        self._stopped = time.perf_counter()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Completes the row of this epoch."""
        if not isinstance(pl_module, StageModule):
            raise TypeError(f"EpochHistory belongs to a StageModule, got {type(pl_module).__name__}")
        seconds = self._stopped - self._started
        figures = {
            **pl_module.train_figures(),
            "learning_rate": float(trainer.optimizers[0].param_groups[0]["lr"]),
            "seconds": seconds,
            "images_per_second": self._images / max(seconds, 1e-9),
            "waited": self._waited / max(seconds, 1e-9),
        }
        # Every process has the same figures already; Lightning wants to hear that the mean over them is meant.
        pl_module.log_dict(figures, sync_dist=True)
        validation = {name: float(v) for name, v in trainer.callback_metrics.items() if name.startswith("val/")}
        self.rows = [*self.rows, {"epoch": trainer.current_epoch, **figures, **validation}]
        if trainer.is_global_zero:
            _write_rows(self.path, self.rows)
            draw_history(self.rows, self.picture)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes up the rows of the run that is resumed."""
        self.rows = list(state_dict["rows"])


def _write_rows(path: Path, rows: list[Row]) -> None:
    with atomic_text(path) as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[-1]), extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
