"""Stops a run before a deadline, in a state that another run goes on from."""

import time
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor


class TimeIsUpError(Exception):
    """Ends a fit in the middle of an epoch, after its state was saved; never leaves this package."""


class TimeBudget(Callback):
    """Ends a run after so many seconds.

    Where the next epoch would not fit the run ends with the epoch before, and a resumed run gives the same weights as
    an uninterrupted one. Where an epoch takes longer than those before it, or is the first, it is cut short: its state
    is saved as it is, and a resumed run takes the steps that are left of it, under the same learning rates but with
    other crops than the uninterrupted run. The processes of a run always stop together.
    """

    def __init__(self, seconds: float, checkpoint: Path) -> None:
        """Starts the clock.

        Args:
            seconds: time from now on; 0 for no limit.
            checkpoint: the file that holds the state where an epoch is cut short.
        """
        self.stopped = False
        self._checkpoint = checkpoint
        self._deadline = time.monotonic() + seconds if seconds else None
        self._epoch_start = 0.0
        self._longest = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002 - a hook
        """Starts the first epoch's clock, also where that epoch was begun by another run."""
        self._epoch_start = time.monotonic()

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,  # noqa: ARG002 - a hook
        outputs: Tensor | Any,  # noqa: ANN401, ARG002 - a hook
        batch: Any,  # noqa: ANN401, ARG002 - a hook
        batch_idx: int,
    ) -> None:
        """Cuts the epoch short if time is up, unless it is over anyway.

        Raises:
            TimeIsUpError: once the state is saved.
        """
        if self._deadline is None or batch_idx + 1 >= trainer.num_training_batches:
            return
        if trainer.strategy.reduce_boolean_decision(time.monotonic() >= self._deadline, all=False):
            self.stopped = True
            trainer.save_checkpoint(self._checkpoint)
            raise TimeIsUpError

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002 - a hook
        """Ends the run here if another epoch would not fit."""
        now = time.monotonic()
        self._longest = max(self._longest, now - self._epoch_start)
        self._epoch_start = now
        if self._deadline is None or trainer.current_epoch + 1 >= (trainer.max_epochs or 0):
            return
        if trainer.strategy.reduce_boolean_decision(now + self._longest > self._deadline, all=False):
            self.stopped = trainer.should_stop = True
