"""A training run from prepared pages to a weights file."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from detection.heatmap.network import HeatmapNet
from detection.heatmap.weights_file import DetectorMetadata, load_detector, save_detector
from detection.training.config import HeatmapTraining
from detection.training.data import PageDataModule, PageSplit, StoreSource, describe_sources, split_pages
from detection.training.module import HeatmapModule
from detection.training.page_match import MatchPoints
from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.registry import architecture_of
from kuzushiji_submit.core.training.lr_find import LrFindConfig, LrFindResult, search_learning_rate
from kuzushiji_submit.core.training.run import Stage, TrainingResult, provenance_of_run, run_training
from kuzushiji_submit.core.weights_record import Provenance

logger = logging.getLogger(__name__)

MONITOR = "val/f1"
WEIGHTS = "detector.safetensors"


def train_heatmap(
    config: HeatmapTraining,
    sources: Sequence[StoreSource],
    out_dir: Path,
    match: MatchPoints,
    *,
    resume: bool = False,
    provenance: Provenance | None = None,
) -> TrainingResult:
    """Trains the score map and exports its weights file, detector.safetensors; see `run_training`.

    Args:
        config: the run.
        sources: stores of prepared pages.
        out_dir: the folder of the run.
        match: the metric that held-out pages are matched by.
        resume: goes on from last.ckpt, to the same weights as an uninterrupted run; starts where there is none.
        provenance: training data, license and attribution for the weights file; the rest is filled in.

    Raises:
        TrainingError: if the pages cannot be trained on, and as `run_training`.
        DetectionError: if a store is damaged.
        WeightsError: if the initial weights cannot be read.
    """
    split = split_pages(sources, config.split)
    data = PageDataModule(split, config)
    if split.validation and not data.pages.pages:
        logger.warning("no held-out page is annotated exactly throughout: the run goes without validation")
    stage = Stage(
        kind="detector",
        model=architecture_of(config.network).name,
        make_module=partial(make_module, config, match),
        data=data,
        described=describe_sources(sources, split),
        monitor=MONITOR,
        trained_on=sum(len(source.pages) for source in split.train),
        held_out=len(data.pages),
        weights=WEIGHTS,
        export=partial(_export, config, split, provenance or Provenance()),
    )
    return run_training(stage, config, out_dir, resume=resume)


def heatmap_lr_find(
    config: HeatmapTraining,
    sources: Sequence[StoreSource],
    out_dir: Path,
    match: MatchPoints,
    search: LrFindConfig | None = None,
) -> LrFindResult:
    """The learning-rate curve of a run's tiles; see `search_learning_rate`.

    Raises:
        TrainingError: if the pages cannot be trained on.
    """
    data = PageDataModule(split_pages(sources, config.split), config)
    return search_learning_rate(make_module(config, match), data, config.runtime, out_dir, search)


def make_module(config: HeatmapTraining, match: MatchPoints) -> HeatmapModule:
    """A fresh network under the run's seed, or one that starts from a weights file.

    Raises:
        WeightsError: if the initial weights cannot be read.
        TrainingError: if they are of another shape, or were trained on ink.
    """
    torch.manual_seed(config.seed)
    network = HeatmapNet(config.network)
    if config.initial_weights:
        initial, metadata = load_detector(Path(config.initial_weights))
        if metadata.network != config.network:
            raise TrainingError(
                f"{config.initial_weights}: its network is {metadata.network}, the run's {config.network}: set the same"
            )
        if metadata.ink is not None:
            raise TrainingError(
                f"{config.initial_weights}: was trained on the ink of pages, and a run shows levelled pages: name "
                "weights that were trained on these"
            )
        network.load_state_dict(initial.state_dict())
    return HeatmapModule(network, config, match)


def _export(
    config: HeatmapTraining,
    split: PageSplit,
    provenance: Provenance,
    module: HeatmapModule,  # noqa: ARG001 - a recognizer's holds its normalization
    path: Path,
    state: dict[str, Tensor],
    scores: dict[str, float],
) -> None:
    described = provenance_of_run(provenance, split.describe(), config.seed, scores)
    save_detector(path, state, DetectorMetadata(config.network, provenance=described), overwrite=True)
