"""The score map as Lightning trains it."""

from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from detection.heatmap.inference import to_network
from detection.heatmap.network import HeatmapNet
from detection.training.config import HeatmapTraining
from detection.training.losses import heat_loss, sides_loss
from detection.training.page_match import MatchPoints, PageMatcher, ValidationPage
from detection.training.tiles import TileBatch
from kuzushiji_submit.core.errors import DetectionError

MONITOR = "val/f1"


class HeatmapModule(LightningModule):
    """Losses on tiles, AdamW under one cycle, an average of the weights, the competition's matching on whole pages."""

    def __init__(self, network: HeatmapNet, config: HeatmapTraining, match: MatchPoints) -> None:
        """Takes a fresh network, and the metric."""
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)  # faster wherever it was tried
        self.ema = _averaged(network, config.optimizer.ema_decay) if config.optimizer.ema_decay else None
        self.config = config
        self.learning_rate = config.optimizer.learning_rate
        # A list collects the losses, which may then diverge: the learning rate finder wants to see that.
        self.recorded_losses: list[float] | None = None
        self.matcher = PageMatcher(match)
        self.figures: dict[str, float] = {}

    @property
    def final_network(self) -> nn.Module:
        """What is validated and exported: the averaged network where there is one."""
        return self.network if self.ema is None else self.ema.module

    def training_step(self, batch: TileBatch, batch_idx: int) -> Tensor:
        """The loss of one batch of tiles.

        Raises:
            DetectionError: if it is not finite.
        """
        tiles, heat, weight, sides, has_sides = batch
        pages = to_network(tiles).contiguous(memory_format=torch.channels_last)
        maps = self.network(pages).float()  # (N, 5, s, s)
        on_map = heat_loss(maps[:, 0], heat, weight)
        on_sides = sides_loss(maps[:, 1:], sides, has_sides)
        loss = on_map + self.config.optimizer.sides_weight * on_sides
        if self.recorded_losses is not None:
            self.recorded_losses.append(loss.item())
        elif not bool(torch.isfinite(loss)):
            raise DetectionError(
                f"the loss is {loss.item()} in epoch {self.current_epoch}, step {batch_idx}: lower "
                "optimizer.learning_rate"
            )
        self.log_dict({"train/heat": on_map, "train/sides": on_sides}, on_step=False, on_epoch=True, sync_dist=True)
        self.log("train/loss", loss, on_step=True, on_epoch=False, prog_bar=True)
        return loss

    def on_train_batch_end(self, outputs: object, batch: TileBatch, batch_idx: int) -> None:  # noqa: ARG002 - a hook
        """Moves the average after each step."""
        if self.ema is not None:
            self.ema.update_parameters(self.network)

    def on_validation_epoch_start(self) -> None:
        """Forgets the last epoch."""
        self.matcher.reset()

    def validation_step(self, batch: ValidationPage, batch_idx: int) -> None:  # noqa: ARG002 - a hook
        """Matches one page."""
        self.matcher.update(self.final_network, batch, self.device)

    def on_validation_epoch_end(self) -> None:
        """Logs precision, recall and F1 over all pages of all processes."""
        counts = torch.tensor(self.matcher.counts, dtype=torch.float32, device=self.device)
        summed = self.trainer.strategy.reduce(counts, reduce_op="sum")
        self.figures = PageMatcher.ratios(summed if isinstance(summed, Tensor) else counts)
        self.log_dict({f"val/{name}": value for name, value in self.figures.items()}, prog_bar=True, sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the epoch's validation figures to what a checkpoint holds."""
        checkpoint["figures"] = dict(self.figures)

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - Lightning's own union of many shapes
        """AdamW with decoupled weight decay, and the one-cycle schedule over the whole run."""
        settings = self.config.optimizer
        optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=self.learning_rate, weight_decay=settings.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=self.learning_rate,
            total_steps=max(int(self.trainer.estimated_stepping_batches), 2),
            pct_start=settings.warmup,
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _averaged(network: nn.Module, decay: float) -> AveragedModel:
    """An exponential average of weights and running statistics, which forgets faster while the run is young."""

    def move(averaged: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
        # Otherwise the untrained weights would weigh on the average for thousands of steps.
        kept = min(decay, (1.0 + float(steps)) / (10.0 + float(steps)))
        return averaged + (current - averaged) * (1.0 - kept) if averaged.is_floating_point() else current

    # Several processes would wait for gradients of it that never come.
    return AveragedModel(network, avg_fn=move, use_buffers=True).requires_grad_(requires_grad=False)
