"""The recognizer as Lightning trains it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.module import StageModule
from recognition.preprocess import PreprocessConfig, finish_inputs, model_inputs, to_unit
from recognition.training.accuracy import AccuracyCounter
from recognition.training.augment import augment
from recognition.training.body import set_body_trainable
from recognition.training.config import TrainConfig
from recognition.training.dataset import Batch
from recognition.training.soft_labels import soft_cross_entropy


class RecognizerModule(StageModule):
    """Cross entropy on augmented crops."""

    config: TrainConfig
    prior_offsets: Tensor | None

    def __init__(
        self,
        model: nn.Module,
        class_count: int,
        config: TrainConfig,
        preprocess: PreprocessConfig,
        prior_offsets: Tensor | None = None,
    ) -> None:
        """Takes a fresh model.

        Args:
            model: takes what `recognition.preprocess.model_inputs` gives, and returns logits (N, C), or (N, C + 1) with
                "not a character" last.
            class_count: C.
            config: the run.
            preprocess: with the mean and std to use.
            prior_offsets: float32 (sources, C + 1), see `recognition.training.balance.prior_offsets`; None for none.
        """
        super().__init__(model, config)
        self.register_buffer("prior_offsets", prior_offsets, persistent=False)
        self.preprocess = preprocess
        self.train_accuracy = AccuracyCounter(class_count)
        self.val_accuracy = AccuracyCounter(class_count)

    def forward(self, pixels: Tensor, geometry: Tensor) -> Tensor:
        """uint8 (N, S, S) and float32 (N, 3), as in `Crops` -> logits, as at prediction."""
        with torch.autocast(pixels.device.type, enabled=False):
            inputs = model_inputs(pixels, geometry, self.preprocess)
        logits: Tensor = self.model(*inputs)
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
        """Starts the epoch's random numbers and counts afresh, and freezes or releases the body."""
        super().on_train_epoch_start()
        if self.config.frozen_epochs:
            set_body_trainable(self.model, trainable=self.current_epoch >= self.config.frozen_epochs)
        self.train_accuracy.reset()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of one batch.

        Raises:
            TrainingError: if it is not finite.
        """
        pixels, geometry, class_ids, sources = batch[:4]
        # Places in a window need more digits than 16 bits have.
        with torch.autocast(pixels.device.type, enabled=False):
            ink, geometry = augment(to_unit(pixels), geometry, self.config.augment, self.preprocess)
            image, *shape = finish_inputs(ink, geometry, self.preprocess)
        logits = self.model(image.contiguous(memory_format=torch.channels_last), *shape)
        smoothing = self.config.optimizer.label_smoothing
        adjusted = logits
        if self.prior_offsets is not None:
            adjusted = logits + self.prior_offsets[sources, : logits.shape[1]]
        if len(batch) > 4:  # soft labels
            loss = soft_cross_entropy(adjusted, batch[4], batch[5], smoothing)
        else:
            loss = F.cross_entropy(adjusted, class_ids, label_smoothing=smoothing)
        self.check_loss(loss, batch_idx)
        self.train_accuracy.update(logits.detach(), class_ids, loss)
        self.log("train/step_loss", loss, on_step=True, on_epoch=False, prog_bar=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Forgets the last epoch."""
        self.val_accuracy.reset()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 - a hook
        """Counts one batch."""
        pixels, geometry, class_ids = batch[:3]
        logits = self(pixels, geometry)
        self.val_accuracy.update(logits, class_ids, F.cross_entropy(logits, class_ids))

    def on_validation_epoch_end(self) -> None:
        """Logs the epoch's validation figures."""
        figures = self.val_accuracy.compute()
        self.log_dict({f"val/{name}": value for name, value in figures.items()}, prog_bar=True, sync_dist=True)

    def train_figures(self) -> dict[str, float]:
        """Loss and accuracy of this epoch's training crops so far, over all processes, which must all call it."""
        figures = self.train_accuracy.compute()
        return {f"train/{name}": value for name, value in figures.items()}
