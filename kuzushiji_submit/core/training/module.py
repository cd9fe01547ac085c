"""What the Lightning modules of all stages have in common."""

from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.config import AdamWConfig, OneCycleConfig, TrainingConfig


class StageModule(LightningModule):
    """One network under AdamW and a schedule; a stage adds the loss (`training_step`) and the validation.

    Attributes:
        model: the network that learns; where weights are averaged, Lightning puts the average in its place during
            validation, in checkpoints, and after training.
        config: the run.
        learning_rate: the highest of the schedule.
        recorded_losses: a list collects the losses, which may then diverge: the learning rate finder wants to see that.
    """

    def __init__(self, model: nn.Module, config: TrainingConfig) -> None:
        """Takes a fresh network."""
        super().__init__()
        # Convolutions on a CPU, and half precision on a GPU, want the channels side by side.
        self.model = model.to(memory_format=torch.channels_last)
        self.config: Any = config
        self.learning_rate = config.optimizer.learning_rate
        self.recorded_losses: list[float] | None = None

    def train_figures(self) -> dict[str, float]:
        """Figures of this epoch so far by name ("train/loss"), over all processes, which must all call it."""
        raise NotImplementedError

    def on_train_epoch_start(self) -> None:
        """Starts the epoch's random numbers afresh, so that a resumed run draws those of an uninterrupted one."""
        torch.manual_seed((self.config.seed * 1_000_003 + self.current_epoch) * 1_009 + self.global_rank)

    def check_loss(self, loss: Tensor, batch_idx: int) -> None:
        """Records a loss for the learning rate finder, or refuses one that is not finite.

        Raises:
            TrainingError: if it is not finite.
        """
        if self.recorded_losses is not None:
            self.recorded_losses.append(loss.item())
        elif not bool(torch.isfinite(loss)):
            raise TrainingError(
                f"the loss is {loss.item()} in epoch {self.current_epoch}, step {batch_idx}, at learning rate "
                f"{self.optimizers().param_groups[0]['lr']:.3g}: lower optimizer.learning_rate, or clip gradients"  # type: ignore[union-attr]
            )

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - Lightning's own union of many shapes
        """AdamW with decoupled weight decay, and the schedule over the whole run."""
        settings: AdamWConfig = self.config.optimizer
        optimizer = torch.optim.AdamW(
            self.parameter_groups(),
            lr=self.learning_rate,
            betas=settings.betas,
            weight_decay=settings.weight_decay,
            # Lightning does not clip the gradients of a fused optimizer, and on a GPU the default is as fast.
            fused=self.device.type == "cpu" and not settings.gradient_clip,
        )
        schedule = self.schedule(optimizer, max(int(self.trainer.estimated_stepping_batches), 2))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def parameter_groups(self) -> Any:  # noqa: ANN401 - torch's own union
        """What learns, as AdamW takes it: all of the network alike."""
        return self.model.parameters()

    def schedule(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        """How the learning rate moves from step to step: in one cycle."""
        settings: OneCycleConfig = self.config.optimizer
        return OneCycleLR(
            optimizer,
            max_lr=self.learning_rate,
            total_steps=steps,
            pct_start=settings.warmup,
            div_factor=settings.start_factor,
            final_div_factor=settings.end_factor,
            base_momentum=settings.momentum_low,
            max_momentum=settings.momentum_high,
        )
