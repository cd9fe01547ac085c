"""The score map as Lightning trains it."""

import torch
from torch import Tensor

from detection.heatmap.inference import to_network
from detection.heatmap.network import HeatmapNet
from detection.training.config import HeatmapTraining
from detection.training.losses import heat_loss, sides_loss
from detection.training.page_match import MatchPoints, PageMatcher, ValidationPage
from detection.training.tiles import TileBatch
from kuzushiji_submit.core.training.means import WeightedMeans
from kuzushiji_submit.core.training.module import StageModule


class HeatmapModule(StageModule):
    """Losses on tiles; the competition's matching on whole pages."""

    config: HeatmapTraining

    def __init__(self, network: HeatmapNet, config: HeatmapTraining, match: MatchPoints) -> None:
        """Takes a fresh network, and the metric."""
        super().__init__(network, config)
        self.matcher = PageMatcher(match)
        self.losses = WeightedMeans(("loss", "heat", "sides"))

    def on_train_epoch_start(self) -> None:
        """Starts the epoch's random numbers and means afresh."""
        super().on_train_epoch_start()
        self.losses.reset()

    def training_step(self, batch: TileBatch, batch_idx: int) -> Tensor:
        """The loss of one batch of tiles.

        Raises:
            TrainingError: if it is not finite.
        """
        tiles, heat, weight, sides, has_sides = batch
        pages = to_network(tiles).contiguous(memory_format=torch.channels_last)
        maps = self.model(pages).float()  # (N, 5, s, s)
        on_map = heat_loss(maps[:, 0], heat, weight)
        on_sides = sides_loss(maps[:, 1:], sides, has_sides)
        loss = on_map + self.config.optimizer.sides_weight * on_sides
        self.check_loss(loss, batch_idx)
        self.losses.update({"loss": loss, "heat": on_map, "sides": on_sides}, len(tiles))
        self.log("train/step_loss", loss, on_step=True, on_epoch=False, prog_bar=True)
        return loss

    def train_figures(self) -> dict[str, float]:
        """The mean losses of this epoch's tiles so far, over all processes, which must all call it."""
        return {f"train/{name}": value for name, value in self.losses.compute().items()}

    def on_validation_epoch_start(self) -> None:
        """Forgets the last epoch."""
        self.matcher.reset()

    def validation_step(self, batch: ValidationPage, batch_idx: int) -> None:  # noqa: ARG002 - a hook
        """Matches one page."""
        self.matcher.update(self.model, batch, self.device)

    def on_validation_epoch_end(self) -> None:
        """Logs precision, recall and F1 over all pages of all processes."""
        figures = self.matcher.compute()
        self.log_dict({f"val/{name}": value for name, value in figures.items()}, prog_bar=True, sync_dist=True)
