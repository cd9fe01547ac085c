"""A training run from crops to a weights file."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.core.training.data_fingerprint import fingerprint
from kuzushiji_submit.core.training.lr_find import LrFindConfig, LrFindResult, search_learning_rate
from kuzushiji_submit.core.training.run import Stage, TrainingResult, provenance_of_run, run_training
from kuzushiji_submit.core.weights_record import Provenance
from recognition.models.registry import build_model, needs_context
from recognition.training.balance import prior_offsets
from recognition.training.body import load_pretrained, set_body_trainable
from recognition.training.config import TrainConfig
from recognition.training.dataset import CropDataModule
from recognition.training.module import RecognizerModule
from recognition.training.normalization import measure_normalization
from recognition.training.sources import CropData, CropSource, MixedCrops
from recognition.training.split import Split, make_split
from recognition.training.warm_start import load_initial_weights
from recognition.weights_file import save_weights
from recognition.weights_metadata import WeightsMetadata

MONITOR = "val/top1"
SHARE_STEPS = 1000
"""Shares of soft labels that differ by less than one of these are the same data."""
WEIGHTS = "recognizer.safetensors"


def train(
    config: TrainConfig,
    store: CropData | Sequence[CropSource],
    out_dir: Path,
    *,
    resume: bool = False,
    provenance: Provenance | None = None,
    split: Split | None = None,
) -> TrainingResult:
    """Trains a recognizer and exports its weights file, recognizer.safetensors; see `run_training`.

    Args:
        config: the run.
        store: one set of crops, or several sources with shares.
        out_dir: the folder of the run.
        resume: goes on from last.ckpt, to the same weights as an uninterrupted run; starts where there is none.
        provenance: training data, license and attribution for the weights file; the rest is filled in.
        split: what is held out; None for that of the settings.

    Raises:
        TrainingError: if the crops cannot be trained on, and as `run_training`.
        WeightsError: if the initial weights cannot be read, or were trained on another ink.
    """
    crops = _mixed(store)
    split = split or make_split(crops, config.split)
    stage = Stage(
        kind="recognizer",
        model=config.model_name,
        make_module=partial(make_module, config, crops, split),
        data=CropDataModule(crops, split, config),
        described=_describe_data(crops, split),
        monitor=MONITOR,
        trained_on=len(split.train),
        held_out=len(split.validation),
        weights=WEIGHTS,
        export=partial(_export, config, crops, split, provenance or Provenance()),
    )
    return run_training(stage, config, out_dir, resume=resume)


def lr_find(
    config: TrainConfig, store: CropData | Sequence[CropSource], out_dir: Path, search: LrFindConfig | None = None
) -> LrFindResult:
    """The learning-rate curve of a run's training crops; see `search_learning_rate`.

    Raises:
        TrainingError: if the crops cannot be trained on.
    """
    crops = _mixed(store)
    split = make_split(crops, config.split)
    data = CropDataModule(crops, split, config)
    return search_learning_rate(make_module(config, crops, split), data, config.runtime, out_dir, search)


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
        preprocess = load_initial_weights(model, crops, config)
    elif config.measure_normalization:
        preprocess = measure_normalization(crops, split.train, preprocess)
    offsets = None
    if config.balance.adjust:
        offsets = torch.from_numpy(prior_offsets(crops, split.train, config.balance)).float()
    return RecognizerModule(model, len(crops.charset), config, preprocess, offsets)


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


def _mixed(store: CropData | Sequence[CropSource]) -> MixedCrops:
    return MixedCrops(store if isinstance(store, Sequence) else [CropSource(store)])


def _describe_data(crops: MixedCrops, split: Split) -> dict[str, Any]:
    """What a resumed run must have in common with its first part, besides the settings.

    The pixels are not part of the fingerprint: how crops were cut is compared by the crop settings.
    """
    places = [crops.class_ids, crops.book_index, crops.source_index]
    if crops.soft is not None:
        places += [crops.soft.class_ids, (crops.soft.shares * SHARE_STEPS).round().astype(np.int64)]
    return {
        "crop": to_plain(crops.crop_config),
        "ink": to_plain(crops.ink),
        "charset_fingerprint": crops.charset.fingerprint,
        "classes": len(crops.charset),
        "sources": [
            {
                "name": source.name,
                "share": source.share,
                "validate": source.validate,
                "crops": len(source.data.class_ids),
            }
            for source in crops.sources
        ],
        "data_fingerprint": fingerprint([crops.charset.fingerprint, "\n".join(crops.book_ids), *places]),
        "split_description": split.description,
        "validation_books": list(split.validation_books),
    }


def _export(
    config: TrainConfig,
    crops: MixedCrops,
    split: Split,
    provenance: Provenance,
    module: RecognizerModule,
    path: Path,
    state: dict[str, Tensor],
    scores: dict[str, float],
) -> None:
    metadata = WeightsMetadata(
        model=config.model,
        charset=crops.charset,
        crop=crops.crop_config,
        preprocess=module.preprocess,
        ink=crops.ink,
        provenance=provenance_of_run(provenance, split.description, config.seed, scores),
    )
    save_weights(path, state, metadata, half=config.half, overwrite=True)
