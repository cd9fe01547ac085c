"""A training run from crops to a weights file."""

import dataclasses
import datetime
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.files import atomic_text
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.core.weights_record import Provenance
from recognition.models.registry import build_model, needs_context
from recognition.training.body import load_pretrained, set_body_trainable
from recognition.training.config import TrainConfig
from recognition.training.dataset import CropDataModule
from recognition.training.fingerprint import fingerprint
from recognition.training.history import EpochHistory, Row
from recognition.training.lightning_trainer import (
    CHECKPOINTS,
    MONITOR,
    checkpoint_callbacks,
    make_trainer,
    quiet_lightning,
)
from recognition.training.module import RecognizerModule
from recognition.training.normalization import measure_normalization
from recognition.training.sources import CropData, CropSource, MixedCrops
from recognition.training.split import Split, make_split
from recognition.training.time_budget import TimeBudget, TimeIsUpError
from recognition.training.warm_start import load_initial_weights
from recognition.weights_file import save_weights
from recognition.weights_metadata import WeightsMetadata

LOGGER = logging.getLogger(__name__)
WEIGHTS = "recognizer.safetensors"
RUN_FILE = "config.json"
LAST = "last.ckpt"


@dataclass(frozen=True)
class TrainResult:
    """What a run left.

    Attributes:
        weights: the weights file.
        checkpoint: the checkpoint it was exported from.
        scores: that epoch's val/top1, val/top5, val/macro and val/loss; empty without validation.
        history: one row an epoch, as in history.csv.
        images_per_second: training throughput of the last epoch, all processes together.
        train_crops: how many crops were trained on.
        validation_crops: how many were held out.
        completed: False where the time budget ended the run before its last epoch: resume it to go on.
    """

    weights: Path
    checkpoint: Path
    scores: dict[str, float]
    history: tuple[Row, ...]
    images_per_second: float
    train_crops: int
    validation_crops: int
    completed: bool = True


def train(
    config: TrainConfig,
    store: CropData | Sequence[CropSource],
    out_dir: Path,
    *,
    resume: bool = False,
    provenance: Provenance | None = None,
) -> TrainResult:
    """Trains a recognizer and exports its weights file.

    The folder gets config.json (the resolved settings and what the data was), history.csv (one row an epoch) and
    history.png (its curves), logs/ (Lightning's CSV, and TensorBoard's files where asked), checkpoints/ (every epoch,
    best.ckpt, last.ckpt), recognizer.safetensors and result.json.

    Args:
        config: the run.
        store: one set of crops, or several sources with weights.
        out_dir: the folder of the run.
        resume: goes on from last.ckpt, to the same weights as an uninterrupted run; starts where there is none.
        provenance: training data, license and attribution for the weights file; the rest is filled in.

    Raises:
        TrainingError: if the crops cannot be trained on, the folder holds a run and `resume` is not set, the run to be
            resumed had other settings or crops, or the loss is no longer finite.
        WeightsError: if the initial weights cannot be read.
    """
    crops = MixedCrops(store if isinstance(store, Sequence) else [CropSource(store)])
    split = make_split(crops, config.split)
    checkpoint = _claim_folder(out_dir, config, crops, split, resume=resume)
    run = _Run(config, crops, split, out_dir)
    trainer = run.fit(checkpoint)
    result = run.result()
    if trainer.is_global_zero:
        run.export(result, provenance or Provenance())
        _write_json(out_dir / "result.json", to_plain(result))
    return result


class _Run:
    """The parts of one run."""

    def __init__(self, config: TrainConfig, crops: MixedCrops, split: Split, out_dir: Path) -> None:
        self.config, self.crops, self.split, self.out_dir = config, crops, split, out_dir
        self.module = make_module(config, crops, split)
        self.history = EpochHistory(out_dir / "history.csv", out_dir / "history.png")
        self.budget = TimeBudget(config.runtime.time_budget, out_dir / CHECKPOINTS / LAST)

    def fit(self, checkpoint: Path | None) -> Trainer:
        data = CropDataModule(self.crops, self.split, self.config)
        steps = len(data.train_dataloader())
        if not steps:
            raise TrainingError("an epoch has no whole batch: lower batch_size or raise balance.epoch_size")
        validates = bool(len(self.split.validation))
        writers = checkpoint_callbacks(self.out_dir, self.config, validates=validates)
        callbacks = [self.history, self.budget, *writers]
        with quiet_lightning(), suppress(TimeIsUpError):
            trainer = make_trainer(self.out_dir, self.config, callbacks, steps, validates=validates)
            trainer.fit(self.module, datamodule=data, ckpt_path=checkpoint)
        return trainer

    def result(self) -> TrainResult:
        rows = self.history.rows
        validates = bool(len(self.split.validation))
        best = validates and self.config.export == "best" and bool(rows)
        # A run that was cut short in its first epoch has no row yet.
        row = max(rows, key=lambda one: one[MONITOR]) if best else rows[-1] if rows else {}
        return TrainResult(
            weights=self.out_dir / WEIGHTS,
            checkpoint=self.out_dir / CHECKPOINTS / ("best.ckpt" if best else LAST),
            scores={name: value for name, value in row.items() if name.startswith("val/")},
            history=tuple(rows),
            images_per_second=rows[-1]["images_per_second"] if rows else 0.0,
            train_crops=len(self.split.train),
            validation_crops=len(self.split.validation),
            completed=not self.budget.stopped,
        )

    def export(self, result: TrainResult, provenance: Provenance) -> None:
        state = torch.load(result.checkpoint, map_location="cpu", weights_only=True)["state_dict"]
        self.module.load_state_dict(state)
        metadata = WeightsMetadata(
            model=self.config.model,
            charset=self.crops.charset,
            crop=self.crops.crop_config,
            preprocess=self.module.preprocess,
            ink=self.crops.ink,
            provenance=dataclasses.replace(
                provenance,
                split=self.split.describe(),
                seed=self.config.seed,
                scores=tuple(sorted(result.scores.items())),
                date=provenance.date or datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            ),
        )
        state = self.module.final_model.state_dict()
        save_weights(result.weights, state, metadata, half=self.config.half, overwrite=True)


