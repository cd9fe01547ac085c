"""What the network is told about its maps."""

import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import generalized_box_iou_loss

from detection.heatmap.network import UNIT

_SMOOTH = 1.0


def heat_loss(logits: Tensor, heat: Tensor, weight: Tensor) -> Tensor:
    """Cross entropy of every cell plus one minus the Dice overlap (Milletari et al. 2016, V-Net), over a batch.

    Args:
        logits: float (N, h, w).
        heat: float (N, h, w), 0 or 1.
        weight: float (N, h, w), how much each cell counts.

    Returns:
        A scalar.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, heat, weight=weight, reduction="sum")
    entropy = entropy / weight.sum().clamp(min=1.0)
    score = logits.sigmoid() * weight
    overlap = (score * heat).sum()
    dice = (2 * overlap + _SMOOTH) / (score.sum() + (heat * weight).sum() + _SMOOTH)
    return entropy + 1 - dice


def sides_loss(log_sides: Tensor, sides: Tensor, has_sides: Tensor) -> Tensor:
    """One minus the generalized overlap of boxes (Rezatofighi et al. 2019), averaged over the cells that have one.

    Args:
        log_sides: float (N, 4, h, w), logarithms of the distances to left, top, right and bottom in units.
        sides: float (N, 4, h, w), the wanted distances in units.
        has_sides: bool (N, h, w).

    Returns:
        A scalar; 0 without any such cell.
    """
    predicted = log_sides.permute(0, 2, 3, 1)[has_sides]  # (M, 4)
    wanted = sides.permute(0, 2, 3, 1)[has_sides]
    if not len(wanted):
        return log_sides.sum() * 0.0
    signs = torch.tensor([-1.0, -1.0, 1.0, 1.0], device=predicted.device)
    # Beyond these bounds (0.6 to 1,700 pixels) lies no character, and the exponential would overflow in 16 bits.
    boxes = predicted.float().clamp(-4.0, 4.0).exp() * signs * UNIT
    loss: Tensor = generalized_box_iou_loss(boxes, wanted * signs * UNIT, reduction="mean")
    return loss
