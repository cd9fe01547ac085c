"""KuzuCharRec, the seed's character recognizer: stages of 3x3 convolutions, each stage beginning with stride 2."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from recognition.errors import ConfigError
from recognition.models.blocks import GlobalPool, Head, conv_block


@dataclass(frozen=True)
class KuzuCharRecConfig:
    """The shape of a KuzuCharRec; the defaults are the seed's final network, 9,838,708 parameters at 4,212 classes.

    Attributes:
        stage_widths: channels of each stage; every stage halves height and width.
        convs_per_stage: convolutions in each stage.
        order: "conv-relu-bn" or "conv-bn-relu".
        pooling: "avg", "max" or "concat" (both, twice the features).
        dropout: probability before the last linear layer.
    """

    stage_widths: tuple[int, ...] = (128, 256, 512)
    convs_per_stage: int = 3
    order: str = "conv-relu-bn"
    pooling: str = "avg"
    dropout: float = 0.2


class KuzuCharRec(nn.Module):
    """Crops in, logits out: (N, 1, S, S) -> (N, classes)."""

    __call__: Callable[..., Tensor]

    def __init__(self, config: KuzuCharRecConfig, class_count: int) -> None:
        super().__init__()
        if not config.stage_widths or min(config.stage_widths) < 1 or config.convs_per_stage < 1:
            raise ConfigError(
                "a model needs at least one stage, one convolution a stage and one channel a convolution, got "
                f"stage_widths={config.stage_widths} and convs_per_stage={config.convs_per_stage}"
            )
        self.stages = nn.Sequential(*_stages(config))
        self.pool = GlobalPool(config.pooling)
        self.head = Head(config.stage_widths[-1] * self.pool.factor, class_count, config.dropout)

    def forward_features(self, crops: Tensor) -> Tensor:
        """(N, 1, S, S) -> the last stage's maps (N, F, S / 2**stages, S / 2**stages)."""
        maps: Tensor = self.stages(crops)
        return maps

    def forward_head(self, maps: Tensor) -> Tensor:
        """(N, F, h, w) -> logits (N, classes)."""
        logits: Tensor = self.head(self.pool(maps))
        return logits

    def forward(self, crops: Tensor) -> Tensor:
        """(N, 1, S, S) -> logits (N, classes)."""
        return self.forward_head(self.forward_features(crops))


def _stages(config: KuzuCharRecConfig) -> list[nn.Sequential]:
    stages = []
    channels_in = 1
    for width in config.stage_widths:
        blocks = [conv_block(channels_in, width, 2, config.order)]
        blocks += [conv_block(width, width, 1, config.order) for _ in range(config.convs_per_stage - 1)]
        stages.append(nn.Sequential(*blocks))
        channels_in = width
    return stages
