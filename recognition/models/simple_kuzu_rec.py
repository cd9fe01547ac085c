"""SimpleKuzuRec, the seed's first network, made for telling two characters apart."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from recognition.errors import ConfigError
from recognition.models.blocks import GlobalPool, Head, conv_block


@dataclass(frozen=True)
class SimpleKuzuRecConfig:
    """The shape of a SimpleKuzuRec; the defaults are the seed's, 5,570 parameters at two classes.

    Attributes:
        widths: channels of each convolution; the first and the last have stride 2.
        order: "conv-relu-bn" or "conv-bn-relu".
        pooling: "avg", "max" or "concat" (both, twice the features).
        dropout: probability before the last linear layer.
    """

    widths: tuple[int, ...] = (12, 12, 12, 24)
    order: str = "conv-bn-relu"
    pooling: str = "avg"
    dropout: float = 0.25


class SimpleKuzuRec(nn.Module):
    """Crops in, logits out: (N, 1, S, S) -> (N, classes)."""

    __call__: Callable[..., Tensor]

    def __init__(self, config: SimpleKuzuRecConfig, class_count: int) -> None:
        super().__init__()
        if not config.widths or min(config.widths) < 1:
            raise ConfigError(f"a model needs at least one convolution of one channel, got widths={config.widths}")
        channels = (1, *config.widths)
        last = len(config.widths) - 1
        self.stages = nn.Sequential(
            *(
                conv_block(channels[place], channels[place + 1], 2 if place in {0, last} else 1, config.order)
                for place in range(len(config.widths))
            )
        )
        self.pool = GlobalPool(config.pooling)
        self.head = Head(config.widths[-1] * self.pool.factor, class_count, config.dropout)

    def forward_features(self, crops: Tensor) -> Tensor:
        """(N, 1, S, S) -> the last convolution's maps (N, F, S / 4, S / 4)."""
        maps: Tensor = self.stages(crops)
        return maps

    def forward_head(self, maps: Tensor) -> Tensor:
        """(N, F, h, w) -> logits (N, classes)."""
        logits: Tensor = self.head(self.pool(maps))
        return logits

    def forward(self, crops: Tensor) -> Tensor:
        """(N, 1, S, S) -> logits (N, classes)."""
        return self.forward_head(self.forward_features(crops))
