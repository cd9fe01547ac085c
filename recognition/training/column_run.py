"""A column model's run from texts and confusions to a weights file."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.registry import architecture_of
from kuzushiji_submit.core.training.run import Stage, TrainingResult, provenance_of_run, run_training
from kuzushiji_submit.core.weights_record import Provenance
from recognition.column.network import KIND, ColumnNetwork
from recognition.column.weights_file import ColumnMetadata, borrow_weights, save_column
from recognition.training.column_config import ColumnTraining
from recognition.training.column_confusions import Confusions
from recognition.training.column_eye import SimulatedEye
from recognition.training.column_module import ColumnModule
from recognition.training.column_texts import TextSource, TextSplit, describe_texts, frequencies, split_texts
from recognition.training.column_vectors import start_vectors
from recognition.training.column_windows import ColumnDataModule

logger = logging.getLogger(__name__)

MONITOR = "val/top1"
WEIGHTS = "column.safetensors"
_EYE_KNOWS = 0.5  # how much of a class's frequency the eye's own scores say already, at the start


def train_column(
    config: ColumnTraining,
    sources: Sequence[TextSource],
    confusions: Confusions,
    charset: Charset,
    out_dir: Path,
    *,
    resume: bool = False,
    provenance: Provenance | None = None,
) -> TrainingResult:
    """Trains a column model and exports its weights file, column.safetensors; see `run_training`.

    Args:
        config: the run.
        sources: the texts.
        confusions: what readers said of crops, in classes of the charset.
        charset: the characters of the readers, in class order.
        out_dir: the folder of the run.
        resume: goes on from last.ckpt, to the same weights as an uninterrupted run; starts where there is none.
        provenance: training data, license and attribution for the weights file; the rest is filled in.

    Raises:
        TrainingError: if the texts cannot be trained on, and as `run_training`.
        WeightsError: if the initial weights cannot be read.
        ConfigError: if they do not fit the run's network.
    """
    split = split_texts(sources, charset, config.split)
    frequency = frequencies(split.train, len(charset))
    eye = SimulatedEye(confusions, frequency, config.eye, config.network.candidates, config.seed)
    for penalty, temperature in zip(eye.penalties, eye.temperatures, strict=True):
        logger.debug("eye with a penalty of %g: honest at a temperature of %.2f", penalty, temperature)
    data = ColumnDataModule(split, eye, config)
    stage = Stage(
        kind=KIND,
        model=architecture_of(config.network).name,
        make_module=partial(make_module, config, split, charset),
        data=data,
        described={
            "charset_fingerprint": charset.fingerprint,
            "classes": len(charset),
            "confusions": confusions.fingerprint,
            **describe_texts(sources, split),
        },
        monitor=MONITOR,
        trained_on=sum(map(len, split.train)),
        held_out=sum(map(len, split.validation)),
        weights=WEIGHTS,
        export=partial(_export, config, split, charset, provenance or Provenance()),
    )
    return run_training(stage, config, out_dir, resume=resume)


def make_module(config: ColumnTraining, split: TextSplit, charset: Charset) -> ColumnModule:
    """A fresh network that knows what stands near what, or one that starts from a column model's weights.

    Raises:
        WeightsError: if the initial weights cannot be read.
        ConfigError: if they do not fit the run's network.
    """
    torch.manual_seed(config.seed)
    network = ColumnNetwork(config.network, len(charset))
    frequency = frequencies(split.train, len(charset))
    if config.initial_weights:
        borrow_weights(network, Path(config.initial_weights), charset)
    else:
        vectors = start_vectors(split.train, len(charset), config.network.width, config.seed)
        frequent = torch.from_numpy(np.log(frequency)).float()
        with torch.no_grad():
            network.vectors.weight.copy_(torch.from_numpy(vectors))
            network.bias.copy_(frequent)
            network.eye_bias.copy_(-_EYE_KNOWS * frequent)
    return ColumnModule(network, config, frequency)


def _export(
    config: ColumnTraining,
    split: TextSplit,
    charset: Charset,
    provenance: Provenance,
    module: ColumnModule,  # noqa: ARG001 - a recognizer's holds its normalization
    path: Path,
    state: dict[str, Tensor],
    scores: dict[str, float],
) -> None:
    described = provenance_of_run(provenance, split.describe(), config.seed, scores)
    save_column(path, state, ColumnMetadata(config.network, charset, described), overwrite=True)
