"""A training run from prepared pages to a weights file."""

import dataclasses
import datetime
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from detection.heatmap.network import HeatmapNet
from detection.heatmap.weights_file import DetectorMetadata, load_detector, save_detector
from detection.training.config import HeatmapTraining
from detection.training.data import PageDataModule, PageSplit, StoreSource, split_pages
from detection.training.lightning import CHECKPOINTS, make_trainer, quiet_lightning
from detection.training.module import HeatmapModule
from detection.training.page_match import MatchPoints
from kuzushiji_submit.core.errors import DetectionError
from kuzushiji_submit.core.files import atomic_text
from kuzushiji_submit.core.weights_record import Provenance

logger = logging.getLogger(__name__)

WEIGHTS = "detector.safetensors"
RUN_FILE = "config.json"


@dataclass(frozen=True)
class HeatmapResult:
    """What a run left.

    Attributes:
        weights: the weights file.
        scores: precision, recall and f1 of the exported epoch on the held-out pages; empty without any.
        train_pages: how many pages were trained on.
        validation_pages: how many were held out.
        epochs: epochs done.
        completed: False where the time budget ended the run before its last epoch: resume it to go on.
    """

    weights: Path
    scores: dict[str, float]
    train_pages: int
    validation_pages: int
    epochs: int
    completed: bool


def train_heatmap(
    config: HeatmapTraining,
    sources: Sequence[StoreSource],
    out_dir: Path,
    match: MatchPoints,
    *,
    resume: bool = False,
    provenance: Provenance | None = None,
) -> HeatmapResult:
    """Trains the score map and exports its weights file.

    The folder gets config.json (the resolved settings), logs/ (Lightning's CSV), checkpoints/ (every epoch, best.ckpt,
    last.ckpt), detector.safetensors and result.json.

    Args:
        config: the run.
        sources: stores of prepared pages.
        out_dir: the folder of the run.
        match: the metric that held-out pages are matched by.
        resume: goes on from last.ckpt, to the same weights as an uninterrupted run; starts where there is none.
        provenance: training data, license and attribution for the weights file; the rest is filled in.

    Raises:
        DetectionError: if the pages cannot be trained on, the folder holds a run and `resume` is not set, the run to be
            resumed had other settings or pages, or the loss is no longer finite.
    """
    split = split_pages(sources, config.split)
    checkpoint = _claim_folder(out_dir, config, split, resume=resume)
    module = make_module(config, match)
    data = PageDataModule(split, config)
    validates = len(data.pages) > 0
    if split.validation and not validates:
        logger.warning("no held-out page is annotated exactly throughout: the run goes without validation")
    with quiet_lightning():
        trainer = make_trainer(out_dir, config, validates=validates)
        trainer.fit(module, datamodule=data, ckpt_path=checkpoint)
    best = validates and config.export == "best"
    exported = out_dir / CHECKPOINTS / ("best.ckpt" if best else "last.ckpt")
    scores = _scores(exported) if validates else {}
    result = HeatmapResult(
        weights=out_dir / WEIGHTS,
        scores=scores,
        train_pages=sum(len(one.pages) for one in split.train),
        validation_pages=len(data.pages),
        epochs=trainer.current_epoch,
        completed=trainer.current_epoch >= config.epochs,
    )
    if trainer.is_global_zero:
        _export(module, exported, result, config, split, provenance or Provenance())
        _write_json(out_dir / "result.json", dataclasses.asdict(result))
    return result


def make_module(config: HeatmapTraining, match: MatchPoints) -> HeatmapModule:
    """A fresh network under the run's seed, or one that starts from a weights file.

    Raises:
        WeightsError: if the initial weights cannot be read.
        DetectionError: if they are of another shape.
    """
    torch.manual_seed(config.seed)
    network = HeatmapNet(config.network)
    if config.initial_weights:
        initial, metadata = load_detector(Path(config.initial_weights))
        if metadata.network != config.network:
            raise DetectionError(
                f"{config.initial_weights}: its network is {metadata.network}, the run's {config.network}: set the same"
            )
        network.load_state_dict(initial.state_dict())
    return HeatmapModule(network, config, match)


def _scores(checkpoint: Path) -> dict[str, float]:
    """The validation figures that the module stored with a checkpoint."""
    found: dict[str, float] = torch.load(checkpoint, map_location="cpu", weights_only=True)["figures"]
    return found


def _export(
    module: HeatmapModule,
    checkpoint: Path,
    result: HeatmapResult,
    config: HeatmapTraining,
    split: PageSplit,
    provenance: Provenance,
) -> None:
    module.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"])
    described = dataclasses.replace(
        provenance,
        split=split.describe(),
        seed=config.seed,
        scores=tuple(sorted(result.scores.items())),
        date=provenance.date or datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
    )
    metadata = DetectorMetadata(config.network, provenance=described)
    save_detector(result.weights, module.final_network.state_dict(), metadata, overwrite=True)


def _claim_folder(out_dir: Path, config: HeatmapTraining, split: PageSplit, *, resume: bool) -> Path | None:
    """Writes the resolved settings; gives the checkpoint to go on from, if there is one."""
    described = {
        "config": json.loads(json.dumps(dataclasses.asdict(config))),
        "validation_books": list(split.validation_books),
        "sources": [
            {"weight": one.weight, "pages": len(one.pages), "boxes": sum(len(page.boxes) for page in one.pages)}
            for one in split.train
        ],
    }
    last = out_dir / CHECKPOINTS / "last.ckpt"
    if last.is_file():
        if not resume:
            raise DetectionError(f"{out_dir} holds a run: resume it (--resume), or choose another folder")
        _check_same_run(out_dir / RUN_FILE, described)
    elif resume:
        logger.warning("%s: nothing to resume, starting from the beginning", out_dir)
    _write_json(out_dir / RUN_FILE, described)
    return last if last.is_file() else None


def _check_same_run(path: Path, described: dict[str, Any]) -> None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        differing = [key for key in described if key != "config" and found[key] != described[key]]
        settings = described["config"]
        differing += [key for key in settings if key != "runtime" and found["config"].get(key) != settings[key]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DetectionError(
            f"{path}: cannot be read ({error!r}), so the run cannot be resumed: start another"
        ) from error
    if differing:
        raise DetectionError(
            f"{path.parent}: the run to resume had other {', '.join(differing)}: take the same, or start another run"
        )


def _write_json(path: Path, values: dict[str, Any]) -> None:
    with atomic_text(path) as stream:
        stream.write(json.dumps(values, indent=1, ensure_ascii=False, default=str) + "\n")
