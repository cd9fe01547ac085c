"""Augmentation of whole batches on the device they lie on. Characters are not symmetric: nothing is mirrored."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from recognition.training.config import AugmentConfig

# Knots a side of the grid that the elastic warp moves.
KNOTS = 5


def augment(ink: Tensor, config: AugmentConfig) -> Tensor:
    """Distorts each crop by chance, from torch's global random numbers.

    Args:
        ink: float32 (N, 1, S, S) in [0, 1], paper 0.
        config: how far.

    Returns:
        The same shape and range.
    """
    if config.strength == 0 or not len(ink):
        return ink
    ink = warp(ink, config)
    ink = change_thickness(ink, config)
    ink = change_tone(ink, config)
    return erase(ink, config)


def warp(ink: Tensor, config: AugmentConfig) -> Tensor:
    """Turn, slant, scale, shift and elastic bend in one sampling; paper comes in from outside."""
    count = len(ink)
    grid = F.affine_grid(_affine(ink, config), list(ink.shape), align_corners=False)  # (N, S, S, 2)
    knots = torch.randn(count, 2, KNOTS, KNOTS, device=ink.device) * (2 * config.elastic * config.strength)
    bend = F.interpolate(knots, size=ink.shape[-2:], mode="bicubic", align_corners=True)
    return F.grid_sample(ink, grid + bend.permute(0, 2, 3, 1), padding_mode="zeros", align_corners=False)


def change_thickness(ink: Tensor, config: AugmentConfig) -> Tensor:
    """Blends some crops towards their dilation or their erosion by one pixel."""
    amount = _uniform(ink, 1.0) * _some(ink, config.thickness * config.strength)  # (N, 1, 1, 1)
    thicker = F.max_pool2d(ink, 3, stride=1, padding=1)
    thinner = -F.max_pool2d(-ink, 3, stride=1, padding=1)
    return ink + amount.clamp(min=0) * (thicker - ink) + (-amount).clamp(min=0) * (thinner - ink)


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
