"""The reader: a residual network that sees a character in its surroundings, the box that is meant, and its shape."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.registry import register

# What the network is told of a box beside its pixels: log of width over height, log of size over the page's median.
BOX_FEATURES = 2


@dataclass(frozen=True)
class ReaderConfig:
    """The shape of a reader.

    Attributes:
        widths: channels of the stem and of each stage; every one of them halves height and width.
        blocks: residual blocks in each stage.
        embedding: length of the vector that a crop becomes before the last layer.
        dropout: probability before the last layer.
        scale: 0 for a plain last layer; above 0 the embedding is scaled to this length and compared with class vectors
            of length 1 (the cosine form of the L2-constrained softmax, Ranjan et al. 2017).
    """

    widths: tuple[int, ...] = (16, 32, 64, 128, 256)
    blocks: tuple[int, ...] = (1, 2, 2, 1)
    embedding: int = 256
    dropout: float = 0.2
    scale: float = 0.0

    def __post_init__(self) -> None:
        if not self.blocks or len(self.widths) != len(self.blocks) + 1 or min(*self.widths, *self.blocks) < 1:
            raise ConfigError(
                "a reader needs the width of its stem, and for each stage a width and a number of blocks, all at least "
                f"1, got widths={self.widths} and blocks={self.blocks}"
            )
        check_head(self)


class HeadConfig(Protocol):
    """What the head of a `ContextNetwork` is made by; `ReaderConfig` says what they mean."""

    @property
    def embedding(self) -> int:
        """Length of the vector before the last layer."""

    @property
    def dropout(self) -> float:
        """Its probability."""

    @property
    def scale(self) -> float:
        """Of the cosine form, or 0."""


def check_head(config: HeadConfig) -> None:
    """Refuses a head that cannot be.

    Raises:
        ConfigError: if a value is out of range.
    """
    if config.embedding < 1 or not 0 <= config.dropout < 1 or config.scale < 0:
        raise ConfigError(
            "a reader needs an embedding of at least 1, a dropout in [0, 1) and a scale that is not negative, got "
            f"{config.embedding}, {config.dropout} and {config.scale}"
        )


class ContextNetwork(nn.Module):
    """The head of networks that are shown a box in its surroundings; `stages`, and a `stem` before them, are theirs.

    Ink, marked box and shape of the box in, logits out; the last logit is "not a character".
    """

    needs_context: ClassVar[bool] = True
    __call__: Callable[..., Tensor]
    embedding_layer = "norm"

    stem: nn.Module
    stages: nn.Module

    def make_head(self, features: int, config: HeadConfig, class_count: int) -> None:
        """Adds what lies above the last stage's maps.

        Args:
            features: how many maps the last stage has.
            config: the head's settings.
            class_count: characters.
        """
        self.embed = nn.Linear(2 * features + BOX_FEATURES, config.embedding)
        self.norm = nn.BatchNorm1d(config.embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.scale = config.scale
        self.classifier = nn.Linear(config.embedding, class_count + 1, bias=config.scale == 0)

    def forward_features(self, crops: Tensor) -> Tensor:
        """(N, 2, S, S), ink and marked box -> the last stage's maps (N, F, h, w)."""
        maps: Tensor = self.stages(self.stem(crops))
        return maps

    def forward_head(self, maps: Tensor, shape: Tensor) -> Tensor:
        """Maps (N, F, h, w) and shape of the box (N, 2) -> logits (N, classes + 1)."""
        pooled = torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3)), shape.to(maps.dtype)], dim=1)
        embedding: Tensor = self.dropout(self.norm(self.embed(pooled)))
        if self.scale:
            return self.scale * F.linear(F.normalize(embedding), F.normalize(self.classifier.weight))
        logits: Tensor = self.classifier(embedding)
        return logits

    def forward(self, crops: Tensor, shape: Tensor) -> Tensor:
        """(N, 2, S, S) and (N, 2) -> logits (N, classes + 1)."""
        return self.forward_head(self.forward_features(crops), shape)


@register("recognizer", "reader", ReaderConfig)
class Reader(ContextNetwork):
    """A stem and stages of residual blocks under the head of `ContextNetwork`."""

    def __init__(self, config: ReaderConfig, class_count: int) -> None:
        super().__init__()
        widths = config.widths
        self.stem = _conv(2, widths[0], stride=2)
        self.stages = nn.Sequential(
            *(
                nn.Sequential(
                    _Block(before, width, stride=2), *(_Block(width, width, stride=1) for _ in range(blocks - 1))
                )
                for before, width, blocks in zip(widths[:-1], widths[1:], config.blocks, strict=True)
            )
        )
        self.make_head(widths[-1], config, class_count)


class _Block(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016); a block that shrinks averages its shortcut first."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.first = _conv(channels_in, channels_out, stride)
        self.second = nn.Sequential(
            nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False), nn.BatchNorm2d(channels_out)
        )
        # A block starts as its shortcut, which steadies the first steps.
        nn.init.zeros_(self.second[1].weight)  # type: ignore[arg-type]
        self.shortcut = _shortcut(channels_in, channels_out, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, channels_in, h, w) -> (N, channels_out, h / stride, w / stride)."""
        return F.relu(self.second(self.first(maps)) + self.shortcut(maps))


def _shortcut(channels_in: int, channels_out: int, stride: int) -> nn.Module:
    steps: list[nn.Module] = []
    if stride > 1:
        steps.append(nn.AvgPool2d(stride, ceil_mode=True))
    if channels_in != channels_out:
        steps += [nn.Conv2d(channels_in, channels_out, 1, bias=False), nn.BatchNorm2d(channels_out)]
    return nn.Sequential(*steps)


def _conv(channels_in: int, channels_out: int, stride: int) -> nn.Sequential:
    conv = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True))
