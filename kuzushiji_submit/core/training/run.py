"""A training run of any network, from its data to its weights file."""

import datetime
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytorch_lightning import LightningDataModule, Trainer
from torch import Tensor

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.files import naming_full_disk
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.core.signals import StoppedBySignalError
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.core.training.checkpoints import (
    AGAIN,
    BEST,
    EVERY_EPOCH,
    FOLDER,
    LAST,
    load_checkpoint,
)
from kuzushiji_submit.core.training.config import TrainingConfig
from kuzushiji_submit.core.training.history import EpochHistory
from kuzushiji_submit.core.training.loaders import naming_full_shared_memory
from kuzushiji_submit.core.training.module import StageModule
from kuzushiji_submit.core.training.run_folder import claim_folder, write_json
from kuzushiji_submit.core.training.runs import HISTORY, PICTURE, RESULT, Row
from kuzushiji_submit.core.training.stop_in_time import StopInTime, TimeIsUpError
from kuzushiji_submit.core.training.trainer import make_trainer, quiet_lightning
from kuzushiji_submit.core.weights_record import Provenance

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """What a stage brings to the training room.

    Attributes:
        kind: what the network does, as its weights file says it: "detector", "recognizer", "dense_reader", "column".
        model: the architecture's name.
        make_module: makes the module with its network under the run's seed; called once the folder is claimed.
        data: the loaders.
        described: what its data is, and whatever else a resumed run must have in common with its first part.
        monitor: the validation figure whose highest epoch is the best.
        trained_on: how many items are trained on.
        held_out: how many are held out; none for no validation.
        weights: the name of the weights file.
        export: writes a weights file, from the module, the file's path, the network's arrays by name, and the scores.
    """

    kind: str
    model: str
    make_module: Callable[[], StageModule]
    data: LightningDataModule
    described: Mapping[str, Any]
    monitor: str
    trained_on: int
    held_out: int
    weights: str
    export: Callable[[StageModule, Path, dict[str, Tensor], dict[str, float]], None]


@dataclass(frozen=True)
class TrainingResult:
    """What a run left.

    Attributes:
        weights: the weights file.
        checkpoint: the checkpoint it was exported from.
        scores: that epoch's validation figures; empty without validation.
        history: one row an epoch, as in history.csv.
        images_per_second: training throughput of the last epoch, all processes together.
        trained_on: how many items were trained on.
        held_out: how many were held out.
        completed: False where the time budget ended the run before its last epoch: resume it to go on.
    """

    weights: Path
    checkpoint: Path
    scores: dict[str, float]
    history: tuple[Row, ...]
    images_per_second: float
    trained_on: int
    held_out: int
    completed: bool


def run_training(stage: Stage, config: TrainingConfig, out_dir: Path, *, resume: bool = False) -> TrainingResult:
    """Trains a stage's network and exports its weights file.

    The folder gets config.json (the resolved settings and what the data was), history.csv (one row an epoch) and
    history.png (its curves), logs/ (Lightning's CSV, and TensorBoard's files where asked), checkpoints/ (every epoch,
    best.ckpt, last.ckpt), the weights file and result.json.

    Args:
        stage: what is trained on what.
        config: the run.
        out_dir: the folder of the run.
        resume: goes on from last.ckpt, to the same weights as an uninterrupted run; starts where there is none.

    Raises:
        TrainingError: if the folder holds a run and `resume` is not set, the run to be resumed had other settings or
            data or no checkpoint of it is whole, the loss is no longer finite, or shared memory is full.
        OutputError: if the disk is full; the checkpoints before are whole.
        StoppedBySignalError: if the run was told to stop; `resume` goes on with the last finished epoch.
    """
    budget = TimeBudget(config.runtime.time_budget) if config.runtime.time_budget else None
    described = {"stage": stage.kind, "model": stage.model, "monitor": stage.monitor, **stage.described}
    checkpoint = claim_folder(out_dir, config, described, resume=resume)
    module = stage.make_module()
    history = EpochHistory(out_dir / HISTORY, out_dir / PICTURE)
    stop = StopInTime(budget, out_dir / FOLDER / LAST)
    steps = len(stage.data.train_dataloader())
    if not steps:
        raise TrainingError("an epoch has no whole batch: lower batch_size, or draw more items an epoch")
    with ExitStack() as around:
        around.enter_context(naming_full_disk(out_dir, again=AGAIN))
        around.enter_context(naming_full_shared_memory(config.runtime.num_workers))
        around.enter_context(quiet_lightning())
        monitor = stage.monitor if stage.held_out else None
        trainer = make_trainer(out_dir, config, [history, stop], steps, monitor)
        _fit(trainer, module, stage.data, checkpoint)
    result = _result(stage, config, out_dir, history.rows, completed=not stop.stopped)
    if trainer.is_global_zero:
        state = _network_state(load_checkpoint(result.checkpoint))
        stage.export(module, result.weights, state, result.scores)
        write_json(out_dir / RESULT, to_plain(result))
    return result


def _fit(trainer: Trainer, module: StageModule, data: LightningDataModule, checkpoint: Path | None) -> None:
    try:
        with suppress(TimeIsUpError):
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint)
    except StoppedBySignalError as stopped:
        # Processes beside this one would wait for it; Lightning ends them at SIGTERM, but not at SIGINT.
        kill = getattr(trainer.strategy.launcher, "kill", None)
        if kill is not None:
            kill(stopped.signum)
        raise


def _result(
    stage: Stage, config: TrainingConfig, out_dir: Path, rows: Sequence[Row], *, completed: bool
) -> TrainingResult:
    folder = out_dir / FOLDER
    # A run that was cut short in its first epoch has no row yet.
    row: Row = rows[-1] if rows else {}
    exported = folder / LAST
    if rows and stage.held_out and config.export == "best":
        best = max(rows, key=lambda each: each[stage.monitor])
        found = _checkpoint_of(folder, int(best["epoch"]))
        if found is None:
            logger.warning("%s: the best epoch's checkpoint is lost or damaged: the last epoch is exported", folder)
        else:
            row, exported = best, found
    return TrainingResult(
        weights=out_dir / stage.weights,
        checkpoint=exported,
        scores={name: value for name, value in row.items() if name.startswith("val/")},
        history=tuple(rows),
        images_per_second=rows[-1]["images_per_second"] if rows else 0.0,
        trained_on=stage.trained_on,
        held_out=stage.held_out,
        completed=completed,
    )


def _checkpoint_of(folder: Path, epoch: int) -> Path | None:
    """A whole checkpoint of an epoch: best.ckpt, or where a full disk or the like has damaged it, the epoch's own."""
    for path in (folder / BEST, folder / f"{EVERY_EPOCH.format(epoch=epoch)}.ckpt"):
        with suppress(TrainingError):
            if load_checkpoint(path)["epoch"] == epoch:
                return path
    return None


def _network_state(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """The arrays of the network alone, the averaged ones where there is an average."""
    prefix = "model."
    state: Mapping[str, Tensor] = checkpoint["state_dict"]
    return {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}


def provenance_of_run(given: Provenance, split: str, seed: int, scores: Mapping[str, float]) -> Provenance:
    """What an exported weights file says of where it comes from.

    Args:
        given: what the user says; a date that it names stays, else it is today's, ISO 8601, in UTC.
        split: how training and validation books were told apart, in words.
        seed: of the run.
        scores: validation figures by name.
    """
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    return replace(given, split=split, seed=seed, scores=tuple(sorted(scores.items())), date=given.date or today)
