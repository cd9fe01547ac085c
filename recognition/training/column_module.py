"""The column model as Lightning trains it."""

from contextlib import nullcontext
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from kuzushiji_submit.core.training.means import WeightedMeans
from kuzushiji_submit.core.training.module import StageModule
from recognition.column.network import ColumnNetwork
from recognition.training.column_config import ColumnOptimizer, ColumnTraining
from recognition.training.column_windows import NOWHERE, Windows

EMBEDDING = "vectors.weight"
_EXCLUDED = -1e9
_FIGURES = ("loss", "loss_eye", "top1", "top1_eye")


class ColumnModule(StageModule):
    """Two losses: of text and eye together among the candidates, and of the text alone among all classes."""

    config: ColumnTraining
    model: ColumnNetwork
    chances: Tensor

    def __init__(self, network: ColumnNetwork, config: ColumnTraining, frequency: NDArray[Any]) -> None:
        """Takes a fresh network.

        Args:
            network: learns.
            config: the run.
            frequency: float64 (C,), how often each class occurs, above 0: classes that the truth is told from are drawn
                by it.
        """
        super().__init__(network, config)
        chances = torch.from_numpy(frequency**config.text_loss.power).float()
        self.register_buffer("chances", chances / chances.sum(), persistent=False)
        self.means = WeightedMeans((*_FIGURES, "loss_text"))
        self.val_means = WeightedMeans(_FIGURES)

    def forward(self, batch: Windows) -> Tensor:
        """The context of each place, (B, T, width)."""
        # In windows as short as these a CPU learns faster by plain products than by PyTorch's fused attention.
        with sdpa_kernel(SDPBackend.MATH) if self.device.type == "cpu" else nullcontext():
            return self.model(batch.ids, batch.logs)

    def on_train_epoch_start(self) -> None:
        """Starts the epoch's random numbers and means afresh."""
        super().on_train_epoch_start()
        self.means.reset()

    def training_step(self, batch: Windows, batch_idx: int) -> Tensor:
        """The loss of one batch of windows; 0 where nothing in it is known.

        Raises:
            TrainingError: if it is not finite.
        """
        context = self(batch)
        known = batch.truth != NOWHERE
        of_text = self._text_loss(context[known], batch.truth[known])
        figures, judged = self._judge(context, batch)
        loss: Tensor = figures["loss"] + self.config.text_loss.weight * of_text
        self.check_loss(loss, batch_idx)
        self.means.update(figures, judged)
        self.means.update({"loss_text": of_text}, int(known.sum()))
        self.log("train/step_loss", loss, on_step=True, on_epoch=False, prog_bar=True)
        return loss

    def train_figures(self) -> dict[str, float]:
        """Losses and accuracies of this epoch's windows so far, over all processes, which must all call it."""
        return {f"train/{name}": value for name, value in self.means.compute().items()}

    def on_validation_epoch_start(self) -> None:
        """Forgets the last epoch."""
        self.val_means.reset()

    def validation_step(self, batch: Windows, batch_idx: int) -> None:  # noqa: ARG002 - a hook
        """Counts a few windows of the books that are held out."""
        figures, judged = self._judge(self(batch), batch)
        self.val_means.update(figures, judged)

    def on_validation_epoch_end(self) -> None:
        """Logs the epoch's validation figures."""
        figures = {f"val/{name}": value for name, value in self.val_means.compute().items()}
        self.log_dict(figures, prog_bar=True, sync_dist=True)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Matrices, which decay, and what does not: biases, norms, and the vectors of rare classes, else forgotten."""
        named = list(self.model.named_parameters())
        decaying = [value for name, value in named if value.ndim > 1 and name != EMBEDDING]
        others = [value for name, value in named if value.ndim <= 1 or name == EMBEDDING]
        return [{"params": decaying}, {"params": others, "weight_decay": 0.0}]

    def schedule(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        """Up, along, and down to 0; see `ColumnOptimizer`."""
        settings: ColumnOptimizer = self.config.optimizer
        up, down = max(1, round(settings.warmup * steps)), round(settings.decline * steps)

        def rate(step: int) -> float:
            return min(1.0, (step + 1) / up, (steps - step) / down if down else 1.0)

        return LambdaLR(optimizer, rate)

    def _judge(self, context: Tensor, batch: Windows) -> tuple[dict[str, Tensor], int]:
        """Figures of the places whose truth is among the candidates, by name, and how many those are."""
        judged = batch.places != NOWHERE
        count = int(judged.sum())
        logs, truth = batch.logs[judged], batch.places[judged]  # (M, K), (M,)
        together = logs + self.model.support(context[judged], batch.ids[judged])
        every = {
            "loss": F.cross_entropy(together, truth, reduction="sum"),
            "loss_eye": F.cross_entropy(logs, truth, reduction="sum"),
            "top1": (together.argmax(dim=1) == truth).sum(),
            "top1_eye": (logs.argmax(dim=1) == truth).sum(),
        }
        return {name: value / max(count, 1) for name, value in every.items()}, count

    def _text_loss(self, context: Tensor, truth: Tensor) -> Tensor:
        """Cross entropy of classes by the text alone, against a sample of the others.

        Args:
            context: (M, width).
            truth: int64 (M,).
        """
        settings = self.config.text_loss
        others = torch.multinomial(self.chances, settings.negatives, replacement=True)
        # Those drawn often are not more likely for it.
        logits = self.model.class_logits(context, others).float()
        logits = logits - (self.chances[others] * settings.negatives).log()
        logits = logits.masked_fill(others == truth[:, None], _EXCLUDED)
        own = self.model.text_logits(context, truth[:, None])  # (M, 1)
        loss: Tensor = (torch.cat([logits, own], dim=1).logsumexp(dim=1) - own[:, 0]).sum()
        return loss / max(1, len(truth))
