"""Stops a run before a deadline, in a state that another run goes on from."""

from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from kuzushiji_submit.core.time_budget import TimeBudget


class TimeIsUpError(Exception):
    """Ends a fit in the middle of an epoch, after its state was saved; never leaves the training room."""


class StopInTime(Callback):
    """Ends a run when its time budget does.

    Where the next epoch would not fit the run ends with the epoch before, and a resumed run gives the same weights as
    an uninterrupted one. Where an epoch takes longer than those before it, or is the first, it is cut short: its state
    is saved as it is, and a resumed run takes the steps that are left of it, under the same learning rates but with
    other draws than the uninterrupted run. The processes of a run always stop together.

    Lightning's own `Timer` does neither: it counts the time of all attempts together, and a run that it stops inside an
    epoch has lost that epoch's other steps, so that the one cycle never comes to its end.
    """

    def __init__(self, budget: TimeBudget | None, checkpoint: Path) -> None:
        """Takes a running clock.

        Args:
            budget: the time there is; None for no limit.
            checkpoint: the file that holds the state where an epoch is cut short.
        """
        self.stopped = False
        self._budget = budget
        self._checkpoint = checkpoint
        self._left_at_start = 0.0
        self._longest = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002 - a hook
        """Starts the first epoch's clock, also where that epoch was begun by another run."""
        if self._budget is not None:
            self._left_at_start = self._budget.remaining

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
        if self._budget is None or batch_idx + 1 >= trainer.num_training_batches:
            return
        if trainer.strategy.reduce_boolean_decision(self._budget.used_up, all=False):
            self.stopped = True
            trainer.save_checkpoint(self._checkpoint)
            raise TimeIsUpError

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002 - a hook
        """Ends the run here if another epoch would not fit."""
        if self._budget is None:
            return
        left = self._budget.remaining
        self._longest = max(self._longest, self._left_at_start - left)
        self._left_at_start = left
        if trainer.current_epoch + 1 >= (trainer.max_epochs or 0):
            return
        if trainer.strategy.reduce_boolean_decision(self._longest > left, all=False):
            self.stopped = trainer.should_stop = True
