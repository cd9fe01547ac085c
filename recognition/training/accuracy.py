"""Accuracy over an epoch, from whole counts: ratios are taken once, at the end."""

import torch
from torch import Tensor
from torchmetrics import Metric

TOP = 5


class AccuracyCounter(Metric):
    """Top-1, top-5 and macro accuracy and mean loss, added up over all processes by torchmetrics.

    Macro accuracy is the mean over the classes that occur. Boxes that hold no character, whose class id is the number
    of classes, count in the loss alone. (torchmetrics' own per-class accuracy fills a matrix of classes times classes
    at each batch: 128 MB for 4,000 of them.)
    """

    full_state_update = False

    def __init__(self, class_count: int) -> None:
        super().__init__()
        self.seen: Tensor
        self.right: Tensor
        self.right_in_top: Tensor
        self.summed_loss: Tensor
        self.add_state("seen", torch.zeros(class_count + 1, dtype=torch.long), dist_reduce_fx="sum")
        self.add_state("right", torch.zeros(class_count + 1, dtype=torch.long), dist_reduce_fx="sum")
        self.add_state("right_in_top", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("summed_loss", torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, logits: Tensor, class_ids: Tensor, loss: Tensor) -> None:
        """Counts a batch: logits (N, C) or (N, C + 1), class ids int64 (N,) in 0..C, mean loss ()."""
        characters = logits[:, : len(self.seen) - 1]
        top = characters.topk(min(TOP, characters.shape[1]), dim=1).indices == class_ids[:, None]  # (N, 5)
        self.seen += torch.bincount(class_ids, minlength=len(self.seen))
        self.right += torch.bincount(class_ids[top[:, 0]], minlength=len(self.seen))
        self.right_in_top += top.any(dim=1).sum()
        self.summed_loss += loss.detach() * len(class_ids)

    def compute(self) -> dict[str, float]:
        """loss, top1, top5 and macro; all 0 before the first batch."""
        crops = self.seen.sum().clamp(min=1)
        seen, right = self.seen[:-1], self.right[:-1]
        total = seen.sum().clamp(min=1)
        present = seen > 0
        values = {
            "loss": self.summed_loss / crops,
            "top1": right.sum() / total,
            "top5": self.right_in_top / total,
            "macro": (right[present] / seen[present]).mean() if bool(present.any()) else seen.sum(),
        }
        return {name: float(value) for name, value in values.items()}
