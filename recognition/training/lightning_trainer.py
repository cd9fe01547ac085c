"""Lightning's Trainer, set up so that it writes only into the run's folder and warns of nothing known."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger, Logger, TensorBoardLogger

from kuzushiji_submit.core.errors import TrainingError
from recognition.training.config import TrainConfig

CHECKPOINTS = "checkpoints"
MONITOR = "val/top1"


def checkpoint_callbacks(out_dir: Path, config: TrainConfig, *, validates: bool) -> list[ModelCheckpoint]:
    """Writers of best.ckpt (where there is validation), of last.ckpt, and of one file an epoch."""
    folder = out_dir / CHECKPOINTS
    best = ModelCheckpoint(
        folder, "best", monitor=MONITOR, mode="max", save_on_train_epoch_end=True, enable_version_counter=False
    )
    every = ModelCheckpoint(
        folder,
        "epoch-{epoch:03d}",
        auto_insert_metric_name=False,
        save_top_k=-1 if config.runtime.keep_every_epoch else 1,
        save_last=True,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    # The best comes first: last.ckpt then holds its state of the same epoch, and a resumed run compares with it.
    return [best, every] if validates else [every]


def make_trainer(
    out_dir: Path, config: TrainConfig, callbacks: list[Callback], steps_per_epoch: int, *, validates: bool
) -> Trainer:
    """A Trainer for a whole run: CSV logs under out_dir/logs, checkpoints by the callbacks alone."""
    runtime = config.runtime
    return Trainer(
        default_root_dir=out_dir,
        accelerator=runtime.accelerator,
        devices=int(runtime.devices) if runtime.devices.isdigit() else runtime.devices,
        precision=runtime.precision,  # type: ignore[arg-type]  # checked by Lightning
        max_epochs=config.epochs,
        callbacks=callbacks,
        logger=_loggers(out_dir, tensorboard=runtime.tensorboard),
        # Several logs an epoch, even where many processes share its steps.
        log_every_n_steps=max(1, min(50, steps_per_epoch // 16)),
        gradient_clip_val=config.optimizer.gradient_clip or None,
        limit_val_batches=1.0 if validates else 0,
        num_sanity_val_steps=0,
        # The samplers deal crops to the processes themselves.
        use_distributed_sampler=False,
        enable_progress_bar=runtime.progress,
        enable_model_summary=False,
    )


def _loggers(out_dir: Path, *, tensorboard: bool) -> list[Logger]:
    """CSV logs, and TensorBoard's beside them where asked.

    Raises:
        TrainingError: if TensorBoard is asked for and not installed.
    """
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
            # Reading memory-mapped crops in the training process is fast enough: workers are an option, not a need.
            warnings.filterwarnings("ignore", message=r"The '\w+' does not have many workers")
            # A resumed run finds the checkpoints of its first part, as it should.
            warnings.filterwarnings("ignore", message=r"Checkpoint directory .* exists and is not empty")
            # A run that its time budget ended in the middle of an epoch goes on with other crops of that epoch.
            warnings.filterwarnings("ignore", message=r"You're resuming from a checkpoint that ended before the epoch")
            # Lightning 2.6 builds LeafSpec, which newer versions of torch deprecate.
            warnings.filterwarnings("ignore", message=r".*LeafSpec.* is deprecated", category=FutureWarning)
            yield
    finally:
        logger.setLevel(level)
