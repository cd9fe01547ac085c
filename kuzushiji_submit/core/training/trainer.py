"""Lightning's Trainer, set up so that it writes only into the run's folder and warns of nothing known."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger, Logger, TensorBoardLogger

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.signals import raise_if_stopped
from kuzushiji_submit.core.training.averaging import WarmingAverage
from kuzushiji_submit.core.training.checkpoints import BEST, EVERY_EPOCH, FOLDER, WholeCheckpoints
from kuzushiji_submit.core.training.config import TrainingConfig
from kuzushiji_submit.core.training.training_progress import TrainingProgress


class HearSignals(Callback):
    """Ends the run at the next step where a signal's exception was raised and lost."""

    def on_train_batch_start(
        self,
        trainer: Trainer,  # noqa: ARG002 - a hook
        pl_module: LightningModule,  # noqa: ARG002 - a hook
        batch: Any,  # noqa: ANN401, ARG002 - a hook
        batch_idx: int,  # noqa: ARG002 - a hook
    ) -> None:
        """Looks once a step.

        Raises:
            StoppedBySignalError: if there was a signal.
        """
        raise_if_stopped()


class MovableCheckpoint(ModelCheckpoint):
    """Lightning's writer of checkpoints, in a run whose folder may be copied elsewhere and resumed there.

    Lightning's own forgets its best figure then, and the next epoch would become the best one, however bad.
    """

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes up the state of the run that is resumed, with this folder in its paths."""
        state = {**state_dict, "dirpath": self.dirpath}
        for name in ("best_model_path", "kth_best_model_path", "last_model_path"):
            state[name] = self._moved(state[name])
        state["best_k_models"] = {self._moved(path): score for path, score in state["best_k_models"].items()}
        super().load_state_dict(state)

    def _moved(self, path: str) -> str:
        return str(Path(self.dirpath or "") / Path(path).name) if path else path


def checkpoint_callbacks(out_dir: Path, monitor: str | None, *, keep_every_epoch: bool) -> list[Callback]:
    """Writers of best.ckpt (where something is monitored), of last.ckpt, and of one file an epoch."""
    folder = out_dir / FOLDER
    every = MovableCheckpoint(
        folder,
        EVERY_EPOCH,
        auto_insert_metric_name=False,
        save_top_k=-1 if keep_every_epoch else 1,
        save_last=True,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    if monitor is None:
        return [every]
    best = MovableCheckpoint(
        folder,
        Path(BEST).stem,
        monitor=monitor,
        mode="max",
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    # The best comes first: last.ckpt then holds its state of the same epoch, and a resumed run compares with it.
    return [best, every]


def make_trainer(
    out_dir: Path, config: TrainingConfig, callbacks: Sequence[Callback], steps_per_epoch: int, monitor: str | None
) -> Trainer:
    """A Trainer for a whole run: CSV logs under out_dir/logs, checkpoints by the callbacks alone.

    Args:
        out_dir: the run's folder.
        config: the run.
        callbacks: those of the run; averaging comes before them, since they look at and save what it makes.
        steps_per_epoch: of this process.
        monitor: the validation figure that chooses the best epoch; None without validation.

    Raises:
        TrainingError: if TensorBoard is asked for and not installed.
    """
    runtime, decay = config.runtime, config.optimizer.ema_decay
    return Trainer(
        default_root_dir=out_dir,
        accelerator=runtime.accelerator,
        devices=int(runtime.devices) if runtime.devices.isdigit() else runtime.devices,
        precision=runtime.precision,  # type: ignore[arg-type]  # checked by Lightning
        max_epochs=config.epochs,
        callbacks=[
            HearSignals(),
            *([TrainingProgress()] if runtime.progress else []),
            *([WarmingAverage(decay)] if decay else []),
            *callbacks,
            *checkpoint_callbacks(out_dir, monitor, keep_every_epoch=runtime.keep_every_epoch),
        ],
        plugins=[WholeCheckpoints()],
        logger=_loggers(out_dir, tensorboard=runtime.tensorboard),
        # Several logs an epoch, even where many processes share its steps.
        log_every_n_steps=max(1, min(50, steps_per_epoch // 16)),
        gradient_clip_val=config.optimizer.gradient_clip or None,
        limit_val_batches=0 if monitor is None else 1.0,
        num_sanity_val_steps=0,
        # The samplers deal items to the processes themselves.
        use_distributed_sampler=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _loggers(out_dir: Path, *, tensorboard: bool) -> list[Logger]:
    # One folder an attempt: the logger would delete the rows of the attempt that is resumed.
    loggers: list[Logger] = [CSVLogger(out_dir, name="logs")]
    if tensorboard:
        try:
            loggers.append(TensorBoardLogger(out_dir, name="logs", version="tensorboard"))
        except ModuleNotFoundError as error:
            raise TrainingError(
                "runtime.tensorboard needs the package tensorboard: pip install tensorboard, or leave it off"
            ) from error
    return loggers


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Silences Lightning's tips, and its warnings of choices made here on purpose; everything else is heard."""
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # Reading memory-mapped data in the training process is fast enough: workers are an option, not a need.
            warnings.filterwarnings("ignore", message=r"The '\w+' does not have many workers")
            # A resumed run finds the checkpoints of its first part, as it should.
            warnings.filterwarnings("ignore", message=r"Checkpoint directory .* exists and is not empty")
            # A run that its time budget ended in the middle of an epoch goes on with other items of that epoch.
            warnings.filterwarnings("ignore", message=r"You're resuming from a checkpoint that ended before the epoch")
            # A process that none of the few held-out items fell to has nothing to count.
            warnings.filterwarnings("ignore", message=r"The ``compute`` method of metric .* was called before")
            # Lightning 2.6 builds LeafSpec, which newer versions of torch deprecate.
            warnings.filterwarnings("ignore", message=r".*LeafSpec.* is deprecated", category=FutureWarning)
            yield
    finally:
        logger.setLevel(level)
