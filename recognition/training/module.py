"""The recognizer as Lightning trains it."""

from collections.abc import Sequence
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel

from kuzushiji_submit.core.errors import TrainingError
from recognition.preprocess import PreprocessConfig, finish_inputs, model_inputs, to_unit
from recognition.training.accuracy import AccuracyCounter
from recognition.training.augment import augment
from recognition.training.body import set_body_trainable
from recognition.training.config import OptimizerConfig, TrainConfig
from recognition.training.dataset import Batch


class RecognizerModule(LightningModule):
    """Cross entropy on augmented crops, AdamW under one cycle, optionally an average of the weights."""

    def __init__(self, model: nn.Module, class_count: int, config: TrainConfig, preprocess: PreprocessConfig) -> None:
        """Takes a fresh model.

        Args:
            model: takes what `recognition.preprocess.model_inputs` gives, and returns logits (N, C), or (N, C + 1) with
                "not a character" last.
            class_count: C.
            config: the run.
            preprocess: with the mean and std to use.
        """
        super().__init__()
        # Convolutions on a CPU, and half precision on a GPU, want the channels side by side.
        self.model = model.to(memory_format=torch.channels_last)
        self.ema = _averaged(self.model, config.optimizer.ema_decay) if config.optimizer.ema_decay else None
        self.config = config
        self.preprocess = preprocess
        self.learning_rate = config.optimizer.learning_rate
        # A list collects the losses, which may then diverge: the learning rate finder wants to see that.
        self.recorded_losses: list[float] | None = None
        self.train_accuracy = AccuracyCounter(class_count)
        self.val_accuracy = AccuracyCounter(class_count)

    @property
    def final_model(self) -> nn.Module:
        """What is validated and exported: the averaged model where there is one."""
        return self.model if self.ema is None else self.ema.module

    def forward(self, pixels: Tensor, geometry: Tensor) -> Tensor:
        """uint8 (N, S, S) and float32 (N, 3), as in `Crops` -> logits, as at prediction."""
        with torch.autocast(pixels.device.type, enabled=False):
            inputs = model_inputs(pixels, geometry, self.preprocess)
        logits: Tensor = self.final_model(*inputs)
        return logits

    def on_fit_start(self) -> None:
        """Refuses what several processes cannot do together.

        Raises:
            TrainingError: if the body is to be released midway, which the other processes would not hear of.
        """
        if self.trainer.world_size > 1 and 0 < self.config.frozen_epochs < self.config.epochs:
            raise TrainingError(
                "several devices cannot release a frozen body midway: set runtime.devices=1, or freeze it in one run "
                "(frozen_epochs at least epochs) and release it in a second one that starts from initial_weights"
            )

    def on_train_epoch_start(self) -> None:
        """Starts the epoch's random numbers afresh, so that a resumed run draws those of an uninterrupted one."""
        torch.manual_seed((self.config.seed * 1_000_003 + self.current_epoch) * 1_009 + self.global_rank)
        if self.config.frozen_epochs:
            set_body_trainable(self.model, trainable=self.current_epoch >= self.config.frozen_epochs)
        self.train_accuracy.reset()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of one batch.

        Raises:
            TrainingError: if it is not finite.
        """
        pixels, geometry, class_ids = batch
        # Places in a window need more digits than 16 bits have.
        with torch.autocast(pixels.device.type, enabled=False):
            ink, geometry = augment(to_unit(pixels), geometry, self.config.augment, self.preprocess)
            image, *shape = finish_inputs(ink, geometry, self.preprocess)
        logits = self.model(image.contiguous(memory_format=torch.channels_last), *shape)
        loss = F.cross_entropy(logits, class_ids, label_smoothing=self.config.optimizer.label_smoothing)
        if self.recorded_losses is not None:
            self.recorded_losses.append(loss.item())
        elif not bool(torch.isfinite(loss)):
            raise TrainingError(
                f"the loss is {loss.item()} in epoch {self.current_epoch}, step {batch_idx}, at learning rate "
                f"{self.optimizers().param_groups[0]['lr']:.3g}: lower optimizer.learning_rate, or clip gradients"  # type: ignore[union-attr]
            )
        self.train_accuracy.update(logits.detach(), class_ids, loss)
        self.log("train/step_loss", loss, on_step=True, on_epoch=False, prog_bar=True)
        return loss

    def on_train_batch_end(self, outputs: object, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 - a hook
        """Moves the average after each step."""
        if self.ema is not None:
            self.ema.update_parameters(self.model)

    def on_validation_epoch_start(self) -> None:
        """Forgets the last epoch."""
        self.val_accuracy.reset()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 - a hook
        """Counts one batch."""
        pixels, geometry, class_ids = batch
        logits = self(pixels, geometry)
        self.val_accuracy.update(logits, class_ids, F.cross_entropy(logits, class_ids))

    def on_validation_epoch_end(self) -> None:
        """Logs the epoch's validation figures."""
        figures = self.val_accuracy.compute(self._sum_over_processes)
        self.log_dict({f"val/{name}": value for name, value in figures.items()}, prog_bar=True, sync_dist=True)

    def train_figures(self) -> dict[str, float]:
        """Loss and accuracy of this epoch's training crops so far, over all processes, which must all call it."""
        figures = self.train_accuracy.compute(self._sum_over_processes)
        return {f"train/{name}": value for name, value in figures.items()}

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - Lightning's own union of many shapes
        """AdamW with decoupled weight decay, and the one-cycle schedule over the whole run."""
        settings = self.config.optimizer
        optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=self.learning_rate,
            betas=settings.betas,
            weight_decay=settings.weight_decay,
            # Lightning does not clip the gradients of a fused optimizer, and on a GPU the default is as fast.
            fused=self.device.type == "cpu" and not settings.gradient_clip,
        )
        schedule = _one_cycle(optimizer, self.learning_rate, int(self.trainer.estimated_stepping_batches), settings)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _sum_over_processes(self, counts: Tensor) -> Tensor:
        summed = self.trainer.strategy.reduce(counts.clone(), reduce_op="sum")
        return summed if isinstance(summed, Tensor) else counts


def _one_cycle(
    optimizer: torch.optim.Optimizer, learning_rate: float, steps: int, settings: OptimizerConfig
) -> torch.optim.lr_scheduler.OneCycleLR:
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=learning_rate,
        total_steps=max(steps, 2),
        pct_start=settings.warmup,
        div_factor=settings.start_factor,
        final_div_factor=settings.end_factor,
        base_momentum=settings.momentum_low,
        max_momentum=settings.momentum_high,
    )


def _averaged(model: nn.Module, decay: float) -> AveragedModel:
    """An exponential average of parameters and running statistics, whose decay warms up from 0.1."""

    def average(averaged: Sequence[Tensor], current: Sequence[Tensor], seen: Tensor | int) -> None:
        weight = 1 - min(decay, (1 + float(seen)) / (10 + float(seen)))
        for mean, value in zip(averaged, current, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, weight)
            else:
                mean.copy_(value)

    return AveragedModel(model, multi_avg_fn=average, use_buffers=True).requires_grad_(requires_grad=False)
