"""How far a training is, shown as all other work is."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from kuzushiji_submit.core.progress import Counter, counter


class TrainingProgress(Callback):
    """One bar an epoch, or plain lines where there is no terminal, in the first process alone."""

    def __init__(self) -> None:
        self._bar: Counter | None = None

    def on_train_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,  # noqa: ARG002 - a hook
        batch: Any,  # noqa: ANN401, ARG002 - a hook
        batch_idx: int,
    ) -> None:
        """Begins the epoch's bar; of an epoch that a time budget cut short the rest is trained."""
        if self._bar is None and trainer.is_global_zero:
            name = f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}"
            self._bar = counter(name, int(trainer.num_training_batches), initial=batch_idx, unit="batch")

    def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:  # noqa: ANN401, ARG002 - a hook
        """Counts a batch."""
        if self._bar is not None:
            figures = {name: value for name, value in trainer.progress_bar_metrics.items() if name != "v_num"}
            self._bar.set_postfix(figures, refresh=False)
            self._bar.update()

    def on_validation_start(
        self,
        trainer: Trainer,  # noqa: ARG002 - a hook
        pl_module: LightningModule,  # noqa: ARG002 - a hook
    ) -> None:
        """Ends the epoch's bar, whose batches are through."""
        self._close()

    def on_train_epoch_end(
        self,
        trainer: Trainer,  # noqa: ARG002 - a hook
        pl_module: LightningModule,  # noqa: ARG002 - a hook
    ) -> None:
        """Ends the epoch's bar, where nothing is validated."""
        self._close()

    def teardown(
        self,
        trainer: Trainer,  # noqa: ARG002 - a hook
        pl_module: LightningModule,  # noqa: ARG002 - a hook
        stage: str,  # noqa: ARG002 - a hook
    ) -> None:
        """Ends a bar that the time budget or an error left open."""
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
