"""The dense reader as Lightning trains it."""

import torch
from torch import Tensor
from torch.nn import functional as F

from detection.dense.inference import DensePageReader
from detection.dense.network import DenseReader
from detection.heatmap.inference import to_network
from detection.training.dense_config import DenseTraining
from detection.training.dense_data import CharacterPage
from detection.training.dense_tiles import CharacterBatch
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.page.prepared import take_levelled
from kuzushiji_submit.core.training.means import WeightedMeans
from kuzushiji_submit.core.training.module import StageModule

FEWEST = 2
"""Places that a batch is read at: normalization over a batch has nothing to go by with fewer."""


class DenseModule(StageModule):
    """Cross entropy at the boxes of tiles; accuracy at the boxes of whole pages."""

    config: DenseTraining
    class_weights: Tensor

    def __init__(self, network: DenseReader, charset: Charset, config: DenseTraining, class_weights: Tensor) -> None:
        """Takes a fresh network.

        Args:
            network: its classes are those of the charset.
            charset: the characters in class order.
            config: the run.
            class_weights: float32 (C,), how much a character of each class counts.
        """
        super().__init__(network, config)
        self.charset = charset
        self.register_buffer("class_weights", class_weights, persistent=False)
        self.means = WeightedMeans(("loss", "top1"))
        self.val_means = WeightedMeans(("loss", "top1", "top5"))

    def on_train_epoch_start(self) -> None:
        """Starts the epoch's random numbers and means afresh."""
        super().on_train_epoch_start()
        self.means.reset()

    def training_step(self, batch: CharacterBatch, batch_idx: int) -> Tensor:
        """The loss of one batch of tiles; 0 where it has no character.

        Raises:
            TrainingError: if it is not finite.
        """
        tiles, boxes, ids = batch
        places = _enough(ids >= 0)
        most = int(places.sum(dim=1).max())  # the first places of each row are taken
        pages = to_network(tiles).contiguous(memory_format=torch.channels_last)
        logits = self.model(pages, boxes[:, :most], places[:, :most]).float()  # (M, C)
        truth = ids[places]  # (M,)
        smoothing = self.config.optimizer.label_smoothing
        each = F.cross_entropy(logits, truth, label_smoothing=smoothing, reduction="none", ignore_index=-1)
        known = truth >= 0
        weights = self.class_weights[truth.clamp(min=0)] * known
        loss = (each * weights).sum() / weights.sum().clamp(min=1e-6)
        self.check_loss(loss, batch_idx)
        right, count = (logits.argmax(dim=1) == truth).sum(), int(known.sum())
        self.means.update({"loss": loss.detach(), "top1": right / max(count, 1)}, count)
        self.log("train/step_loss", loss, on_step=True, on_epoch=False, prog_bar=True)
        return loss

    def train_figures(self) -> dict[str, float]:
        """Mean loss and accuracy of this epoch's tiles so far, over all processes, which must all call it."""
        return {f"train/{name}": value for name, value in self.means.compute().items()}

    def on_validation_epoch_start(self) -> None:
        """Forgets the last epoch."""
        self.val_means.reset()

    def validation_step(self, batch: CharacterPage, batch_idx: int) -> None:  # noqa: ARG002 - a hook
        """Reads one page as `predict` reads it."""
        if not len(batch.class_ids):
            return
        reader = DensePageReader(self.model, self.charset, device=str(self.device))  # type: ignore[arg-type]
        said = torch.from_numpy(reader.logits(take_levelled(batch.image), batch.boxes))
        truth = torch.from_numpy(batch.class_ids)
        best = said.topk(min(5, said.shape[1]), dim=1).indices == truth[:, None]
        every = {"loss": F.cross_entropy(said, truth), "top1": best[:, 0], "top5": best.any(dim=1)}
        figures = {name: value.float().mean().to(self.device) for name, value in every.items()}
        self.val_means.update(figures, len(truth))

    def on_validation_epoch_end(self) -> None:
        """Logs the epoch's validation figures."""
        figures = {f"val/{name}": value for name, value in self.val_means.compute().items()}
        self.log_dict(figures, prog_bar=True, sync_dist=True)


def _enough(present: Tensor) -> Tensor:
    """The places to read, bool (N, MOST): those with a character, and if they are too few, some without."""
    if int(present.sum()) >= FEWEST:
        return present
    places = present.clone()
    places[0, :FEWEST] = True
    return places
