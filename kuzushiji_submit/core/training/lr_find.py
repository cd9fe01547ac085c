"""The learning rate finder: loss against a learning rate that rises with every step."""

import csv
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pytorch_lightning import LightningDataModule, Trainer
from pytorch_lightning.tuner import lr_finder
from pytorch_lightning.tuner.tuning import Tuner

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.files import atomic_text, naming_full_disk
from kuzushiji_submit.core.plotting import new_figure, save_figure
from kuzushiji_submit.core.progress import Counter, counter
from kuzushiji_submit.core.scratch import scratch_folder
from kuzushiji_submit.core.training.config import RuntimeConfig
from kuzushiji_submit.core.training.loaders import naming_full_shared_memory
from kuzushiji_submit.core.training.module import StageModule
from kuzushiji_submit.core.training.trainer import HearSignals, quiet_lightning


@dataclass(frozen=True)
class LrFindConfig:
    """How the finder searches.

    Attributes:
        lowest: the first learning rate.
        highest: the last.
        steps: batches, the learning rate rising exponentially from one to the next.
        skip_start: points at the start that neither the suggestion nor the picture uses.
        skip_end: points at the end likewise.
        stop_factor: stops where the smoothed loss exceeds its minimum by this factor.
    """

    lowest: float = 1e-7
    highest: float = 10.0
    steps: int = 100
    skip_start: int = 10
    skip_end: int = 5
    stop_factor: float = 4.0


@dataclass(frozen=True)
class LrFindResult:
    """The curve and what to make of it.

    Attributes:
        learning_rates: of each step.
        losses: smoothed, of each step.
        suggestion: where the loss falls fastest; None if the curve is too short to tell.
        curve: the curve as CSV.
        picture: the curve as PNG.
    """

    learning_rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float | None
    curve: Path
    picture: Path


def search_learning_rate(
    module: StageModule,
    data: LightningDataModule,
    runtime: RuntimeConfig,
    out_dir: Path,
    search: LrFindConfig | None = None,
) -> LrFindResult:
    """Runs Lightning's learning rate finder on the training data; nothing of it stays anywhere.

    Args:
        module: a fresh one; what it learns is of no use afterwards.
        data: what it trains on.
        runtime: where.
        out_dir: gets lr_find.csv and lr_find.png.
        search: range and length.

    Raises:
        TrainingError: if the search has no step, or shared memory is full.
        OutputError: if the disk is full.
    """
    search = search or LrFindConfig()
    # Raw losses: Lightning's own smoothing halves the first ones, its correction being one step ahead.
    raw_losses: list[float] = []
    module.recorded_losses = raw_losses
    out_dir.mkdir(parents=True, exist_ok=True)
    with (
        naming_full_disk(out_dir),
        naming_full_shared_memory(runtime.num_workers),
        scratch_folder("lr_find", out_dir) as scratch,
        quiet_lightning(),
        _own_progress(shown=runtime.progress),
    ):
        finder = Tuner(_make_trainer(runtime, str(scratch), search.steps)).lr_find(
            module,
            datamodule=data,
            min_lr=search.lowest,
            max_lr=search.highest,
            num_training=search.steps,
            early_stop_threshold=search.stop_factor,
            update_attr=False,
        )
    if finder is None:
        raise TrainingError("the learning rate finder did not run: give it at least one step")
    losses = smooth(raw_losses)
    learning_rates = tuple(float(value) for value in finder.results["lr"])[: len(losses)]
    result = LrFindResult(
        learning_rates=learning_rates,
        losses=losses,
        suggestion=suggest(learning_rates, losses, search),
        curve=out_dir / "lr_find.csv",
        picture=out_dir / "lr_find.png",
    )
    _write_curve(result)
    _draw_curve(result, search)
    return result


@contextmanager
def _own_progress(*, shown: bool) -> Iterator[None]:
    """Shows how far the finder is as all other work does; Lightning would draw its own bar, whatever it is told."""

    def bar(desc: str, total: int) -> Counter:  # noqa: ARG001 - as Lightning calls it
        return counter("learning rates" if shown else None, total, unit="step")

    module = vars(lr_finder)
    before = module["tqdm"]
    module["tqdm"] = bar
    try:
        yield
    finally:
        module["tqdm"] = before


def smooth(losses: Sequence[float], beta: float = 0.98) -> tuple[float, ...]:
    """The exponential average of a curve, corrected for its start at nothing."""
    smoothed = []
    average = 0.0
    for step, loss in enumerate(losses, start=1):
        average = beta * average + (1 - beta) * loss
        smoothed.append(average / (1 - beta**step))
    return tuple(smoothed)


def suggest(learning_rates: Sequence[float], losses: Sequence[float], search: LrFindConfig) -> float | None:
    """The learning rate at which the loss falls fastest; None where skipping leaves less than two points."""
    points = [
        (rate, loss)
        for rate, loss in list(zip(learning_rates, losses, strict=True))[
            search.skip_start : len(losses) - search.skip_end
        ]
        if math.isfinite(loss)
    ]
    if len(points) < 2:
        return None
    slopes = np.gradient(np.array([loss for _, loss in points]))
    return points[int(slopes.argmin())][0]


def _make_trainer(runtime: RuntimeConfig, scratch: str, steps: int) -> Trainer:
    return Trainer(
        default_root_dir=scratch,
        accelerator=runtime.accelerator,
        devices=1,
        precision=runtime.precision,  # type: ignore[arg-type]  # checked by Lightning
        max_epochs=-1,
        max_steps=steps,
        limit_val_batches=0,
        callbacks=[HearSignals()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


def _write_curve(result: LrFindResult) -> None:
    with atomic_text(result.curve) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["learning_rate", "loss"])
        writer.writerows(zip(result.learning_rates, result.losses, strict=True))


def _draw_curve(result: LrFindResult, search: LrFindConfig) -> None:
    stop = max(len(result.losses) - search.skip_end, search.skip_start + 1)
    shown = slice(search.skip_start, stop)
    figure = new_figure(7, 4.5)
    axes = figure.add_subplot()
    axes.plot(result.learning_rates[shown], result.losses[shown])
    axes.set_xscale("log")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("smoothed loss")
    if result.suggestion is not None:
        axes.axvline(result.suggestion, color="tab:red", linestyle="--", label=f"suggested {result.suggestion:.2e}")
        axes.legend()
    save_figure(figure, result.picture)
