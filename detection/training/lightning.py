"""Lightning's Trainer as a score-map run needs it."""

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger, Logger, TensorBoardLogger

from detection.training.config import HeatmapTraining
from detection.training.module import MONITOR
from kuzushiji_submit.core.errors import DetectionError

CHECKPOINTS = "checkpoints"


class TimeBudget(Callback):
    """Ends a run before an epoch that would not fit the budget any more; its last checkpoint is an epoch's end.

    One epoch is always done, or a resumed run would never end. The processes of a run always stop together.
    """

    def __init__(self, seconds: float) -> None:
        """Starts the clock."""
        self._begun = time.monotonic()
        self._stop_at = self._begun + seconds

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002 - a hook
        """Notes when the epoch began."""
        self._begun = time.monotonic()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002 - a hook
        """Asks for the end where another epoch of the same length would be too long."""
        now = time.monotonic()
        too_long = now + (now - self._begun) > self._stop_at
        if trainer.strategy.reduce_boolean_decision(too_long, all=False):
            trainer.should_stop = True


def make_trainer(out_dir: Path, config: HeatmapTraining, *, validates: bool) -> Trainer:
    """A Trainer for a whole run: CSV logs under out_dir/logs, checkpoints of every epoch, the best and the last.

    Raises:
        DetectionError: if TensorBoard is asked for and not installed.
    """
    runtime = config.runtime
    folder = out_dir / CHECKPOINTS
    every = ModelCheckpoint(
        folder,
        "epoch-{epoch:03d}",
        auto_insert_metric_name=False,
        save_top_k=-1 if runtime.keep_every_epoch else 1,
        save_last=True,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    best = ModelCheckpoint(
        folder, "best", monitor=MONITOR, mode="max", save_on_train_epoch_end=True, enable_version_counter=False
    )
    callbacks: list[Callback] = [best, every] if validates else [every]
    if runtime.time_budget > 0:
        callbacks.insert(0, TimeBudget(runtime.time_budget))
    return Trainer(
        default_root_dir=out_dir,
        accelerator=runtime.accelerator,
        devices=int(runtime.devices) if runtime.devices.isdigit() else runtime.devices,
        precision=runtime.precision,  # type: ignore[arg-type]  # checked by Lightning
        max_epochs=config.epochs,
        callbacks=callbacks,
        logger=_loggers(out_dir, tensorboard=runtime.tensorboard),
        # Several logs an epoch, even where many processes share its steps.
        log_every_n_steps=max(1, min(20, config.tiles_per_epoch // config.batch_size // 16)),
        gradient_clip_val=config.optimizer.gradient_clip or None,
        limit_val_batches=1.0 if validates else 0,
        num_sanity_val_steps=0,
        # The samplers deal tiles and pages to the processes themselves.
        use_distributed_sampler=False,
        enable_progress_bar=runtime.progress,
        enable_model_summary=False,
    )


def _loggers(out_dir: Path, *, tensorboard: bool) -> list[Logger]:
    # One folder an attempt: the logger would delete the rows of the attempt that is resumed.
    loggers: list[Logger] = [CSVLogger(out_dir, name="logs")]
    if tensorboard:
        try:
            loggers.append(TensorBoardLogger(out_dir, name="tensorboard"))
        except ModuleNotFoundError as error:
            raise DetectionError(
                "runtime.tensorboard needs the package tensorboard: pip install tensorboard, or leave it off"
            ) from error
    return loggers


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Silences Lightning's tips, and its warnings of choices made here on purpose; everything else is heard."""
    tips = logging.getLogger("pytorch_lightning")
    level = tips.level
    tips.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # Cutting tiles in the training process is fast enough on a CPU: workers are an option, not a need.
            warnings.filterwarnings("ignore", message=r"The '\w+' does not have many workers")
            # A resumed run finds the checkpoints of its first part, as it should.
            warnings.filterwarnings("ignore", message=r"Checkpoint directory .* exists and is not empty")
            # Lightning 2.6 builds LeafSpec, which newer versions of torch deprecate.
            warnings.filterwarnings("ignore", message=r".*LeafSpec.* is deprecated", category=FutureWarning)
            yield
    finally:
        tips.setLevel(level)
