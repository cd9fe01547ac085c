"""What a reader sees of a crop: a square around the box, resampled on the device where the crops lie, the box marked.

Crops for a reader are cut with more surroundings than it looks at, so that training can move, turn and resize the
window without ever looking past the crop. Prediction takes the same way with the window where it belongs.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

# The least share of a crop that a window may have: keeps a box without area from dividing by zero.
MINIMUM_WINDOW = 1e-3


# Boxes more slender than this are stretched as this one is: the short side of a stroke says little about its shape.
SLENDEREST = 0.25


@dataclass(frozen=True)
class Window:
    """What is seen of a crop: how much around the box, and how far a slender box is brought to a square.

    ```
    stretch 0               stretch 1
    +-----------+  +-----+  +-----------+
    |    +-+    |  | +-+ |  |  +-----+  |
    |    | |    |  | | | |  |  |     |  |
    |    +-+    |  | +-+ |  |  +-----+  |
    +-----------+  +-----+  +-----------+
    a square of    cut as its box is, and shown as a square
    the crop
    ```

    Attributes:
        context: its longer side as a multiple of the box's longer side.
        stretch: 0 for a square around the box, 1 for the shape of the box itself; it is shown as a square.
    """

    context: float
    stretch: float = 0.0


def window_sides(geometry: Tensor, window: Window) -> Tensor:
    """Width and height of each window, (N, 2), as fractions of its crop: geometry float32 (N, 3) as in `Crops`."""
    longer = geometry[:, :2].amax(dim=1, keepdim=True)
    shapes = (geometry[:, :2] / longer.clamp(min=MINIMUM_WINDOW)).clamp(min=SLENDEREST)
    return (window.context * longer * shapes**window.stretch).clamp(min=MINIMUM_WINDOW)


def window_matrices(geometry: Tensor, window: Window) -> Tensor:
    """Matrices (N, 2, 3) from coordinates of the window to those of the crop, both in [-1, 1] with 0 in the middle."""
    sides = window_sides(geometry, window)
    matrices = torch.zeros(len(geometry), 2, 3, device=geometry.device)
    matrices[:, 0, 0], matrices[:, 1, 1] = sides.unbind(dim=1)
    return matrices


def after(outer: Tensor, inner: Tensor) -> Tensor:
    """Matrices (N, 2, 3) that do what `inner` does and then what `outer` does."""
    turned = outer[:, :, :2] @ inner
    turned[:, :, 2] += outer[:, :, 2]
    return turned


def thicken(ink: Tensor, pixels: Tensor, most: float) -> Tensor:
    """Makes strokes thicker or thinner, by fractions of a pixel on either side.

    Args:
        ink: float32 (N, 1, S, S).
        pixels: float32 (N, 1, 1, 1), below 0 for thinner.
        most: no pixels are more than this, either way.
    """
    for step in range(math.ceil(most)):
        grow = (pixels - step).clamp(0, 1)
        shrink = (-pixels - step).clamp(0, 1)
        thicker, thinner = _extreme(ink, torch.maximum), _extreme(ink, torch.minimum)
        ink = ink + grow * (thicker - ink) + shrink * (thinner - ink)
    return ink


def _extreme(ink: Tensor, choose: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The maximum or minimum of each pixel and its eight neighbors; several times as fast as max_pool2d on a CPU."""
    padded = F.pad(ink, (1, 1, 1, 1), mode="replicate")
    rows = choose(choose(padded[..., :-2, :], padded[..., 1:-1, :]), padded[..., 2:, :])
    return choose(choose(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])


def sample_windows(ink: Tensor, matrices: Tensor, size: int, bend: Tensor | None = None) -> Tensor:
    """Resamples windows out of crops, bilinearly; outside a crop is paper.

    Args:
        ink: float32 (N, 1, S, S).
        matrices: float32 (N, 2, 3), from window to crop coordinates.
        size: side of the result in pixels.
        bend: float32 (N, size, size, 2), an offset of each point in crop coordinates, x first.

    Returns:
        float32 (N, 1, size, size).
    """
    if not len(ink):
        return ink.new_zeros(0, 1, size, size)
    grid = F.affine_grid(matrices, [len(ink), 1, size, size], align_corners=False)  # (N, size, size, 2)
    return F.grid_sample(ink, grid if bend is None else grid + bend, padding_mode="zeros", align_corners=False)


def mark_boxes(geometry: Tensor, window: Window, size: int) -> Tensor:
    """The box in its window: 1 inside, 0 outside, fading over one pixel; float32 (N, 1, size, size)."""
    half = geometry[:, :2] / window_sides(geometry, window)  # (N, 2), half sides in window coordinates
    places = (torch.arange(size, device=geometry.device, dtype=torch.float32) + 0.5) * (2 / size) - 1
    inside = ((half[:, :, None] - places.abs()) * (size / 2) + 0.5).clamp(0, 1)  # (N, 2, size)
    return (inside[:, 1, :, None] * inside[:, 0, None, :]).unsqueeze(1)


def box_shapes(geometry: Tensor) -> Tensor:
    """What the pixels of a window no longer tell, (N, 2): log of width over height, log of size over the median."""
    width, height = geometry[:, :2].clamp(min=MINIMUM_WINDOW).log().unbind(dim=1)
    return torch.stack([width - height, geometry[:, 2]], dim=1)
