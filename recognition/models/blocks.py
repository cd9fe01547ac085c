"""What the recognizers are made of."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from kuzushiji_submit.core.errors import ConfigError

CONV_ORDERS = ("conv-relu-bn", "conv-bn-relu")
POOLINGS = ("avg", "max", "concat")


def conv_block(channels_in: int, channels_out: int, stride: int, order: str) -> nn.Sequential:
    """A 3x3 convolution with bias, ReLU and batch normalization, in the order asked.

    Initialized as the seed's: Kaiming-normal weights, bias 0; batch normalization with weight 1 and bias 1e-3.
    """
    if order not in CONV_ORDERS:
        raise ConfigError(f"convolution order must be one of {CONV_ORDERS}, got {order!r}")
    conv = nn.Conv2d(channels_in, channels_out, kernel_size=3, stride=stride, padding=1)
    nn.init.kaiming_normal_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    norm = nn.BatchNorm2d(channels_out)
    nn.init.constant_(norm.bias, 1e-3)
    if order == "conv-relu-bn":
        return nn.Sequential(conv, nn.ReLU(inplace=True), norm)
    return nn.Sequential(conv, norm, nn.ReLU(inplace=True))


class GlobalPool(nn.Module):
    """The maps of a crop as one vector: their averages, their maxima, or both one after the other."""

    def __init__(self, pooling: str) -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise ConfigError(f"pooling must be one of {POOLINGS}, got {pooling!r}")
        self.pooling = pooling

    @property
    def factor(self) -> int:
        """How many numbers each map gives."""
        return 2 if self.pooling == "concat" else 1

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, C), or (N, 2 C) for "concat"."""
        if self.pooling == "avg":
            return maps.mean(dim=(2, 3))
        if self.pooling == "max":
            return maps.amax(dim=(2, 3))
        return torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)


class Head(nn.Sequential):
    """From pooled features to logits: batch normalization, dropout, one linear layer; (N, F) -> (N, classes)."""

    def __init__(self, features: int, class_count: int, dropout: float) -> None:
        if not 0 <= dropout < 1:
            raise ConfigError(f"dropout must be at least 0 and below 1, got {dropout}")
        super().__init__(nn.BatchNorm1d(features), nn.Dropout(dropout), nn.Linear(features, class_count))


class StagedNet(nn.Module):
    """Convolutions, pooling and a head: (N, 1, S, S) -> (N, classes). What every registered model is."""

    __call__: Callable[..., Tensor]
    embedding_layer = "pool"

    def __init__(self, stages: nn.Sequential, features: int, class_count: int, pooling: str, dropout: float) -> None:
        super().__init__()
        self.stages = stages
        self.pool = GlobalPool(pooling)
        self.head: nn.Sequential = Head(features * self.pool.factor, class_count, dropout)

    def forward_features(self, crops: Tensor) -> Tensor:
        """(N, 1, S, S) -> the last convolution's maps (N, F, h, w)."""
        maps: Tensor = self.stages(crops)
        return maps

    def forward_head(self, maps: Tensor) -> Tensor:
        """(N, F, h, w) -> logits (N, classes)."""
        logits: Tensor = self.head(self.pool(maps))
        return logits

    def forward(self, crops: Tensor) -> Tensor:
        """(N, 1, S, S) -> logits (N, classes)."""
        return self.forward_head(self.forward_features(crops))
