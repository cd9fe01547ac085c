"""Accuracy over an epoch, from whole counts: ratios are taken once, at the end."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

TOP = 5


class AccuracyCounter(nn.Module):
    """Top-1, top-5 and macro accuracy and mean loss. `update`, `compute`, `reset`; a module, so that it changes device.

    Macro accuracy is the mean over the classes that occur. Boxes that hold no character, whose class id is the number
    of classes, count in the loss alone.
    """

    def __init__(self, class_count: int) -> None:
        super().__init__()
        self.seen: Tensor
        self.right: Tensor
        self.sums: Tensor
        self.register_buffer("seen", torch.zeros(class_count + 1), persistent=False)
        self.register_buffer("right", torch.zeros(class_count + 1), persistent=False)
        self.register_buffer("sums", torch.zeros(2), persistent=False)  # crops right in the top 5, summed loss

    def reset(self) -> None:
        """Forgets everything."""
        for counts in (self.seen, self.right, self.sums):
            counts.zero_()

    def update(self, logits: Tensor, class_ids: Tensor, loss: Tensor) -> None:
        """Counts a batch: logits (N, C) or (N, C + 1), class ids int64 (N,) in 0..C, mean loss ()."""
        characters = logits[:, : len(self.seen) - 1]
        top = characters.topk(min(TOP, characters.shape[1]), dim=1).indices == class_ids[:, None]  # (N, 5)
        self.seen += torch.bincount(class_ids, minlength=len(self.seen))
        self.right += torch.bincount(class_ids[top[:, 0]], minlength=len(self.seen))
        self.sums += torch.stack([top.any(dim=1).sum(), loss.detach() * len(class_ids)])

    def compute(self, reduce: Callable[[Tensor], Tensor] | None = None) -> dict[str, float]:
        """loss, top1, top5 and macro; all 0 before the first batch.

        Args:
            reduce: sums a tensor over all processes.
        """
        seen, right, sums = (reduce(each) if reduce else each for each in (self.seen, self.right, self.sums))
        crops = seen.sum().clamp(min=1)
        seen, right = seen[:-1], right[:-1]
        total = seen.sum().clamp(min=1)
        present = seen > 0
        macro = (right[present] / seen[present]).mean() if bool(present.any()) else seen.sum()
        values = {"loss": sums[1] / crops, "top1": right.sum() / total, "top5": sums[0] / total, "macro": macro}
        return {name: float(value) for name, value in values.items()}
