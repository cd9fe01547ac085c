"""SimpleKuzuRec, the seed's first network, made for telling two characters apart."""

from dataclasses import dataclass

from torch import nn

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.registry import register
from recognition.models.blocks import StagedNet, conv_block


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


@register("recognizer", "simple_kuzu_rec", SimpleKuzuRecConfig)
class SimpleKuzuRec(StagedNet):
    """Crops in, logits out: (N, 1, S, S) -> (N, classes); the maps are (N, F, S / 4, S / 4)."""

    def __init__(self, config: SimpleKuzuRecConfig, class_count: int) -> None:
        if not config.widths or min(config.widths) < 1:
            raise ConfigError(f"a model needs at least one convolution of one channel, got widths={config.widths}")
        channels = (1, *config.widths)
        last = len(config.widths) - 1
        stages = nn.Sequential(
            *(
                conv_block(channels[place], channels[place + 1], 2 if place in {0, last} else 1, config.order)
                for place in range(len(config.widths))
            )
        )
        super().__init__(stages, config.widths[-1], class_count, config.pooling, config.dropout)
