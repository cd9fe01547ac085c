"""A dense reader's run from prepared pages to a weights file."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from detection.dense.network import KIND, DenseReader
from detection.dense.weights_file import DenseMetadata, borrow_weights, save_dense
from detection.training.data import PageSplit, StoreSource, describe_sources, split_pages
from detection.training.dense_config import DenseTraining
from detection.training.dense_data import CharacterDataModule
from detection.training.dense_module import DenseModule
from detection.training.dense_tiles import class_weights, codepoints_of
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.registry import architecture_of
from kuzushiji_submit.core.training.lr_find import LrFindConfig, LrFindResult, search_learning_rate
from kuzushiji_submit.core.training.run import Stage, TrainingResult, provenance_of_run, run_training
from kuzushiji_submit.core.weights_record import Provenance

logger = logging.getLogger(__name__)

MONITOR = "val/top1"
WEIGHTS = "dense.safetensors"


def train_dense(
    config: DenseTraining,
    sources: Sequence[StoreSource],
    out_dir: Path,
    charset: Charset | None = None,
    *,
    resume: bool = False,
    provenance: Provenance | None = None,
) -> TrainingResult:
    """Trains a dense reader and exports its weights file, dense.safetensors; see `run_training`.

    Args:
        config: the run.
        sources: stores of prepared pages with their characters.
        out_dir: the folder of the run.
        charset: the classes; None for every character of the pages.
        resume: goes on from last.ckpt, to the same weights as an uninterrupted run; starts where there is none.
        provenance: training data, license and attribution for the weights file; the rest is filled in.

    Raises:
        TrainingError: if the pages cannot be trained on, and as `run_training`.
        DetectionError: if a store is damaged.
        WeightsError: if the initial weights cannot be read.
        ConfigError: if they do not fit the run's network.
    """
    split = split_pages(sources, config.split)
    charset = charset or charset_of(split)
    data = CharacterDataModule(split, charset, config)
    if split.validation and not len(data.pages):
        logger.warning("no held-out page has a character to read: the run goes without validation")
    stage = Stage(
        kind=KIND,
        model=architecture_of(config.network).name,
        make_module=partial(make_module, config, data, charset),
        data=data,
        described={
            "charset_fingerprint": charset.fingerprint,
            "classes": len(charset),
            **describe_sources(sources, split, characters=True),
        },
        monitor=MONITOR,
        trained_on=sum(len(source.pages) for source in split.train),
        held_out=len(data.pages),
        weights=WEIGHTS,
        export=partial(_export, config, split, charset, provenance or Provenance()),
    )
    return run_training(stage, config, out_dir, resume=resume)


def dense_lr_find(
    config: DenseTraining,
    sources: Sequence[StoreSource],
    out_dir: Path,
    charset: Charset | None = None,
    search: LrFindConfig | None = None,
) -> LrFindResult:
    """The learning-rate curve of a run's tiles; see `search_learning_rate`.

    Raises:
        TrainingError: if the pages cannot be trained on.
    """
    split = split_pages(sources, config.split)
    charset = charset or charset_of(split)
    data = CharacterDataModule(split, charset, config)
    return search_learning_rate(make_module(config, data, charset), data, config.runtime, out_dir, search)


def make_module(config: DenseTraining, data: CharacterDataModule, charset: Charset) -> DenseModule:
    """A fresh network under the run's seed, or one that starts from a detector's or a dense reader's weights.

    Raises:
        WeightsError: if the initial weights cannot be read.
        ConfigError: if they do not fit the run's network.
    """
    torch.manual_seed(config.seed)
    network = DenseReader(config.network, len(charset))
    if config.initial_weights:
        borrow_weights(network, Path(config.initial_weights), charset)
    counts = data.tiles.class_counts(len(charset))
    return DenseModule(network, charset, config, torch.from_numpy(class_weights(counts, config.power)))


def charset_of(split: PageSplit) -> Charset:
    """Every character of the pages, those held out included.

    Raises:
        TrainingError: if there is none, or nobody said what a page's boxes hold.
    """
    pages = [page for source in split.train for page in source.pages] + list(split.validation)
    charset = Charset.from_labels(codepoint for page in pages for codepoint in codepoints_of(page))
    if not len(charset):
        raise TrainingError("there is no character to learn: give a data folder with pages that have some")
    return charset


def _export(
    config: DenseTraining,
    split: PageSplit,
    charset: Charset,
    provenance: Provenance,
    module: DenseModule,  # noqa: ARG001 - a recognizer's holds its normalization
    path: Path,
    state: dict[str, Tensor],
    scores: dict[str, float],
) -> None:
    described = provenance_of_run(provenance, split.describe(), config.seed, scores)
    save_dense(path, state, DenseMetadata(config.network, charset, provenance=described), overwrite=True)
