"""Augmentation of whole batches on the device they lie on. Characters are not symmetric: nothing is mirrored."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from recognition.preprocess import PreprocessConfig
from recognition.training.config import AugmentConfig
from recognition.views import MINIMUM_WINDOW, Window, after, sample_windows, thicken, window_matrices

# Knots a side of the grid that the elastic warp moves.
KNOTS = 5
# A box that is far off errs this many times as much; no side errs by more than this fraction of the box.
FAR_JITTER, MAXIMUM_JITTER = 2.5, 0.35
# How strongly the back of a page shows at most, and how deep a neighbor reaches into a crop at most.
SHOW_THROUGH, NEIGHBOR_DEPTH = 0.35, 0.2


def augment(
    ink: Tensor, geometry: Tensor, config: AugmentConfig, preprocess: PreprocessConfig
) -> tuple[Tensor, Tensor]:
    """Distorts each crop by chance, from torch's global random numbers.

    Args:
        ink: float32 (N, 1, S, S) in [0, 1], paper 0.
        geometry: float32 (N, 3), as in `Crops`.
        config: how far.
        preprocess: says what the model sees of a crop.

    Returns:
        What it is to see, float32 (N, 1, s, s) in the same range, and the geometry of the boxes it is told of.
    """
    if not preprocess.context:
        if config.strength == 0 or not len(ink):
            return ink, geometry
        ink = warp(ink, _affine(ink, config), ink.shape[-1], config)
    else:
        boxes, matrices = jitter_boxes(geometry, config, preprocess.window)
        if config.strength == 0 or not len(ink):
            return sample_windows(ink, matrices, preprocess.input_size), boxes
        ink = warp(ink, after(matrices, _affine(ink, config)), preprocess.input_size, config)
        geometry = boxes
    ink = add_others(ink, config)
    ink = change_thickness(ink, config)
    ink = change_sharpness(ink, config)
    ink = change_tone(ink, config)
    return erase(ink, config), geometry


def warp(ink: Tensor, matrices: Tensor, size: int, config: AugmentConfig) -> Tensor:
    """The windows that matrices (N, 2, 3) give, bent elastically, in one sampling; paper comes in from outside."""
    knots = torch.randn(len(ink), 2, KNOTS, KNOTS, device=ink.device) * (2 * config.elastic * config.strength)
    knots = knots * matrices[:, :, :2].norm(dim=2)[:, :, None, None]  # in windows, not in crops
    bend = F.interpolate(knots, size=(size, size), mode="bicubic", align_corners=True)
    return sample_windows(ink, matrices, size, bend.permute(0, 2, 3, 1))


def jitter_boxes(geometry: Tensor, config: AugmentConfig, window: Window) -> tuple[Tensor, Tensor]:
    """Boxes as a detector might give them: each side is off by its own chance, now and then far.

    Args:
        geometry: float32 (N, 3), as in `Crops`.
        config: how far.
        window: what is shown around a box.

    Returns:
        The geometry of the boxes that are off, and the matrices (N, 2, 3) of the windows around them.
    """
    count, sides = len(geometry), geometry[:, :2]
    far = torch.rand(count, 1, device=geometry.device) < config.jitter_far
    deviation = config.jitter * config.strength * torch.where(far, FAR_JITTER, 1.0)  # (N, 1)
    low, high = (
        (torch.randn(count, 2, device=geometry.device) * deviation).clamp(-MAXIMUM_JITTER, MAXIMUM_JITTER) * sides
        for _ in range(2)
    )
    jittered = sides + high - low
    growth = (jittered.amax(dim=1).clamp(min=MINIMUM_WINDOW) / sides.amax(dim=1).clamp(min=MINIMUM_WINDOW)).log()
    boxes = torch.cat([jittered, (geometry[:, 2] + growth)[:, None]], dim=1)
    matrices = window_matrices(boxes, window)
    # The middle moves by half the sum of both errors, in a crop whose side is 2.
    matrices[:, :, 2] = low + high
    return boxes, matrices


def add_others(ink: Tensor, config: AugmentConfig) -> Tensor:
    """Lays other crops of the batch over some: mirrored and faint as the back of the page, or at a border as neighbors.

    Only what lies over a character is mirrored, as it is on paper, never the character itself.
    """
    back = ink.roll(1, 0).flip(-1)
    opacity = _uniform(ink, SHOW_THROUGH).abs() * _some(ink, config.show_through * config.strength)
    ink = torch.maximum(ink, back * opacity)
    size = ink.shape[-1]
    places = torch.arange(size, device=ink.device) / size
    for shift, axis, shape in ((2, -2, (1, 1, size, 1)), (3, -1, (1, 1, 1, size))):
        # Half a turn brings the middle of the other crop to the border.
        other = ink.roll((shift, size // 2), (0, axis))
        depth = _uniform(ink, NEIGHBOR_DEPTH).abs() * _some(ink, config.neighbors * config.strength)
        from_border = places.view(shape)
        from_border = torch.where(_some(ink, 0.5), from_border, 1 - from_border)
        ink = torch.maximum(ink, other * (from_border < depth))
    return ink


def change_thickness(ink: Tensor, config: AugmentConfig) -> Tensor:
    """Makes the strokes of some crops thicker or thinner, by fractions of a pixel on either side."""
    span = torch.rand(len(ink), 1, 1, 1, device=ink.device) * (config.thicker + config.thinner) - config.thinner
    amount = span * _some(ink, config.thickness * config.strength)  # (N, 1, 1, 1)
    return thicken(ink, amount, max(config.thicker, config.thinner))


def change_sharpness(ink: Tensor, config: AugmentConfig) -> Tensor:
    """Blurs some crops and sharpens others, by the binomial kernel 1 4 6 4 1."""
    if not config.blur:
        return ink
    kernel = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=ink.device) / 16
    blurred = F.conv2d(F.conv2d(ink, kernel.view(1, 1, 5, 1), padding=(2, 0)), kernel.view(1, 1, 1, 5), padding=(0, 2))
    amount = (torch.rand(len(ink), 1, 1, 1, device=ink.device) * 1.5 - 0.5) * _some(ink, config.blur * config.strength)
    return ink.lerp(blurred, amount).clamp(0, 1)


def change_tone(ink: Tensor, config: AugmentConfig) -> Tensor:
    """Darker or lighter ink, haze over the paper, and noise, each of its own strength for every crop."""
    gain = 1 + _uniform(ink, config.contrast * config.strength)
    haze = _uniform(ink, config.haze * config.strength).clamp(min=0)
    sigma = _uniform(ink, config.noise * config.strength).clamp(min=0)
    return (ink * gain + haze + torch.randn_like(ink) * sigma).clamp_(0, 1)


def erase(ink: Tensor, config: AugmentConfig) -> Tensor:
    """Wipes a rectangle of some crops to paper."""
    count, _, height, width = ink.shape
    side = min(config.erase_side * config.strength, 1.0)
    sides = torch.rand(count, 2, 1, 1, device=ink.device) * side
    starts = torch.rand(count, 2, 1, 1, device=ink.device) * (1 - sides)
    rows = (torch.arange(height, device=ink.device) / height).view(1, height, 1)
    columns = (torch.arange(width, device=ink.device) / width).view(1, 1, width)
    inside_rows = (rows >= starts[:, 0]) & (rows < starts[:, 0] + sides[:, 0])  # (N, S, 1)
    inside_columns = (columns >= starts[:, 1]) & (columns < starts[:, 1] + sides[:, 1])  # (N, 1, S)
    wiped = (inside_rows & inside_columns).unsqueeze(1) & _some(ink, config.erase * config.strength)
    return ink.masked_fill(wiped, 0.0)


def _affine(ink: Tensor, config: AugmentConfig) -> Tensor:
    """Matrices (N, 2, 3) from the distorted crop's coordinates in [-1, 1] to the original's."""
    strength = config.strength
    angle, slant, size, aspect, right, down = (
        _uniform(ink, limit * strength).view(-1)
        for limit in (
            math.radians(config.rotate),
            config.shear,
            config.scale,
            config.scale / 2,
            2 * config.translate,
            2 * config.translate,
        )
    )
    across, along = (1 + size) * (1 + aspect), (1 + size) * (1 - aspect)
    cos, sin = angle.cos(), angle.sin()
    top = torch.stack([across * cos, across * (slant * cos - sin), right], dim=1)
    bottom = torch.stack([along * sin, along * (slant * sin + cos), down], dim=1)
    return torch.stack([top, bottom], dim=1)


def _uniform(ink: Tensor, limit: float) -> Tensor:
    """One number a crop in [-limit, limit], (N, 1, 1, 1)."""
    return (torch.rand(len(ink), 1, 1, 1, device=ink.device) * 2 - 1) * limit


def _some(ink: Tensor, probability: float) -> Tensor:
    """True for some crops, bool (N, 1, 1, 1)."""
    return torch.rand(len(ink), 1, 1, 1, device=ink.device) < probability
