"""From uint8 crops to the numbers a model sees, in batches, on the device where the crops lie."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from kuzushiji_submit.core.errors import ConfigError
from recognition.views import Window, box_shapes, mark_boxes, sample_windows, window_matrices

BINARIZATIONS = ("none", "height", "two-thirds")


@dataclass(frozen=True)
class PreprocessConfig:
    """What happens to a crop before the model. It is part of the model and lies in its weights file.

    Attributes:
        binarize: "none", or adaptive mean thresholding over a block of the crop's height ("height") or of two thirds
            of it ("two-thirds"), either made odd.
        threshold: how many gray levels darker than the mean of its block a pixel must be to count as ink.
        mean: mean of the training crops after binarization, in [0, 1].
        std: their standard deviation.
        context: 0 shows the model the crop as it is; above 0 a square window around the box whose side is this multiple
            of the box's longer side, the box marked, and the box's shape. The crops must then be cut with at least that
            much context.
        input_size: side of that window in pixels.
        stretch: how far that window takes the shape of the box, 0 to 1: 0 leaves slender boxes slender, 1 shows every
            box as a square.

    Raises:
        ConfigError: if a value is out of its range.
    """

    binarize: str = "none"
    threshold: float = 2.0
    mean: float = 0.0
    std: float = 1.0
    context: float = 0.0
    input_size: int = 64
    stretch: float = 0.0

    def __post_init__(self) -> None:
        if self.binarize not in BINARIZATIONS:
            raise ConfigError(f"preprocess binarize must be one of {BINARIZATIONS}, got {self.binarize!r}")
        if not (math.isfinite(self.std) and self.std > 0 and math.isfinite(self.mean)):
            raise ConfigError(f"preprocess needs a finite mean and a std above 0, got {self.mean} and {self.std}")
        if self.context and not (1 <= self.context <= 8 and 16 <= self.input_size <= 256):
            raise ConfigError(
                "preprocess needs a context of 0 or in 1..8 and an input_size in 16..256, got "
                f"{self.context} and {self.input_size}"
            )
        if not 0 <= self.stretch <= 1:
            raise ConfigError(f"preprocess stretch must lie in 0..1, got {self.stretch}")

    @property
    def window(self) -> Window:
        """The window that is shown of a crop, where `context` asks for one."""
        return Window(self.context, self.stretch)


def preprocess(crops: Tensor, config: PreprocessConfig) -> Tensor:
    """uint8 (N, S, S) ink -> float32 (N, 1, S, S), binarized where asked, and normalized."""
    return finish(to_unit(crops), config)


def model_inputs(pixels: Tensor, geometry: Tensor, config: PreprocessConfig) -> tuple[Tensor, ...]:
    """What a model is called with.

    Args:
        pixels: uint8 (N, S, S), 0 paper, 255 ink.
        geometry: float32 (N, 3), as in `Crops`.
        config: the model's preprocessing.

    Returns:
        The crops float32 (N, 1, S, S); with context the windows float32 (N, 2, s, s), ink and marked box, and the
        shapes of the boxes float32 (N, 2).
    """
    ink = to_unit(pixels)
    if config.context:
        ink = sample_windows(ink, window_matrices(geometry, config.window), config.input_size)
    return finish_inputs(ink, geometry, config)


def finish_inputs(ink: Tensor, geometry: Tensor, config: PreprocessConfig) -> tuple[Tensor, ...]:
    """The steps after augmentation: ink float32 (N, 1, s, s) in [0, 1] and geometry (N, 3) -> what a model takes."""
    ready = finish(ink, config)
    if not config.context:
        return (ready,)
    marked = torch.cat([ready, mark_boxes(geometry, config.window, config.input_size)], dim=1)
    return marked, box_shapes(geometry)


def to_unit(crops: Tensor) -> Tensor:
    """uint8 (N, S, S) in 0..255 -> float32 (N, 1, S, S) in [0, 1]; ink stays high."""
    return crops.unsqueeze(1).float().div_(255.0)


def finish(ink: Tensor, config: PreprocessConfig) -> Tensor:
    """The steps after augmentation: float32 (N, 1, S, S) in [0, 1] -> the same shape, binarized and normalized."""
    if config.binarize != "none":
        ink = binarize(ink, block_size(ink.shape[-2], config.binarize), config.threshold)
    return (ink - config.mean) / config.std


def block_size(height: int, rule: str) -> int:
    """The odd side of the thresholding block: the crop's height, or two thirds of it, plus one where that is even."""
    side = height if rule == "height" else int(2 / 3 * height)
    return side + 1 - side % 2


def binarize(ink: Tensor, block: int, threshold: float) -> Tensor:
    """Adaptive mean thresholding: 1 where a pixel is at least `threshold` gray levels darker than its block's mean.

    Bit for bit what cv2.adaptiveThreshold with ADAPTIVE_THRESH_MEAN_C and THRESH_BINARY makes of 255 - ink, turned
    round: here paper is 0 and ink 1.

    Args:
        ink: float32 (N, 1, S, S) in [0, 1]; taken in steps of 1/255.
        block: odd side of the block in pixels; beyond the border the border's pixels repeat.
        threshold: gray levels of 0..255.

    Returns:
        float32 (N, 1, S, S) of 0 and 1.
    """
    gray = 255.0 - (ink * 255.0).round()
    reach = block // 2
    padded = F.pad(gray, (reach, reach, reach, reach), mode="replicate")
    # Sums, not means: they are whole numbers below 2**24, exact in float32; the rounding below is then OpenCV's.
    rows = F.avg_pool2d(padded, (1, block), stride=1, divisor_override=1)
    sums = F.avg_pool2d(rows, (block, 1), stride=1, divisor_override=1)
    mean = (sums / (block * block)).round()
    return (gray - mean <= -math.ceil(threshold)).float()