def make_module(config: TrainConfig, crops: MixedCrops, split: Split) -> RecognizerModule:
    """A fresh model under the run's seed, with measured normalization and initial weights where asked."""
    _check_crops(config, crops)
    torch.manual_seed(config.seed)
    model = build_model(config.model, len(crops.charset))
    if config.pretrained:
        load_pretrained(model, Path(config.pretrained))
    if config.frozen_epochs:
        # Already here, because several processes agree on what learns before the first epoch.
        set_body_trainable(model, trainable=False)
    preprocess = config.preprocess
    if config.initial_weights:
        preprocess = load_initial_weights(model, crops.charset, config)
    elif config.measure_normalization:
        preprocess = measure_normalization(crops, split.train, preprocess)
    return RecognizerModule(model, len(crops.charset), config, preprocess)


def _check_crops(config: TrainConfig, crops: MixedCrops) -> None:
    """Refuses crops that the model cannot be shown."""
    cut, context = crops.crop_config, config.preprocess.context
    if (cut.resize == "context") != (context > 0) or (context and cut.context < context):
        raise TrainingError(
            f"model {config.model_name} with preprocess.context={context:g} cannot be shown crops cut with {cut}: the "
            "reader needs crop.resize=context and a crop.context above preprocess.context, the others fit or squish"
        )
    if crops.negatives and not needs_context(config.model):
        raise TrainingError(
            f"{crops.negatives} crops hold no character, and model {config.model_name} has no output for that: cut the "
            "crops without false alarms, or train the reader"
        )


def _claim_folder(out_dir: Path, config: TrainConfig, crops: MixedCrops, split: Split, *, resume: bool) -> Path | None:
    """Writes the resolved settings; gives the checkpoint to go on from, if there is one."""
    described = _describe_run(config, crops, split)
    last = out_dir / CHECKPOINTS / LAST
    if last.is_file():
        if not resume:
            raise TrainingError(f"{out_dir} holds a run: resume it, or choose another folder")
        _check_same_run(out_dir / RUN_FILE, described)
    elif resume:
        LOGGER.warning("%s: nothing to resume, starting from the beginning", out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    _write_json(out_dir / RUN_FILE, described)
    return last if last.is_file() else None


def _describe_run(config: TrainConfig, crops: MixedCrops, split: Split) -> dict[str, Any]:
    return {
        "config": to_plain(config),
        "crop": to_plain(crops.crop_config),
        "ink": to_plain(crops.ink),
        "charset_fingerprint": crops.charset.fingerprint,
        "classes": len(crops.charset),
        "sources": [
            {
                "name": source.name,
                "weight": source.weight,
                "validate": source.validate,
                "crops": len(source.data.class_ids),
            }
            for source in crops.sources
        ],
        "data_fingerprint": fingerprint(crops),
        "validation_books": list(split.validation_books),
        "versions": {name: version(name) for name in ("torch", "pytorch-lightning", "numpy")},
    }


def _check_same_run(path: Path, described: dict[str, Any]) -> None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        # A run that began before the fingerprint was kept has none.
        found.setdefault("data_fingerprint", described["data_fingerprint"])
        differing = [key for key in described if key not in {"config", "versions"} and found[key] != described[key]]
        settings = described["config"]
        differing += [key for key in settings if key != "runtime" and found["config"].get(key) != settings[key]]
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(
            f"{path}: cannot be read ({error!r}), so the run cannot be resumed: start another"
        ) from error
    if differing:
        raise TrainingError(
            f"{path.parent}: the run to resume had other {', '.join(differing)}: take the same, or start another run"
        )


def _write_json(path: Path, values: dict[str, Any]) -> None:
    with atomic_text(path) as stream:
        stream.write(json.dumps(values, indent=1, ensure_ascii=False, default=str) + "\n")
